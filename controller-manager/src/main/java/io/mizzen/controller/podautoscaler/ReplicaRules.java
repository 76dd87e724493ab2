// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.podautoscaler;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.mizzen.api.quantity.Quantity;
import io.mizzen.controller.condition.Timestamps;
import io.mizzen.controller.pod.Pods;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * How many replicas a resource metric asks for (API page "Horizontal Pod Autoscaling", algorithm details). Conservative
 * where figures are missing: pods without metrics hold a change back, never push it. Pure.
 */
final class ReplicaRules {
    /** How long after its start a pod's CPU may be that of its start-up. */
    private static final Duration CPU_INITIALIZATION = Duration.ofMinutes(5);
    /** How long after its start a pod's readiness counts as never having been there. */
    private static final Duration INITIAL_READINESS = Duration.ofSeconds(30);

    private ReplicaRules() {}

    /**
     * How far usage may be off without any change.
     *
     * @param down below the target, 0.1 for a tenth
     * @param up above it
     */
    record Tolerance(double down, double up) {
        boolean allows(double ratio) {
            return ratio >= 1 - down && ratio <= 1 + up;
        }
    }

    /**
     * What is known of the pods of a target.
     *
     * @param replicas size that the target has now
     * @param pods that its selector finds
     * @param metrics usage by pod name
     * @param resource such as {@code cpu}
     * @param container the only one that counts; empty for all
     * @param tolerance when to leave things as they are
     * @param now the time
     */
    record Observed(
            int replicas,
            List<Pod> pods,
            Map<String, PodMetric> metrics,
            String resource,
            String container,
            Tolerance tolerance,
            Instant now) {
        Observed {
            pods = List.copyOf(pods);
            metrics = Map.copyOf(metrics);
        }
    }

    /**
     * What a metric asks for.
     *
     * @param replicas wanted size
     * @param utilization per cent of what was requested; 0 where only the value counts
     * @param averageMilli mean usage of a pod, in thousandths
     */
    record Proposal(int replicas, int utilization, long averageMilli) {}

    /** Pods by what their metrics are good for. */
    private record Groups(int ready, Set<String> unready, Set<String> missing, Set<String> ignored) {}

    /** The mean usage in relation to the target. */
    private record Ratio(double value, int utilization, long averageMilli) {}

    /** How usage is put in relation to a target. */
    @FunctionalInterface
    private interface Measure {
        Ratio of(Map<String, Long> usage) throws MetricUnavailable;
    }

    /** The size for a mean utilisation of the pods' requests, in per cent. */
    static Proposal byUtilization(Observed observed, int target) throws MetricUnavailable {
        checkPods(observed);
        Groups groups = group(observed);
        Map<String, Long> usage = usable(observed, groups);
        Map<String, Long> requests = requests(observed);
        // For a scale-down a pod without metrics counts as using all it may.
        long fallback = Math.max(100, target);
        return propose(observed, groups, usage, readings -> utilization(readings, requests, target), name -> {
            long request = requests.getOrDefault(name, 0L);
            return request * fallback / 100;
        });
    }

    /** The size for a mean usage of a pod, in thousandths. */
    static Proposal byAverageValue(Observed observed, long targetMilli) throws MetricUnavailable {
        checkPods(observed);
        Groups groups = group(observed);
        Map<String, Long> usage = usable(observed, groups);
        return propose(observed, groups, usage, readings -> average(readings, targetMilli), name -> targetMilli);
    }

    private static void checkPods(Observed observed) throws MetricUnavailable {
        if (observed.pods().isEmpty()) {
            throw new MetricUnavailable("no pods returned by selector while calculating replica count");
        }
    }

    private static Map<String, Long> usable(Observed observed, Groups groups) throws MetricUnavailable {
        Map<String, Long> usage = new HashMap<>();
        observed.metrics().forEach((name, metric) -> {
            if (!groups.ignored().contains(name) && !groups.unready().contains(name)) {
                usage.put(name, metric.milli());
            }
        });
        if (usage.isEmpty()) {
            throw new MetricUnavailable("did not receive metrics for targeted pods (pods might be unready)");
        }
        return usage;
    }

    /** What a pod without metrics is taken to use when the others ask for fewer replicas. */
    @FunctionalInterface
    private interface Fallback {
        long milli(String pod);
    }

