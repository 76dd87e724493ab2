// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.pod;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;

/** Counts and times of pod workers, under upstream's names. */
public final class PodMetrics {
    private final Timer worker;
    private final Timer runtimeStart;
    private final Counter startedContainers;
    private final Counter startedContainerErrors;
    private final Counter startedSandboxes;

    /** Registers in the given registry. */
    public PodMetrics(MeterRegistry registry) {
        this.worker = registry.timer("kubelet_pod_worker_duration_seconds");
        this.runtimeStart = registry.timer("kubelet_pod_start_duration_seconds");
        this.startedContainers = registry.counter("kubelet_started_containers_total");
        this.startedContainerErrors = registry.counter("kubelet_started_containers_errors_total");
        this.startedSandboxes = registry.counter("kubelet_started_pods_total");
    }

    void synced(Duration time) {
        worker.record(time);
    }

    void podStarted(Duration sinceSeen) {
        runtimeStart.record(sinceSeen);
    }

    void containerStarted() {
        startedContainers.increment();
    }

    void containerFailed() {
        startedContainerErrors.increment();
    }

    void sandboxStarted() {
        startedSandboxes.increment();
    }
}
