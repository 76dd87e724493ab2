// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A store with faults that a test turns on: calls that fail before or after they were done, by chance or always; watches that
 * are held back or end because history is gone. Everything else is passed on.
 */
public final class FaultyStorage implements Storage {
    private final Storage inner;
    private final RandomGenerator random;
    private final List<Held> watches = new CopyOnWriteArrayList<>();
    private volatile double failBefore;
    private volatile double failAfter;
    private volatile boolean holding;

    public FaultyStorage(Storage inner, RandomGenerator random) {
        this.inner = inner;
        this.random = random;
    }

    /** From now on calls fail with this probability without being done, and writes with the other after being done. */
    public void fail(double before, double after) {
        failBefore = before;
        failAfter = after;
    }

    /** From now on no watch hears anything, until {@link #release}. */
    public void hold() {
        holding = true;
    }

    /** Tells the watches what was held back. */
    public void release() {
        holding = false;
        watches.forEach(Held::flush);
    }

    /** Ends every watch as a store does that compacted past it; what was held back is lost. */
    public void breakWatches() {
        for (Held held : watches) {
            watches.remove(held);
            held.end();
        }
    }

    @Override
    public @Nullable Entry get(String key) {
        return read(() -> inner.get(key));
    }

    @Override
    public Page list(String prefix, @Nullable String afterKey, int limit, long revision) {
        return read(() -> inner.list(prefix, afterKey, limit, revision));
    }

    @Override
    public long currentRevision() {
        return read(inner::currentRevision);
    }

    @Override
    public WriteResult create(String key, byte[] value, long ttlSeconds) {
        return write(() -> inner.create(key, value, ttlSeconds));
    }

    @Override
    public WriteResult update(String key, byte[] value, long expectedModRevision, long ttlSeconds) {
        return write(() -> inner.update(key, value, expectedModRevision, ttlSeconds));
    }

    @Override
    public WriteResult delete(String key, long expectedModRevision) {
        return write(() -> inner.delete(key, expectedModRevision));
    }

    private <T extends @Nullable Object> T read(Supplier<T> call) {
        if (random.nextDouble() < failBefore) {
            throw new StorageUnavailableException("injected", false, null);
        }
        return call.get();
    }

    private WriteResult write(Supplier<WriteResult> call) {
        WriteResult result = read(call);
        if (random.nextDouble() < failAfter) {
            throw new StorageUnavailableException("injected after the write", true, null);
        }
        return result;
    }

    @Override
    public Subscription watch(String prefix, long afterRevision, StorageListener listener) {
        Held held = new Held(listener);
        watches.add(held);
        Subscription subscription = inner.watch(prefix, afterRevision, held);
        held.subscription = subscription;
        return () -> {
            watches.remove(held);
            subscription.close();
        };
    }

    @Override
    public void requestProgress() {
        inner.requestProgress();
    }

    @Override
    public void compact(long revision) {
        inner.compact(revision);
    }

    @Override
    public long compactedRevision() {
        return inner.compactedRevision();
    }

    @Override
    public void close() {
        inner.close();
    }

    private final class Held implements StorageListener {
        private final StorageListener listener;
        private final ReentrantLock lock = new ReentrantLock();
        private final List<StorageEvent> events = new ArrayList<>();
        private boolean over;
        private volatile @Nullable Subscription subscription;

        Held(StorageListener listener) {
            this.listener = listener;
        }

        @Override
        public void onEvents(List<StorageEvent> newEvents) {
            lock.lock();
            try {
                if (over) {
                    return;
                }
                if (holding) {
                    events.addAll(newEvents);
                } else {
                    flush();
                    listener.onEvents(newEvents);
                }
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void onProgress(long revision) {
            lock.lock();
            try {
                if (!holding && !over) {
                    flush();
                    listener.onProgress(revision);
                }
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void onClosed(StorageException cause) {
            listener.onClosed(cause);
        }

        void flush() {
            lock.lock();
            try {
                if (!events.isEmpty() && !over) {
                    List<StorageEvent> all = List.copyOf(events);
                    events.clear();
                    listener.onEvents(all);
                }
            } finally {
                lock.unlock();
            }
        }

        void end() {
            lock.lock();
            try {
                over = true;
            } finally {
                lock.unlock();
            }
            Subscription open = subscription;
            if (open != null) {
                open.close();
            }
            listener.onClosed(new CompactedException(inner.compactedRevision()));
        }
    }
}
