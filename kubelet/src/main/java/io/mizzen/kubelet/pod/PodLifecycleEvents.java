// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.pod;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.grpc.StatusRuntimeException;
import io.mizzen.kubelet.cri.CriClient;
import io.mizzen.kubelet.cri.CriException;
import io.mizzen.kubelet.cri.v1.Container;
import io.mizzen.kubelet.cri.v1.ContainerEventResponse;
import io.mizzen.kubelet.cri.v1.PodSandbox;
import io.mizzen.kubelet.runtime.PodLabels;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices what changes in the runtime and wakes the pods concerned.
 *
 * <p>Lists sandboxes and containers every second and compares; where the runtime streams events they only hasten the next
 * listing, so that nothing depends on the stream. Threads: {@code pleg} and {@code pleg-events}.
 */
public final class PodLifecycleEvents implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PodLifecycleEvents.class);

    private final CriClient cri;
    private final PodWorkers workers;
    private final Duration period;
    private final InstantSource clock;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition nudged = lock.newCondition();

    @GuardedBy("lock")
    private boolean isNudged;

    private final AtomicReference<Instant> lastListing;
    private final List<Thread> threads;
    private Map<String, Set<String>> before = Map.of();
    private boolean isReachable = true;

    /** Starts to watch. */
    public PodLifecycleEvents(CriClient cri, PodWorkers workers, Duration period, InstantSource clock) {
        this.cri = cri;
        this.workers = workers;
        this.period = period;
        this.clock = clock;
        this.lastListing = new AtomicReference<>(clock.instant());
        this.threads = List.of(
                Thread.ofVirtual().name("pleg").start(this::listPeriodically),
                Thread.ofVirtual().name("pleg-events").start(this::followEvents));
    }

    /** When the runtime was listed last with success. */
    public Instant lastListing() {
        return lastListing.get();
    }

    private void listPeriodically() {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                list();
                awaitNudge();
            }
        } catch (InterruptedException e) {
            LOG.debug("pleg ends");
        }
    }

    private void list() {
        try {
            Map<String, Set<String>> now = new HashMap<>();
            for (PodSandbox sandbox : cri.listPodSandboxes(Map.of())) {
                note(now, sandbox.getLabelsMap(), sandbox.getId() + "=" + sandbox.getState());
            }
            for (Container container : cri.listContainers(Map.of())) {
                note(now, container.getLabelsMap(), container.getId() + "=" + container.getState());
            }
            changed(before, now).forEach(workers::wake);
            before = now;
            lastListing.set(clock.instant());
            if (!isReachable) {
                LOG.info("The container runtime answers again");
                isReachable = true;
                workers.wakeAll();
            }
        } catch (CriException e) {
            if (isReachable && !Thread.currentThread().isInterrupted()) {
                LOG.warn("The container runtime cannot be listed: {}", e.getMessage());
                isReachable = false;
            }
        }
    }

    private static void note(Map<String, Set<String>> into, Map<String, String> labels, String state) {
        String uid = labels.get(PodLabels.POD_UID);
        if (uid != null) {
            into.computeIfAbsent(uid, k -> new HashSet<>()).add(state);
        }
    }

    /** Uids whose states differ. Pure. */
    static Set<String> changed(Map<String, Set<String>> before, Map<String, Set<String>> now) {
        Set<String> all = new HashSet<>(before.keySet());
        all.addAll(now.keySet());
        all.removeIf(uid -> before.getOrDefault(uid, Set.of()).equals(now.getOrDefault(uid, Set.of())));
        return all;
    }

    private void followEvents() {
        while (!Thread.currentThread().isInterrupted()) {
            try {
                Iterator<ContainerEventResponse> events = cri.containerEvents();
                while (events.hasNext()) {
                    events.next();
                    nudge();
                }
            } catch (StatusRuntimeException e) {
                if (e.getStatus().getCode() == io.grpc.Status.Code.UNIMPLEMENTED) {
                    LOG.debug("The runtime streams no events; it is listed instead");
                    return;
                }
            }
            LockSupport.parkNanos(Duration.ofSeconds(5).toNanos());
        }
    }

    private void nudge() {
        lock.lock();
        try {
            isNudged = true;
            nudged.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void awaitNudge() throws InterruptedException {
        lock.lock();
        try {
            long left = period.toNanos();
            while (!isNudged && left > 0) {
                left = nudged.awaitNanos(left);
            }
            isNudged = false;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        threads.forEach(Thread::interrupt);
    }
}
