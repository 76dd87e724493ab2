// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.probe;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Probe;
import io.mizzen.kubelet.control.EventSink;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;

/**
 * The probes of one pod: one virtual thread each, from the start of its container to the end.
 *
 * <p>{@link #follow} is called by the pod's worker alone; {@link #view} by anyone. The results map is the only shared state.
 */
public final class PodProbes implements AutoCloseable {
    private static final int TRIES = 3;

    private final Prober prober;
    private final EventSink events;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final Runnable onChange;
    private final Map<Key, Running> running = new HashMap<>();
    private final ConcurrentMap<Key, ProbeResult> results = new ConcurrentHashMap<>();

    private record Key(String containerId, ProbeKind kind) {}

    private record Running(Thread thread) {}

    /**
     * @param prober runs single probes
     * @param events told of failures
     * @param clock for delays
     * @param random spreads the first runs of adopted containers
     * @param onChange called on a probe's thread whenever a result changes; must not block
     */
    public PodProbes(Prober prober, EventSink events, InstantSource clock, RandomGenerator random, Runnable onChange) {
        this.prober = prober;
        this.events = events;
        this.clock = clock;
        this.random = random;
        this.onChange = onChange;
    }

    /**
     * A running container to probe.
     *
     * @param container its specification
     * @param id the runtime's id
     * @param started when it began to run
     * @param isAdopted whether it ran before this kubelet did
     * @param wasReady whether an adopted container was ready before
     */
    public record Subject(Container container, String id, Instant started, boolean isAdopted, boolean wasReady) {}

    /**
     * Probes just the given containers from now on.
     *
     * @param pod for events
     * @param podIp where probes connect to by default
     * @param subjects the running containers
     * @param isTerminating whether only readiness is still asked for
     */
    public void follow(Pod pod, String podIp, List<Subject> subjects, boolean isTerminating) {
        Set<Key> wanted = new HashSet<>();
        for (Subject subject : subjects) {
            for (ProbeKind kind : ProbeKind.values()) {
                Probe probe = kind.of(subject.container());
                if (probe == null || (isTerminating && kind != ProbeKind.READINESS)) {
                    continue;
                }
                Key key = new Key(subject.id(), kind);
                wanted.add(key);
                if (!running.containsKey(key)) {
                    start(key, pod, podIp, subject, probe);
                }
            }
        }
        running.entrySet().removeIf(e -> {
            if (wanted.contains(e.getKey())) {
                return false;
            }
            e.getValue().thread().interrupt();
            boolean isStillThere =
                    subjects.stream().anyMatch(s -> s.id().equals(e.getKey().containerId()));
            if (!isStillThere) {
                // What a container has passed stays true while it ends: readiness builds on it.
                results.remove(e.getKey());
            }
            return true;
        });
    }

    /** The results as they are now. */
    public ProbeView view() {
        Map<String, Map<ProbeKind, ProbeResult>> out = new HashMap<>();
        results.forEach((key, result) -> out.computeIfAbsent(key.containerId(), k -> new EnumMap<>(ProbeKind.class))
                .put(key.kind(), result));
        return new ProbeView(out);
    }

    private void start(Key key, Pod pod, String podIp, Subject subject, Probe probe) {
        ProbeResult initial = key.kind().initial();
        if (subject.isAdopted()) {
            // A restart of the kubelet must not take a healthy pod out of its services.
            initial = key.kind() == ProbeKind.READINESS && !subject.wasReady()
                    ? ProbeResult.FAILURE
                    : ProbeResult.SUCCESS;
            if (key.kind() == ProbeKind.STARTUP && !subject.wasReady()) {
                initial = ProbeResult.UNKNOWN;
            }
        }
        results.put(key, initial);
        ProbeResult first = initial;
        String name = "probe-" + key.kind().title().toLowerCase(Locale.ROOT) + "-"
                + pod.getMetadata().getName() + "-" + subject.container().getName();
        running.put(
                key,
                new Running(Thread.ofVirtual()
                        .name(name)
                        .start(() -> loop(key, pod, podIp, subject, probe, new ProbeCounter(probe, first)))));
    }

