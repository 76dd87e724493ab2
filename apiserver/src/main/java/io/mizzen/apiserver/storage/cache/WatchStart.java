// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.cache;

/** Whether a watch could begin. */
public sealed interface WatchStart {

    /**
     * It runs; the caller drains and closes it.
     *
     * @param watch the watch
     */
    record Started(CacheWatch watch) implements WatchStart {}

    /**
     * The history does not reach back so far: 410 Expired, {@code too old resource version: <requested> (<oldest>)}.
     *
     * @param requested the revision asked for
     * @param oldest the oldest a watch can begin after
     */
    record TooOld(long requested, long oldest) implements WatchStart {}
}
