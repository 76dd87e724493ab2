// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.cache;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A running watch on the cache: a bounded queue that the cache fills and one consumer at a time drains. No thread belongs
 * to it. A consumer that lets the queue run full is cut ({@link End#SLOW}); the events queued before stay drainable.
 */
public interface CacheWatch extends AutoCloseable {

    /** Why a watch ended. */
    enum End {
        /** The caller closed it. */
        CLOSED,
        /** Its timeout passed: end the response normally. */
        TIMEOUT,
        /** The consumer was too slow: end the response, the client comes back at the revision it has. */
        SLOW,
        /** The cache had to list the store anew: answer an ERROR event with 410 Expired. */
        EXPIRED,
        /** The resource was unregistered (its CRD was deleted): end the response normally. */
        UNREGISTERED
    }

    /**
     * Takes what is there, without waiting. Once it returns an empty list, {@link CacheListener#onReady} is called at the
     * next event. Initial events are produced here, lazily, from an immutable snapshot.
     *
     * @param max the most events to take, at least 1
     */
    List<CacheEvent> drain(int max);

    /**
     * As {@link #drain} but waits for the first event; for virtual threads.
     *
     * @return empty when {@code timeout} passed or the watch ended
     */
    List<CacheEvent> take(int max, Duration timeout) throws InterruptedException;

    /** Why the watch ended, or null while it runs; events may still be there to drain. */
    @Nullable
    End end();

    /** The revision up to which events have been drained: with a bookmark, where a client may resume. */
    long revision();

    /** Ends the watch and forgets its queue. Twice does no harm. */
    @Override
    void close();
}
