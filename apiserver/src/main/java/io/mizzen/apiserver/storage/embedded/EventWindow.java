// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.embedded;

import io.mizzen.apiserver.storage.StorageEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The newest revision, and the latest events in memory so that watchers who keep up never cause a read. Bounded in number
 * and bytes; whoever falls behind reads the history on disk. The writer appends, anyone reads.
 */
final class EventWindow {
    private final ReentrantLock lock = new ReentrantLock();
    private final @Nullable StorageEvent[] ring;
    private final long maxBytes;
    private int head;
    private int size;
    private long bytes;
    /** Every event above this revision is in the ring. */
    private long floor;

    private volatile long revision;

    EventWindow(long revision, int maxEvents, long maxBytes) {
        this.ring = new StorageEvent[maxEvents];
        this.maxBytes = maxBytes;
        this.floor = revision;
        this.revision = revision;
    }

    /** The newest committed revision. */
    long revision() {
        return revision;
    }

    /** Adds committed events and makes their revision the newest. */
    void append(List<StorageEvent> events, long newRevision) {
        lock.lock();
        try {
            for (StorageEvent event : events) {
                if (size == ring.length) {
                    evict();
                }
                ring[(head + size) % ring.length] = event;
                size++;
                bytes += weight(event);
            }
            while (bytes > maxBytes && size > 1) {
                evict();
            }
            revision = newRevision;
        } finally {
            lock.unlock();
        }
    }

    /** Starts anew after the database was reopened at a revision. */
    void reset(long newRevision) {
        lock.lock();
        try {
            while (size > 0) {
                evict();
            }
            floor = newRevision;
            revision = newRevision;
        } finally {
            lock.unlock();
        }
    }

    /**
     * The next events after a revision.
     *
     * @return null when the window does not reach back so far
     */
    @Nullable
    List<StorageEvent> after(long from, int max) {
        lock.lock();
        try {
            if (from < floor) {
                return null;
            }
            int low = 0;
            int high = size;
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (at(middle).revision() <= from) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            int count = Math.min(max, size - low);
            List<StorageEvent> events = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                events.add(at(low + i));
            }
            return events;
        } finally {
            lock.unlock();
        }
    }

    private StorageEvent at(int index) {
        StorageEvent event = ring[(head + index) % ring.length];
        if (event == null) {
            throw new IllegalStateException("The event window lost an event");
        }
        return event;
    }

    private void evict() {
        StorageEvent oldest = at(0);
        ring[head] = null;
        head = (head + 1) % ring.length;
        size--;
        bytes -= weight(oldest);
        floor = oldest.revision();
    }

    private static long weight(StorageEvent event) {
        byte[] value = event.value();
        byte[] previous = event.previousValue();
        return 100L
                + event.key().length()
                + (value == null ? 0 : value.length)
                + (previous == null ? 0 : previous.length);
    }
}