    private void loop(Key key, Pod pod, String podIp, Subject subject, Probe probe, ProbeCounter counter) {
        Duration period = Duration.ofSeconds(ProbeCounter.orDefault(probe.getPeriodSeconds(), 10));
        Duration initialDelay =
                Duration.ofSeconds(probe.getInitialDelaySeconds() == null ? 0 : probe.getInitialDelaySeconds());
        Instant firstRun = subject.started().plus(initialDelay);
        if (subject.isAdopted()) {
            firstRun = later(firstRun, clock.instant().plusMillis(random.nextLong(period.toMillis())));
        }
        waitFor(Duration.between(clock.instant(), firstRun));
        Prober.Target target = new Prober.Target(subject.id(), podIp, subject.container());
        while (!Thread.currentThread().isInterrupted()) {
            if (mustWaitForStartup(key, subject.container())) {
                waitFor(Duration.ofMillis(Math.min(1000, period.toMillis())));
                continue;
            }
            Prober.Outcome outcome = runWithRetries(probe, target);
            if (Thread.currentThread().isInterrupted()) {
                return;
            }
            report(key, pod, subject.container(), outcome);
            if (outcome.verdict() != Prober.Outcome.Verdict.ERRORED && counter.record(outcome.isSuccess())) {
                results.replace(key, counter.result());
                onChange.run();
            }
            boolean isDecided = switch (key.kind()) {
                case STARTUP -> counter.result() != ProbeResult.UNKNOWN;
                case LIVENESS -> counter.result() == ProbeResult.FAILURE;
                case READINESS -> false;
            };
            if (isDecided) {
                // A started container never starts again, a failed one is about to be killed.
                return;
            }
            waitFor(period);
        }
    }

    private boolean mustWaitForStartup(Key key, Container container) {
        return key.kind() != ProbeKind.STARTUP
                && container.getStartupProbe() != null
                && results.get(new Key(key.containerId(), ProbeKind.STARTUP)) != ProbeResult.SUCCESS;
    }

    private Prober.Outcome runWithRetries(Probe probe, Prober.Target target) {
        Prober.Outcome outcome = prober.run(probe, target);
        for (int i = 1; i < TRIES && outcome.verdict() == Prober.Outcome.Verdict.ERRORED; i++) {
            outcome = prober.run(probe, target);
        }
        return outcome;
    }

    private void report(Key key, Pod pod, Container container, Prober.Outcome outcome) {
        if (outcome.verdict() != Prober.Outcome.Verdict.ERRORED) {
            prober.totals().count(pod, container, key.kind(), outcome.isSuccess());
        }
        String path = EventSink.fieldPath(pod, container);
        String probe = key.kind().title() + " probe ";
        switch (outcome.verdict()) {
            case PASSED -> {}
            case WARNED -> events.podEvent(pod, path, true, "ProbeWarning", probe + "warning: " + outcome.output());
            case FAILED -> events.podEvent(pod, path, true, "Unhealthy", probe + "failed: " + outcome.output());
            case ERRORED ->
                events.podEvent(
                        pod,
                        path,
                        true,
                        "Unhealthy",
                        probe + "errored and resulted in unknown state: " + outcome.output());
        }
    }

    private static Instant later(Instant a, Instant b) {
        return a.isAfter(b) ? a : b;
    }

    private static void waitFor(Duration time) {
        long end = System.nanoTime() + time.toNanos();
        for (long left = time.toNanos();
                left > 0 && !Thread.currentThread().isInterrupted();
                left = end - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    /** Ends all probes. */
    @Override
    public void close() {
        running.values().forEach(r -> r.thread().interrupt());
        running.clear();
        results.clear();
    }
}