    private static Proposal propose(
            Observed observed, Groups groups, Map<String, Long> usage, Measure measure, Fallback fallback)
            throws MetricUnavailable {
        Ratio first = measure.of(usage);
        boolean upWithUnready = !groups.unready().isEmpty() && first.value() > 1;
        if (!upWithUnready && groups.missing().isEmpty()) {
            int replicas = observed.tolerance().allows(first.value())
                    ? observed.replicas()
                    : ceiling(first.value() * groups.ready());
            return new Proposal(replicas, first.utilization(), first.averageMilli());
        }
        Map<String, Long> filled = new HashMap<>(usage);
        for (String name : groups.missing()) {
            if (first.value() < 1) {
                filled.put(name, fallback.milli(name));
            } else if (first.value() > 1) {
                filled.put(name, 0L);
            }
        }
        if (upWithUnready) {
            groups.unready().forEach(name -> filled.put(name, 0L));
        }
        double second = measure.of(filled).value();
        boolean turned = first.value() < 1 && second > 1 || first.value() > 1 && second < 1;
        int replicas = ceiling(second * filled.size());
        boolean against = second < 1 && replicas > observed.replicas() || second > 1 && replicas < observed.replicas();
        if (observed.tolerance().allows(second) || turned || against) {
            replicas = observed.replicas();
        }
        return new Proposal(replicas, first.utilization(), first.averageMilli());
    }

    private static int ceiling(double replicas) {
        return (int) Math.ceil(replicas);
    }

    private static Ratio utilization(Map<String, Long> usage, Map<String, Long> requests, int target)
            throws MetricUnavailable {
        long used = 0;
        long requested = 0;
        int pods = 0;
        for (Map.Entry<String, Long> pod : usage.entrySet()) {
            Long request = requests.get(pod.getKey());
            if (request != null) {
                used += pod.getValue();
                requested += request;
                pods++;
            }
        }
        if (requested == 0) {
            throw new MetricUnavailable("no metrics returned matched known pods");
        }
        int percent = (int) (used * 100 / requested);
        return new Ratio((double) percent / target, percent, used / pods);
    }

    private static Ratio average(Map<String, Long> usage, long targetMilli) {
        long sum = usage.values().stream().mapToLong(Long::longValue).sum();
        long mean = sum / usage.size();
        return new Ratio((double) mean / targetMilli, 0, mean);
    }

    private static Groups group(Observed observed) {
        int ready = 0;
        Set<String> unready = new HashSet<>();
        Set<String> missing = new HashSet<>();
        Set<String> ignored = new HashSet<>();
        for (Pod pod : observed.pods()) {
            String name = pod.getMetadata().getName();
            PodMetric metric = observed.metrics().get(name);
            if (Pods.isTerminating(pod) || Pods.phase(pod).equals("Failed")) {
                ignored.add(name);
            } else if (Pods.phase(pod).equals("Pending")) {
                unready.add(name);
            } else if (metric == null) {
                missing.add(name);
            } else if (observed.resource().equals("cpu") && !isSettled(pod, metric, observed.now())) {
                unready.add(name);
            } else {
                ready++;
            }
        }
        return new Groups(ready, unready, missing, ignored);
    }

    /** Whether the CPU of a pod is that of its work, not of its start. */
    private static boolean isSettled(Pod pod, PodMetric metric, Instant now) {
        Optional<PodCondition> condition = Pods.condition(pod, "Ready");
        Optional<Instant> started = Timestamps.parse(pod.getStatus().getStartTime());
        if (condition.isEmpty() || started.isEmpty()) {
            return false;
        }
        boolean isFalse = "False".equals(condition.get().getStatus());
        Instant changed =
                Timestamps.parse(condition.get().getLastTransitionTime()).orElse(Instant.EPOCH);
        if (started.get().plus(CPU_INITIALIZATION).isAfter(now)) {
            return !isFalse && !metric.time().isBefore(changed.plus(metric.window()));
        }
        return !isFalse || !started.get().plus(INITIAL_READINESS).isAfter(changed);
    }

    /** Requests by pod, in thousandths; every container that counts must have one. */
    private static Map<String, Long> requests(Observed observed) throws MetricUnavailable {
        Map<String, Long> requests = new HashMap<>();
        for (Pod pod : observed.pods()) {
            List<Container> containers = new ArrayList<>(pod.getSpec().getContainers());
            pod.getSpec().getInitContainers().stream()
                    .filter(container -> "Always".equals(container.getRestartPolicy()))
                    .forEach(containers::add);
            long sum = 0;
            for (Container container : containers) {
                boolean counts =
                        observed.container().isEmpty() || observed.container().equals(container.getName());
                if (counts) {
                    sum += request(pod, container, observed.resource());
                }
            }
            requests.put(pod.getMetadata().getName(), sum);
        }
        return requests;
    }

    private static long request(Pod pod, Container container, String resource) throws MetricUnavailable {
        var resources = container.getResources();
        var requested = resources == null || resources.getRequests() == null
                ? null
                : resources.getRequests().get(resource);
        if (requested == null) {
            throw new MetricUnavailable("missing request for " + resource + " in container " + container.getName()
                    + " of Pod " + pod.getMetadata().getName());
        }
        return Quantity.parse(requested.toString()).toMilli();
    }
}
