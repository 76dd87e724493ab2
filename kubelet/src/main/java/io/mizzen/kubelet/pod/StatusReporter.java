// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.pod;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.mizzen.kubelet.control.StatusSink;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings pod status to the API server, newest only, one after the other; what cannot be written is tried again until it can. A pod
 * is deleted only after its last status was written.
 *
 * <p>Workers hand over and never wait. One virtual thread, {@code status-reporter}; the queue holds one entry a pod.
 */
public final class StatusReporter implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StatusReporter.class);
    private static final Duration RETRY = Duration.ofSeconds(2);

    private final StatusSink sink;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    @GuardedBy("lock")
    private final Map<String, Entry> waiting = new LinkedHashMap<>();

    @GuardedBy("lock")
    private final Map<String, PodStatus> written = new HashMap<>();

    @GuardedBy("lock")
    private boolean isClosed;

    private final Thread thread;

    private record Entry(Pod pod, @Nullable PodStatus status, boolean isDeletion) {}

    /** Reports to the given sink until closed. */
    public StatusReporter(StatusSink sink) {
        this.sink = sink;
        this.thread = Thread.ofVirtual().name("status-reporter").start(this::loop);
    }

    /** Hands over the present status of a pod. */
    void report(Pod pod, PodStatus status) {
        String uid = pod.getMetadata().getUid();
        lock.lock();
        try {
            Entry old = waiting.get(uid);
            if (old == null && status.equals(written.get(uid))) {
                return;
            }
            waiting.put(uid, new Entry(pod, status, old != null && old.isDeletion()));
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Asks that an ended pod be deleted, after its last status. */
    void delete(Pod pod) {
        String uid = pod.getMetadata().getUid();
        lock.lock();
        try {
            Entry old = waiting.get(uid);
            waiting.put(uid, new Entry(pod, old == null ? null : old.status(), true));
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Forgets a pod that is gone. */
    void forget(String uid) {
        lock.lock();
        try {
            waiting.remove(uid);
            written.remove(uid);
        } finally {
            lock.unlock();
        }
    }

    private void loop() {
        try {
            while (true) {
                Entry next = take();
                if (next == null) {
                    return;
                }
                if (!perform(next)) {
                    giveBack(next);
                }
            }
        } catch (InterruptedException e) {
            LOG.debug("status reporter was interrupted");
        }
    }

    private @Nullable Entry take() throws InterruptedException {
        lock.lock();
        try {
            while (waiting.isEmpty() && !isClosed) {
                changed.await();
            }
            if (isClosed) {
                return null;
            }
            Iterator<Entry> entries = waiting.values().iterator();
            Entry first = entries.next();
            entries.remove();
            return first;
        } finally {
            lock.unlock();
        }
    }

    private boolean perform(Entry entry) {
        String uid = entry.pod().getMetadata().getUid();
        try {
            PodStatus status = entry.status();
            if (status != null) {
                sink.writeStatus(entry.pod(), status);
                lock.lock();
                try {
                    written.put(uid, status);
                } finally {
                    lock.unlock();
                }
            }
            if (entry.isDeletion()) {
                sink.deletePod(entry.pod());
            }
            return true;
        } catch (IOException e) {
            if (isClosed()) {
                // The end interrupts the write; the next kubelet writes what is missing.
                return false;
            }
            LOG.warn(
                    "Status of pod {}/{} could not be written, it is tried again: {}",
                    entry.pod().getMetadata().getNamespace(),
                    entry.pod().getMetadata().getName(),
                    e.getMessage());
            return false;
        }
    }

    private boolean isClosed() {
        lock.lock();
        try {
            return isClosed;
        } finally {
            lock.unlock();
        }
    }

    private void giveBack(Entry entry) throws InterruptedException {
        lock.lock();
        try {
            // Something newer may have come meanwhile; it wins.
            waiting.merge(
                    entry.pod().getMetadata().getUid(),
                    entry,
                    (newer, failed) -> new Entry(
                            newer.pod(),
                            newer.status() != null ? newer.status() : failed.status(),
                            newer.isDeletion() || failed.isDeletion()));
            long left = RETRY.toNanos();
            while (left > 0 && !isClosed) {
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            isClosed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        thread.interrupt();
    }
}
