// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.pod;

import io.mizzen.kubelet.admission.Admission;
import io.mizzen.kubelet.cri.CriClient;
import io.mizzen.kubelet.cri.CriException;
import io.mizzen.kubelet.cri.v1.Container;
import io.mizzen.kubelet.cri.v1.ContainerState;
import io.mizzen.kubelet.cri.v1.PodSandbox;
import io.mizzen.kubelet.log.LogRotation;
import io.mizzen.kubelet.resource.Cgroups;
import io.mizzen.kubelet.resource.PodResources;
import io.mizzen.kubelet.resource.QosClass;
import io.mizzen.kubelet.resource.ResourceFigures;
import io.mizzen.kubelet.runtime.PodLabels;
import io.mizzen.kubelet.runtime.RuntimePod;
import io.mizzen.kubelet.runtime.RuntimeReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks for orphans, rotates logs and weighs the classes of pods, on one virtual thread {@code housekeeping}. */
public final class Housekeeping implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Housekeeping.class);
    private static final long MAX_LOG_BYTES = 10L * 1024 * 1024;
    private static final int MAX_LOG_FILES = 5;

    private final CriClient cri;
    private final RuntimeReader reader;
    private final Admission admission;
    private final Cgroups cgroups;
    private final PodWorkers workers;
    private final LogRotation rotation;
    private final Duration period;
    private final Duration rotationPeriod;
    private final Thread thread;

    /** Starts to keep house. */
    public Housekeeping(PodServices services, PodWorkers workers, Duration period, Duration rotationPeriod) {
        this.cri = services.cri();
        this.reader = services.reader();
        this.admission = services.admission();
        this.cgroups = services.cgroups();
        this.workers = workers;
        this.rotation = new LogRotation(MAX_LOG_BYTES, MAX_LOG_FILES, services.clock());
        this.period = period;
        this.rotationPeriod = rotationPeriod;
        this.thread = Thread.ofVirtual().name("housekeeping").start(this::loop);
    }

    private void loop() {
        long nextRotation = System.nanoTime();
        while (!Thread.currentThread().isInterrupted()) {
            try {
                if (workers.isSynced()) {
                    workers.removeOrphans(held());
                }
                if (System.nanoTime() >= nextRotation) {
                    weighClasses();
                    rotateLogs();
                    nextRotation = System.nanoTime() + rotationPeriod.toNanos();
                }
            } catch (CriException e) {
                LOG.debug("housekeeping waits for the runtime: {}", e.getMessage());
            } catch (RuntimeException e) {
                LOG.error("Housekeeping failed", e);
            }
            LockSupport.parkNanos(period.toNanos());
        }
    }

    /** The burstable class weighs as much as its pods request together, so that best-effort pods get what is left. */
    private void weighClasses() {
        long milliCpu = admission.active().stream()
                .filter(p -> QosClass.of(p) == QosClass.BURSTABLE)
                .mapToLong(p -> ResourceFigures.milliCpu(PodResources.of(p).getRequests()))
                .sum();
        try {
            cgroups.weighBurstable(milliCpu);
        } catch (IOException e) {
            LOG.warn("The weight of the burstable class could not be set: {}", e.getMessage());
        }
    }

    /** What the runtime holds of pods that no worker cares for, by uid. */
    private Map<String, RuntimePod> held() throws CriException {
        Set<String> known =
                workers.pods().stream().map(p -> p.getMetadata().getUid()).collect(Collectors.toSet());
        Map<String, RuntimePod> out = new HashMap<>();
        for (PodSandbox sandbox : cri.listPodSandboxes(Map.of())) {
            String uid = sandbox.getLabelsOrDefault(PodLabels.POD_UID, "");
            if (!uid.isEmpty() && !known.contains(uid) && !out.containsKey(uid)) {
                out.put(
                        uid,
                        reader.read(
                                uid,
                                sandbox.getMetadata().getNamespace(),
                                sandbox.getMetadata().getName()));
            }
        }
        return out;
    }

    private void rotateLogs() throws CriException {
        for (Container container : cri.listContainers(Map.of())) {
            if (container.getState() != ContainerState.CONTAINER_RUNNING
                    || !container.containsLabels(PodLabels.POD_UID)) {
                continue;
            }
            try {
                String log = cri.containerStatus(container.getId()).getLogPath();
                if (log.isEmpty()) {
                    continue;
                }
                boolean isRotated = rotation.rotateIfDue(Path.of(log), () -> reopen(container.getId()));
                if (isRotated) {
                    LOG.info("Log {} was rotated", log);
                }
            } catch (IOException e) {
                LOG.warn("The log of container {} could not be rotated: {}", container.getId(), e.getMessage());
            } catch (CriException e) {
                if (!e.isNotFound()) {
                    throw e;
                }
            }
        }
    }

    private void reopen(String id) throws IOException {
        try {
            cri.reopenContainerLog(id);
        } catch (CriException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
