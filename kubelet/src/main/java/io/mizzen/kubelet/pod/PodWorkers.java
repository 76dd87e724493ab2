// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.pod;

import io.fabric8.kubernetes.api.model.Pod;
import io.mizzen.kubelet.control.PodSource;
import io.mizzen.kubelet.cri.CriException;
import io.mizzen.kubelet.eviction.NodePressure;
import io.mizzen.kubelet.runtime.PodLabels;
import io.mizzen.kubelet.runtime.RuntimeContainer;
import io.mizzen.kubelet.runtime.RuntimePod;
import io.mizzen.kubelet.status.StatusInput;
import java.io.IOException;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All pods of this node: makes a worker for each, passes on what changes, and ends what belongs to no pod.
 *
 * <p>Safe for use from many threads. Orphans are looked for only after the source has told all pods, so that a restart never
 * takes a running pod for one.
 */
public final class PodWorkers implements PodSource.Listener, NodePressure.Evictor, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PodWorkers.class);
    private static final Duration CLOSE = Duration.ofSeconds(5);

    private final PodServices services;
    private final RandomGenerator random;
    private final ConcurrentMap<String, PodWorker> workers = new ConcurrentHashMap<>();
    private final AtomicBoolean isSynced = new AtomicBoolean();
    private final AtomicBoolean isClosed = new AtomicBoolean();

    /** Works with the given services. */
    public PodWorkers(PodServices services, RandomGenerator random) {
        this.services = services;
        this.random = random;
    }

    @Override
    public void podChanged(Pod pod) {
        String uid = pod.getMetadata().getUid();
        if (isClosed.get()) {
            return;
        }
        workers.compute(uid, (id, worker) -> {
            if (worker == null) {
                services.admission().readmit(pod);
                return PodWorker.start(services, pod, random, workers::remove);
            }
            worker.update(pod);
            return worker;
        });
    }

    @Override
    public void podRemoved(Pod pod) {
        PodWorker worker = workers.get(pod.getMetadata().getUid());
        if (worker != null) {
            worker.remove(pod);
        }
    }

    @Override
    public void synced() {
        isSynced.set(true);
        services.admission().open();
        wakeAll();
    }

    @Override
    public void evict(String uid, String message, long graceSeconds, boolean isDisruption) {
        PodWorker worker = workers.get(uid);
        if (worker != null) {
            StatusInput.Verdict.Kind kind =
                    isDisruption ? StatusInput.Verdict.Kind.DISRUPTED : StatusInput.Verdict.Kind.ENDED;
            worker.evict(new PodMailbox.Eviction(new StatusInput.Verdict("Evicted", message, kind), graceSeconds));
        }
    }

    @Override
    public boolean hasEnded(String uid) {
        PodWorker worker = workers.get(uid);
        return worker == null || worker.hasEnded();
    }

    /** Whether all pods of the source are known. */
    public boolean isSynced() {
        return isSynced.get();
    }

    /** Makes the worker of a pod look again; unknown uids are orphans and left to housekeeping. */
    public void wake(String uid) {
        PodWorker worker = workers.get(uid);
        if (worker != null) {
            worker.wake();
        }
    }

    /** Makes all workers look again. */
    public void wakeAll() {
        workers.values().forEach(PodWorker::wake);
    }

    /** The pods that are known now. */
    public List<Pod> pods() {
        return workers.values().stream().map(PodWorker::pod).toList();
    }

    /** A pod by namespace and name; the newest if there are several. */
    public Optional<Pod> pod(String namespace, String name) {
        return pods().stream()
                .filter(p -> p.getMetadata().getNamespace().equals(namespace)
                        && p.getMetadata().getName().equals(name))
                .max(Comparator.comparing(p -> String.valueOf(p.getMetadata().getCreationTimestamp())));
    }

    /**
     * Removes what belongs to no pod: sandboxes, containers, folders, mounts, cgroups.
     *
     * @param held what the runtime holds, by pod uid
     */
    public void removeOrphans(Map<String, RuntimePod> held) {
        if (!isSynced.get()) {
            return;
        }
        Set<String> uids = new HashSet<>(held.keySet());
        uids.addAll(services.folders().podUids());
        uids.addAll(services.cgroups().podUids());
        uids.removeAll(workers.keySet());
        for (String uid : uids) {
            RuntimePod seen = held.getOrDefault(uid, RuntimePod.none(uid, "", ""));
            try {
                LOG.info(
                        "Pod {} ({}/{}) is not known to the API server: what is left of it goes",
                        uid,
                        seen.namespace(),
                        seen.name());
                for (RuntimeContainer container : seen.containers()) {
                    if (container.isRunning()) {
                        services.cri().stopContainer(container.id(), orphanGrace(container));
                    }
                }
                PodRemains.remove(services, seen);
            } catch (CriException | IOException e) {
                LOG.warn("Orphan pod {} cannot be removed yet: {}", uid, e.getMessage());
            }
        }
    }

    private static Duration orphanGrace(RuntimeContainer container) {
        String seconds = container.annotations().getOrDefault(PodLabels.TERMINATION_GRACE, "30");
        return Duration.ofSeconds(Math.max(2, Long.parseLong(seconds)));
    }

    /** Ends all workers and leaves their pods running. */
    @Override
    public void close() {
        isClosed.set(true);
        workers.values().forEach(PodWorker::close);
        long end = System.nanoTime() + CLOSE.toNanos();
        for (PodWorker worker : workers.values()) {
            try {
                worker.join(Duration.ofNanos(Math.max(1, end - System.nanoTime())));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
        workers.clear();
    }
}
