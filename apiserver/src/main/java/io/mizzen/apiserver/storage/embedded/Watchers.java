// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.embedded;

import io.mizzen.apiserver.storage.CompactedException;
import io.mizzen.apiserver.storage.StorageEvent;
import io.mizzen.apiserver.storage.StorageException;
import io.mizzen.apiserver.storage.StorageListener;
import io.mizzen.apiserver.storage.StorageUnavailableException;
import io.mizzen.apiserver.storage.Subscription;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings events to subscriptions, all from one thread. A subscription is a position: the next events come from the window
 * in memory or, when it is behind, from the history on disk; nothing queues up for a slow listener.
 */
final class Watchers implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Watchers.class);
    private static final int AT_ONCE = 512;
    private static final long IDLE_NANOS = 1_000_000_000;

    private final EventWindow window;
    private final HistoryReader history;
    private final List<Position> positions = new CopyOnWriteArrayList<>();
    private final Thread thread;
    private volatile boolean stopping;

    Watchers(EventWindow window, HistoryReader history) {
        this.window = window;
        this.history = history;
        this.thread = Thread.ofPlatform().name("storage-watch").daemon().unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    Subscription add(String prefix, long afterRevision, StorageListener listener) {
        Position position = new Position(prefix, afterRevision, listener);
        positions.add(position);
        if (stopping && positions.remove(position)) {
            throw new StorageUnavailableException("The store is closed", false, null);
        }
        wake();
        return () -> {
            position.closed = true;
            positions.remove(position);
        };
    }

    /** Tells the thread that something happened. */
    void wake() {
        LockSupport.unpark(thread);
    }

    void requestProgress() {
        long revision = window.revision();
        for (Position position : positions) {
            position.progressAsked.accumulateAndGet(Math.max(1, revision), Math::max);
        }
        wake();
    }

    private void run() {
        while (!stopping) {
            boolean moved = false;
            for (Position position : positions) {
                moved |= advance(position);
            }
            if (!moved && !stopping) {
                LockSupport.parkNanos(this, IDLE_NANOS);
            }
        }
        for (Position position : positions) {
            end(position, new StorageUnavailableException("The store was closed", false, null));
        }
    }

    private boolean advance(Position position) {
        if (position.closed) {
            return false;
        }
        try {
            boolean moved = deliver(position);
            long asked = position.progressAsked.get();
            if (asked != 0 && position.reached >= asked) {
                position.progressAsked.compareAndSet(asked, 0);
                position.listener.onProgress(position.reached);
            }
            return moved;
        } catch (CompactedException e) {
            end(position, e);
        } catch (StorageUnavailableException e) {
            LOG.warn("A watch on {} waits for the store: {}", position.prefix, e.getMessage());
        } catch (RuntimeException e) {
            LOG.error("The listener of a watch on {} failed; the watch ends", position.prefix, e);
            end(position, new StorageUnavailableException("The listener failed: " + e, false, e));
        }
        return false;
    }

    private boolean deliver(Position position) {
        if (!position.begun) {
            // Only here: a watch that has begun may still be served from memory after a compaction passed it.
            history.checkCompacted(position.reached);
            position.begun = true;
        }
        long newest = window.revision();
        if (position.reached >= newest) {
            return false;
        }
        List<StorageEvent> events = window.after(position.reached, AT_ONCE);
        if (events == null) {
            events = history.changes(position.reached, newest, AT_ONCE);
        }
        List<StorageEvent> wanted = new ArrayList<>(events.size());
        for (StorageEvent event : events) {
            if (event.key().startsWith(position.prefix)) {
                wanted.add(event);
            }
        }
        if (!wanted.isEmpty()) {
            position.listener.onEvents(wanted);
        }
        position.reached = events.isEmpty() ? newest : events.getLast().revision();
        return true;
    }

    private void end(Position position, StorageException cause) {
        if (positions.remove(position) && !position.closed) {
            position.closed = true;
            try {
                position.listener.onClosed(cause);
            } catch (RuntimeException e) {
                LOG.error("The listener of a watch on {} failed at its end", position.prefix, e);
            }
        }
    }

    @Override
    public void close() {
        stopping = true;
        wake();
        try {
            if (!thread.join(Duration.ofSeconds(5))) {
                LOG.warn("The storage watch thread did not end within 5 s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** How far a subscription has come. The watch thread owns {@code reached} and {@code begun}. */
    private static final class Position {
        private final String prefix;
        private final StorageListener listener;
        private final AtomicLong progressAsked = new AtomicLong();
        private long reached;
        private boolean begun;
        private volatile boolean closed;

        Position(String prefix, long afterRevision, StorageListener listener) {
            this.prefix = prefix;
            this.listener = listener;
            this.reached = afterRevision;
        }
    }
}
