// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.etcd;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.Watch.Watcher;
import io.etcd.jetcd.options.WatchOption;
import io.etcd.jetcd.watch.WatchEvent;
import io.etcd.jetcd.watch.WatchResponse;
import io.mizzen.apiserver.storage.CompactedException;
import io.mizzen.apiserver.storage.StorageEvent;
import io.mizzen.apiserver.storage.StorageException;
import io.mizzen.apiserver.storage.StorageListener;
import io.mizzen.apiserver.storage.StorageUnavailableException;
import io.mizzen.apiserver.storage.Subscription;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All watches on etcd. jetcd's call-backs come on an event loop and only hand over; one thread delivers.
 *
 * <p>jetcd's own resumption after a lost connection is not trusted: it begins at the revision of the new stream's first
 * answer and would skip what was still to come. Every new stream announces itself, and one that we did not open is closed and
 * replaced by one that begins where delivery stopped. Progress notifications are not used either: etcd before 3.4.25 may
 * announce a revision ahead of its events. Instead each subscription watches the whole root and a write of a key of our own
 * there proves that all before it has come.
 */
final class EtcdWatches implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EtcdWatches.class);
    private static final int QUEUE = 10_000;
    private static final long FIRST_RETRY_NANOS = 100_000_000;
    private static final long MAX_RETRY_NANOS = 2_000_000_000;

    /** What a jetcd call-back hands over. */
    private record Message(
            Position position,
            int stream,
            @Nullable WatchResponse response,
            @Nullable Throwable failure) {}

    private final EtcdConnection connection;
    private final EtcdCalls calls;
    private final String root;
    private final String progressKey;
    private final BlockingQueue<Message> queue = new LinkedBlockingQueue<>(QUEUE);
    private final List<Position> positions = new CopyOnWriteArrayList<>();
    private final Thread thread;
    private volatile boolean stopping;

    EtcdWatches(EtcdConnection connection, EtcdCalls calls, String root, String progressKey) {
        this.connection = connection;
        this.calls = calls;
        this.root = root;
        this.progressKey = progressKey;
        this.thread = Thread.ofPlatform().name("etcd-watch").daemon().unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    Subscription add(String prefix, long afterRevision, StorageListener listener) {
        Position position = new Position(prefix, prefix.startsWith(root) ? root : prefix, afterRevision, listener);
        positions.add(position);
        if (stopping) {
            throw new StorageUnavailableException("The store is closed", false, null);
        }
        // An empty message wakes the thread; should the queue be full, it is awake.
        queue.offer(new Message(position, -1, null, null));
        return () -> {
            position.over = true;
            positions.remove(position);
            position.closeStream();
        };
    }

    private void run() {
        while (!stopping) {
            try {
                Message message = queue.poll(100, TimeUnit.MILLISECONDS);
                if (message != null) {
                    handle(message);
                }
                for (Position position : positions) {
                    keepOpen(position);
                }
            } catch (InterruptedException e) {
                LOG.debug("The etcd watch thread is asked to end");
            } catch (RuntimeException e) {
                LOG.error("Delivering events from etcd failed", e);
            }
        }
        for (Position position : positions) {
            end(position, new StorageUnavailableException("The store was closed", false, null));
        }
    }

    private void keepOpen(Position position) {
        if (position.over) {
            return;
        }
        if (position.watcher != null && position.connection != connection.generation()) {
            reopen(position, 0);
        }
        if (position.watcher == null && position.openAtNanos - System.nanoTime() <= 0) {
            open(position);
        }
    }

    private void open(Position position) {
        int stream = ++position.stream;
        position.created = false;
        position.connection = connection.generation();
        WatchOption option = WatchOption.builder()
                .withRange(ByteSequence.from(EtcdStorage.endOf(position.watched)))
                .withRevision(position.delivered + 1)
                .withPrevKV(true)
                .withCreateNotify(true)
                .withRequireLeader(true)
                .build();
        try {
            position.watcher = connection
                    .watch()
                    .watch(
                            EtcdStorage.sequence(position.watched),
                            option,
                            Watch.listener(
                                    response -> handOver(new Message(position, stream, response, null)),
                                    failure -> handOver(new Message(position, stream, null, failure)),
                                    () -> handOver(new Message(position, stream, null, null))));
        } catch (RuntimeException e) {
            LOG.debug("A watch on etcd could not be opened", e);
            reopen(position, position.nextDelay());
        }
        if (position.over) {
            position.closeStream();
        }
    }

    private void handOver(Message message) {
        if (!queue.offer(message) && message.stream() == message.position().stream) {
            // The listener is slower than etcd: drop the stream, it begins again where delivery stopped.
            message.position().overflowed = true;
        }
    }

    private void reopen(Position position, long delayNanos) {
        position.closeStream();
        position.stream++;
        position.openAtNanos = System.nanoTime() + delayNanos;
    }

    private void handle(Message message) {
        Position position = message.position();
        if (position.over || message.stream() != position.stream) {
            return;
        }
        WatchResponse response = message.response();
        if (position.overflowed) {
            position.overflowed = false;
            reopen(position, FIRST_RETRY_NANOS);
        } else if (response == null) {
            failed(position, message.failure());
        } else if (response.isCreatedNotify()) {
            if (position.created) {
                LOG.debug("jetcd resumed a watch by itself; it is opened anew after revision {}", position.delivered);
                reopen(position, 0);
            }
            position.created = true;
            position.retries = 0;
        } else if (!response.getEvents().isEmpty()) {
            deliver(position, response.getEvents());
        }
    }

    private void failed(Position position, @Nullable Throwable failure) {
        if (failure instanceof io.etcd.jetcd.common.exception.CompactedException compacted) {
            calls.noteCompacted(compacted.getCompactedRevision());
            end(position, new CompactedException(compacted.getCompactedRevision()));
            return;
        }
        if (position.retries == 0) {
            LOG.warn(
                    "A watch on etcd was interrupted and is taken up again after revision {}: {}",
                    position.delivered,
                    failure == null ? "stream ended" : failure.getMessage());
        }
        calls.noteFailure();
        reopen(position, position.nextDelay());
    }

    private void deliver(Position position, List<WatchEvent> events) {
        List<StorageEvent> wanted = new ArrayList<>(events.size());
        long before = position.delivered;
        for (WatchEvent event : events) {
            long revision = event.getKeyValue().getModRevision();
            if (revision <= before) {
                continue;
            }
            position.delivered = revision;
            String key = event.getKeyValue().getKey().toString(StandardCharsets.UTF_8);
            if (key.startsWith(position.prefix) && !key.equals(progressKey)) {
                wanted.add(toEvent(key, revision, event));
            }
        }
        if (position.delivered == before) {
            return;
        }
        try {
            if (!wanted.isEmpty()) {
                position.listener.onEvents(wanted);
            }
            if (wanted.isEmpty() || wanted.getLast().revision() < position.delivered) {
                position.listener.onProgress(position.delivered);
            }
        } catch (RuntimeException e) {
            LOG.error("The listener of a watch on {} failed; the watch ends", position.prefix, e);
            end(position, new StorageUnavailableException("The listener failed: " + e, false, e));
        }
    }

    private static StorageEvent toEvent(String key, long revision, WatchEvent event) {
        boolean deletion = event.getEventType() == WatchEvent.EventType.DELETE;
        boolean hasPrevious = event.getPrevKV() != null && event.getPrevKV().getModRevision() != 0;
        return new StorageEvent(
                revision,
                key,
                deletion ? null : event.getKeyValue().getValue().getBytes(),
                hasPrevious ? event.getPrevKV().getValue().getBytes() : null);
    }

    private void end(Position position, StorageException cause) {
        if (positions.remove(position) && !position.over) {
            position.over = true;
            position.closeStream();
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
        thread.interrupt();
        try {
            if (!thread.join(Duration.ofSeconds(5))) {
                LOG.warn("The etcd watch thread did not end within 5 s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** How far a subscription has come. Owned by the watch thread, save the volatile fields. */
    private static final class Position {
        private final String prefix;
        private final String watched;
        private final StorageListener listener;
        private long delivered;
        private boolean created;
        private int retries;
        private int connection;
        private long openAtNanos = System.nanoTime();
        private volatile int stream;
        private volatile boolean over;
        private volatile boolean overflowed;
        private volatile @Nullable Watcher watcher;

        Position(String prefix, String watched, long afterRevision, StorageListener listener) {
            this.prefix = prefix;
            this.watched = watched;
            this.delivered = afterRevision;
            this.listener = listener;
        }

        long nextDelay() {
            long delay = Math.min(MAX_RETRY_NANOS, FIRST_RETRY_NANOS << Math.min(retries, 10));
            retries++;
            return delay;
        }

        void closeStream() {
            Watcher open = watcher;
            watcher = null;
            if (open != null) {
                try {
                    open.close();
                } catch (RuntimeException e) {
                    LOG.debug("Closing a watch stream failed", e);
                }
            }
        }
    }
}
