// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.mizzen.scheduler.cache.SchedulerCache;
import io.mizzen.scheduler.framework.Status;
import io.mizzen.scheduler.queue.QueuedPod;
import io.mizzen.scheduler.queue.SchedulingQueue;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ToDoubleFunction;

/** The scheduler's metrics under upstream's names. Thread-safe. */
final class SchedulerMetrics {
    private final MeterRegistry registry;
    private final InstantSource clock;
    private final Timer algorithm;
    private final Map<String, Timer> points = new ConcurrentHashMap<>();
    private final Map<String, Timer> attempts = new ConcurrentHashMap<>();
    private final Map<String, Counter> results = new ConcurrentHashMap<>();
    private final Map<String, Counter> incoming = new ConcurrentHashMap<>();

    SchedulerMetrics(MeterRegistry registry, InstantSource clock) {
        this.registry = registry;
        this.clock = clock;
        algorithm = registry.timer("scheduler.scheduling.algorithm.duration");
    }

    /** Gauges over queue and cache. */
    void watch(SchedulingQueue queue, SchedulerCache cache) {
        pending(queue, "active", SchedulingQueue.Counts::active);
        pending(queue, "backoff", SchedulingQueue.Counts::backoff);
        pending(queue, "unschedulable", SchedulingQueue.Counts::unschedulable);
        pending(queue, "gated", SchedulingQueue.Counts::gated);
        size(cache, "nodes", SchedulerCache.Sizes::nodes);
        size(cache, "pods", SchedulerCache.Sizes::pods);
        size(cache, "assumed_pods", SchedulerCache.Sizes::assumedPods);
    }

    void extensionPoint(String profile, String point, Status.Code status, long nanos) {
        points.computeIfAbsent(
                        profile + "/" + point + "/" + status,
                        key -> registry.timer(
                                "scheduler.framework.extension.point.duration",
                                "profile",
                                profile,
                                "extension_point",
                                point,
                                "status",
                                statusName(status)))
                .record(Duration.ofNanos(nanos));
    }

    void algorithm(long nanos) {
        algorithm.record(Duration.ofNanos(nanos));
    }

    void scheduled(QueuedPod pod, String profile, long nanos) {
        attempt(profile, "scheduled", nanos);
        registry.timer(
                        "scheduler.pod.scheduling.sli.duration",
                        "attempts",
                        String.valueOf(Math.min(pod.attempts(), 16)))
                .record(Duration.between(pod.added(), clock.instant()));
        DistributionSummary.builder("scheduler.pod.scheduling.attempts")
                .register(registry)
                .record(pod.attempts());
    }

    void failed(String profile, boolean isError, long nanos) {
        attempt(profile, isError ? "error" : "unschedulable", nanos);
    }

    void incoming(String queue, String event) {
        incoming.computeIfAbsent(
                        queue + "/" + event,
                        key -> registry.counter("scheduler.queue.incoming.pods", "queue", queue, "event", event))
                .increment();
    }

    void preempted(int victims) {
        registry.counter("scheduler.preemption.attempts").increment();
        DistributionSummary.builder("scheduler.preemption.victims")
                .register(registry)
                .record(victims);
    }

    private void attempt(String profile, String result, long nanos) {
        String key = profile + "/" + result;
        attempts.computeIfAbsent(
                        key,
                        k -> registry.timer(
                                "scheduler.scheduling.attempt.duration", "profile", profile, "result", result))
                .record(Duration.ofNanos(nanos));
        results.computeIfAbsent(
                        key, k -> registry.counter("scheduler.schedule.attempts", "profile", profile, "result", result))
                .increment();
    }

    private void pending(SchedulingQueue queue, String name, ToDoubleFunction<SchedulingQueue.Counts> count) {
        Gauge.builder("scheduler.pending.pods", queue, q -> count.applyAsDouble(q.counts()))
                .tag("queue", name)
                .register(registry);
    }

    private void size(SchedulerCache cache, String type, ToDoubleFunction<SchedulerCache.Sizes> size) {
        Gauge.builder("scheduler.cache.size", cache, c -> size.applyAsDouble(c.sizes()))
                .tag("type", type)
                .register(registry);
    }

    private static String statusName(Status.Code code) {
        return switch (code) {
            case SUCCESS -> "Success";
            case ERROR -> "Error";
            case UNSCHEDULABLE -> "Unschedulable";
            case UNSCHEDULABLE_AND_UNRESOLVABLE -> "UnschedulableAndUnresolvable";
            case WAIT -> "Wait";
            case SKIP -> "Skip";
            case PENDING -> "Pending";
        };
    }
}
