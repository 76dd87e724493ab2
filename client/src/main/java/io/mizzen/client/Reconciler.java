// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

/**
 * Brings one object nearer to what its spec wants. Level-triggered and idempotent: it reads the present state, never the
 * change that woke it, and may be called at any time.
 *
 * @param <K> what identifies the work, mostly {@link ObjectKey}
 */
@FunctionalInterface
public interface Reconciler<K> {

    /**
     * Reconciles one key. The loop never calls it for the same key on two threads at once.
     *
     * @return what to do next with this key
     * @throws RuntimeException to be called again after the queue's back-off
     * @throws InterruptedException when the loop is closing
     */
    Result reconcile(K key) throws InterruptedException;
}
