// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.cache;

/** Whether the cache came to a revision in time. */
public sealed interface AwaitResult {

    /**
     * It is there.
     *
     * @param revision the cache's revision, at least the one waited for
     */
    record Reached(long revision) implements AwaitResult {}

    /**
     * No such revision exists in the store: the caller's number is from the future (another cluster, a restored backup).
     * The API answers 504 Timeout, {@code Too large resource version: <requested>, current: <current>}, cause
     * {@code ResourceVersionTooLarge}, {@code retryAfterSeconds} 1.
     *
     * @param requested the revision waited for
     * @param current the newest revision
     */
    record TooLarge(long requested, long current) implements AwaitResult {}

    /**
     * The revision exists but the cache did not hear of it in time: the store's watch is behind or broken. A read may go
     * to the store itself, or answer 504 Timeout.
     *
     * @param requested the revision waited for
     * @param current the newest revision here
     */
    record Behind(long requested, long current) implements AwaitResult {}
}
