// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.cache;

/**
 * Is told that a {@link CacheWatch} has something to {@linkplain CacheWatch#drain drain} (or ended) since it was last
 * found empty. Called by the delivery thread: schedule the draining on the connection's own event loop or unpark a virtual
 * thread, and return.
 */
@FunctionalInterface
public interface CacheListener {

    /** Nobody to tell: for a thread that uses {@link CacheWatch#take}. */
    CacheListener NONE = watch -> {};

    void onReady(CacheWatch watch);
}
