// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.cache;

import io.mizzen.apiserver.storage.cache.WatchRequest.Start;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A watch: first the state it began with (an iterator over an immutable snapshot), then the changes of the past it asked
 * for, then a bounded queue. The first two belong to the consumer, the queue to its lock.
 */
final class QueuedWatch implements CacheWatch {
    /** Upstream sends the last bookmark two seconds before the watch's timeout. */
    private static final long LAST_BOOKMARK_NANOS = Duration.ofSeconds(2).toNanos();

    private final WatchRequest request;
    private final Predicate<CachedObject> accepts;
    private final CacheListener listener;
    private final int limit;
    private final long bookmarkNanos;
    private final Consumer<QueuedWatch> onEnd;

    private final Iterator<CachedObject> initial;
    private final Iterator<Change> backlog;
    private final long startRevision;
    private boolean initialEndDue;
    private volatile long drained;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Queue<CacheEvent> queue = new ArrayDeque<>();
    private long queued;
    private boolean foundEmpty;
    private long bookmarkAt;
    private long lastBookmarkAt;
    private long endAt;
    private volatile @Nullable End end;

    /**
     * What a watch begins with.
     *
     * @param revision the revision after which its queue begins
     * @param initial objects to report as ADDED first
     * @param backlog changes to report before the queue's
     */
    record Beginning(long revision, Iterator<CachedObject> initial, List<Change> backlog) {}

    QueuedWatch(
            WatchRequest request,
            Beginning beginning,
            CacheListener listener,
            WatchCacheOptions options,
            Consumer<QueuedWatch> onEnd) {
        this.request = request;
        this.accepts = acceptance(request);
        this.listener = listener;
        this.limit = options.watchQueue();
        this.onEnd = onEnd;
        this.initial = beginning.initial();
        this.backlog = beginning.backlog().iterator();
        this.startRevision = beginning.revision();
        this.drained = request.start() instanceof Start.After(long revision) ? revision : 0;
        this.initialEndDue = request.start() instanceof Start.Streaming && request.bookmarks();
        this.queued = beginning.revision();
        long now = options.ticker().getAsLong();
        this.bookmarkNanos = options.bookmarkInterval().toNanos();
        this.bookmarkAt = now + jitter(bookmarkNanos);
        this.endAt = now + request.timeout().toNanos();
        this.lastBookmarkAt = endAt - LAST_BOOKMARK_NANOS;
    }

    /** Spreads the bookmarks of watches that began together over a quarter of the interval. */
    private long jitter(long interval) {
        return interval - (System.identityHashCode(this) & 0xff) * (interval / 4 / 256);
    }

    private static Predicate<CachedObject> acceptance(WatchRequest request) {
        Predicate<CachedObject> filter = request.filter();
        FieldMatch match = request.match();
        if (match != null) {
            Predicate<CachedObject> rest = filter;
            filter = object -> object.field(match.field()).equals(match.value()) && rest.test(object);
        }
        String namespace = request.namespace();
        if (namespace != null) {
            Predicate<CachedObject> rest = filter;
            filter = object -> object.namespace().equals(namespace) && rest.test(object);
        }
        return filter;
    }

    WatchRequest request() {
        return request;
    }

    /**
     * Queues what this watch sees of a change, if anything. Called by the cache's owner in order of revision.
     *
     * @return whether the listener is to be told
     */
    boolean offer(Change change) {
        if (end != null || change.revision() <= startRevision) {
            return false;
        }
        CacheEvent event = change.seenThrough(accepts);
        return event != null && enqueue(event);
    }

    private boolean enqueue(CacheEvent event) {
        lock.lock();
        try {
            if (end != null) {
                return false;
            }
            if (queue.size() >= limit) {
                end = End.SLOW;
            } else {
                queue.add(event);
                queued = Math.max(queued, event.revision());
            }
            return wake();
        } finally {
            lock.unlock();
        }
    }

    private boolean wake() {
        changed.signalAll();
        boolean tell = foundEmpty;
        foundEmpty = false;
        return tell;
    }

    /** Tells the listener; called outside all locks. */
    void tell() {
        listener.onReady(this);
    }

    /** Sends a bookmark or ends the watch when it is time; called by the cache's timer thread. */
    void tick(long now, long cacheRevision) {
        boolean tell = false;
        boolean over = false;
        lock.lock();
        try {
            if (end != null) {
                return;
            }
            boolean last = lastBookmarkAt - now <= 0;
            if (request.bookmarks() && (last || bookmarkAt - now <= 0) && queue.size() < limit / 2) {
                bookmarkAt = now + bookmarkNanos;
                if (last) {
                    lastBookmarkAt = Long.MAX_VALUE / 2 + now;
                }
                queued = Math.max(queued, cacheRevision);
                queue.add(CacheEvent.bookmark(request.apiVersion(), request.kind(), queued, false));
                tell = wake();
            }
            if (endAt - now <= 0) {
                end = End.TIMEOUT;
                over = true;
                tell |= wake();
            }
        } finally {
            lock.unlock();
        }
        if (over) {
            onEnd.accept(this);
        }
        if (tell) {
            tell();
        }
    }

    @Override
    public List<CacheEvent> drain(int max) {
        if (max < 1) {
            throw new IllegalArgumentException("max is at least 1");
        }
        List<CacheEvent> out = new ArrayList<>(Math.min(max, 64));
        drainBeginning(out, max);
        if (out.size() < max) {
            lock.lock();
            try {
                CacheEvent event;
                while (out.size() < max && (event = queue.poll()) != null) {
                    out.add(event);
                    drained = Math.max(drained, event.revision());
                }
                foundEmpty = out.isEmpty() && end == null;
            } finally {
                lock.unlock();
            }
        }
        return out;
    }

    private void drainBeginning(List<CacheEvent> out, int max) {
        if (end == End.CLOSED) {
            return;
        }
        while (out.size() < max && initial.hasNext()) {
            CachedObject object = initial.next();
            if (accepts.test(object)) {
                out.add(CacheEvent.of(CacheEvent.Type.ADDED, object));
            }
        }
        if (out.size() < max && initialEndDue) {
            initialEndDue = false;
            out.add(CacheEvent.bookmark(request.apiVersion(), request.kind(), startRevision, true));
        }
        if (out.size() < max && drained < startRevision && !backlog.hasNext()) {
            drained = startRevision;
        }
        while (out.size() < max && backlog.hasNext()) {
            CacheEvent event = backlog.next().seenThrough(accepts);
            if (event != null) {
                out.add(event);
                drained = Math.max(drained, event.revision());
            }
        }
    }

    @Override
    public List<CacheEvent> take(int max, Duration timeout) throws InterruptedException {
        List<CacheEvent> out = drain(max);
        if (!out.isEmpty()) {
            return out;
        }
        long left = timeout.toNanos();
        lock.lockInterruptibly();
        try {
            while (queue.isEmpty() && end == null && left > 0) {
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
        return drain(max);
    }

    @Override
    public @Nullable End end() {
        return end;
    }

    @Override
    public long revision() {
        return drained;
    }

    /** Ends the watch for a reason, keeping what is queued. */
    boolean finish(End reason) {
        lock.lock();
        try {
            if (end != null) {
                return false;
            }
            end = reason;
            return wake();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            end = End.CLOSED;
            queue.clear();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        onEnd.accept(this);
    }
}
