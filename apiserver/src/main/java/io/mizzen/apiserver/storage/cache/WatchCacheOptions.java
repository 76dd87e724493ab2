// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.cache;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Bounds of the watch cache.
 *
 * @param root the prefix that everything lives under
 * @param fewChanges changes a resource keeps whatever their age
 * @param young the age up to which changes are kept as far as the bounds allow (upstream: 75 s)
 * @param maxChanges the most changes a resource keeps
 * @param maxHistoryBytes the most bytes of objects a resource keeps for its history
 * @param watchQueue how many events may wait for a watcher before it is cut
 * @param replay how many revisions back the cache begins, so that watches resume across a restart
 * @param bookmarkInterval how often a watch gets a bookmark (upstream: 1 min)
 * @param ticker nanoseconds that only ever grow
 */
public record WatchCacheOptions(
        String root,
        int fewChanges,
        Duration young,
        int maxChanges,
        long maxHistoryBytes,
        int watchQueue,
        long replay,
        Duration bookmarkInterval,
        LongSupplier ticker) {

    /** The usual bounds under {@code /registry/}. */
    public static WatchCacheOptions usual() {
        return new WatchCacheOptions(
                "/registry/",
                128,
                Duration.ofSeconds(75),
                20_000,
                16L << 20,
                4096,
                500,
                Duration.ofMinutes(1),
                System::nanoTime);
    }

    /** The same with other bounds of history. */
    public WatchCacheOptions withHistory(int newFew, Duration newYoung, int newMaxChanges, long newMaxBytes) {
        return new WatchCacheOptions(
                root, newFew, newYoung, newMaxChanges, newMaxBytes, watchQueue, replay, bookmarkInterval, ticker);
    }

    /** The same with another bound for a watcher's queue. */
    public WatchCacheOptions withWatchQueue(int newQueue) {
        return new WatchCacheOptions(
                root, fewChanges, young, maxChanges, maxHistoryBytes, newQueue, replay, bookmarkInterval, ticker);
    }

    /** The same beginning another number of revisions back. */
    public WatchCacheOptions withReplay(long newReplay) {
        return new WatchCacheOptions(
                root, fewChanges, young, maxChanges, maxHistoryBytes, watchQueue, newReplay, bookmarkInterval, ticker);
    }

    /** The same with another ticker and bookmark interval. */
    public WatchCacheOptions withTicker(LongSupplier newTicker, Duration newInterval) {
        return new WatchCacheOptions(
                root, fewChanges, young, maxChanges, maxHistoryBytes, watchQueue, replay, newInterval, newTicker);
    }

    History.Bounds historyBounds() {
        return new History.Bounds(fewChanges, young.toNanos(), maxChanges, maxHistoryBytes);
    }
}
