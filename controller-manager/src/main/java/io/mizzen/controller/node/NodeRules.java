// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.node;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.NodeConditionBuilder;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.TaintBuilder;
import io.mizzen.controller.condition.Timestamps;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** When a node counts as lost, and the conditions and taints that say so. Pure. */
final class NodeRules {

    static final Duration STARTUP_GRACE = Duration.ofSeconds(60);
    static final String NOT_READY = "node.kubernetes.io/not-ready";
    static final String UNREACHABLE = "node.kubernetes.io/unreachable";

    private static final List<String> REPORTED = List.of("Ready", "MemoryPressure", "DiskPressure", "PIDPressure");
    private static final Set<String> SCHEDULE_TAINTS = Set.of(
            NOT_READY,
            UNREACHABLE,
            "node.kubernetes.io/memory-pressure",
            "node.kubernetes.io/disk-pressure",
            "node.kubernetes.io/pid-pressure",
            "node.kubernetes.io/network-unavailable",
            "node.kubernetes.io/unschedulable");

    private NodeRules() {}

    /**
     * What was last heard of a node, and when, by our own clock: a node's clock is not trusted.
     *
     * @param at when something last changed
     * @param heartbeat the Ready condition's heartbeat then
     * @param renewed the lease's renew time then
     */
    record Health(Instant at, String heartbeat, String renewed) {

        /** The health after another look. */
        static Health seen(@Nullable Health before, Node node, String renewed, Instant now) {
            String heartbeat = heartbeat(node);
            if (before == null) {
                // A node of which nothing was ever heard is judged from its creation on.
                Instant since = heartbeat.isEmpty() && renewed.isEmpty()
                        ? Timestamps.parse(node.getMetadata().getCreationTimestamp())
                                .orElse(now)
                        : now;
                return new Health(since, heartbeat, renewed);
            }
            // That a lease is gone says nothing about the node.
            boolean silent = before.heartbeat().equals(heartbeat)
                    && (renewed.isEmpty() || before.renewed().equals(renewed));
            return silent ? before : new Health(now, heartbeat, renewed);
        }

        private static String heartbeat(Node node) {
            return ready(node)
                    .map(c -> String.valueOf(c.getLastHeartbeatTime()))
                    .orElse("");
        }

        /** Whether nothing was heard for too long; a node that has never reported gets a minute. */
        boolean isLost(Node node, Duration grace, Instant now) {
            return now.isAfter(at.plus(ready(node).isPresent() ? grace : STARTUP_GRACE));
        }

        /** The same health with our own write of the conditions not taken for a sign of life. */
        Health written(Node node) {
            return new Health(at, heartbeat(node), renewed);
        }

        /** The same with a fresh grace period. */
        Health heardOf(Instant now) {
            return new Health(now, heartbeat, renewed);
        }
    }

    static Optional<NodeCondition> ready(Node node) {
        return condition(node, "Ready");
    }

    static Optional<NodeCondition> condition(Node node, String type) {
        if (node.getStatus() == null || node.getStatus().getConditions() == null) {
            return Optional.empty();
        }
        return node.getStatus().getConditions().stream()
                .filter(c -> type.equals(c.getType()))
                .findFirst();
    }

    /** {@code True}, {@code False} or {@code Unknown}; a node without the condition counts as Unknown. */
    static String readiness(Node node) {
        return ready(node).map(NodeCondition::getStatus).orElse("Unknown");
    }

    /** The conditions of a lost node; empty when they say so already. */
    static Optional<List<NodeCondition>> unknownConditions(Node node, Instant now) {
        List<NodeCondition> result = new ArrayList<>();
        if (node.getStatus() != null && node.getStatus().getConditions() != null) {
            result.addAll(node.getStatus().getConditions());
        }
        boolean changed = false;
        String time = Timestamps.text(now);
        for (String type : REPORTED) {
            Optional<NodeCondition> present = condition(node, type);
            if (present.isPresent() && "Unknown".equals(present.get().getStatus())) {
                continue;
            }
            changed = true;
            NodeConditionBuilder unknown = new NodeConditionBuilder()
                    .withType(type)
                    .withStatus("Unknown")
                    .withLastTransitionTime(time);
            if (present.isEmpty()) {
                result.add(unknown.withReason("NodeStatusNeverUpdated")
                        .withMessage("Kubelet never posted node status.")
                        .withLastHeartbeatTime(node.getMetadata().getCreationTimestamp())
                        .build());
            } else {
                result.set(
                        result.indexOf(present.get()),
                        unknown.withReason("NodeStatusUnknown")
                                .withMessage("Kubelet stopped posting node status.")
                                .withLastHeartbeatTime(present.get().getLastHeartbeatTime())
                                .build());
            }
        }
        return changed ? Optional.of(result) : Optional.empty();
    }

    /** The taints with those of effect NoSchedule that follow from conditions and spec; empty when they are so already. */
    static Optional<List<Taint>> scheduleTaints(Node node, Instant now) {
        List<String> wanted = new ArrayList<>();
        readinessTaint(node).ifPresent(wanted::add);
        addIfTrue(node, "MemoryPressure", "node.kubernetes.io/memory-pressure", wanted);
        addIfTrue(node, "DiskPressure", "node.kubernetes.io/disk-pressure", wanted);
        addIfTrue(node, "PIDPressure", "node.kubernetes.io/pid-pressure", wanted);
        addIfTrue(node, "NetworkUnavailable", "node.kubernetes.io/network-unavailable", wanted);
        if (node.getSpec() != null && Boolean.TRUE.equals(node.getSpec().getUnschedulable())) {
            wanted.add("node.kubernetes.io/unschedulable");
        }
        return with(node, "NoSchedule", SCHEDULE_TAINTS, wanted, now);
    }

    /** The taints with that of effect NoExecute for a readiness; empty when they are so already. */
    static Optional<List<Taint>> executeTaints(Node node, Optional<String> wanted, Instant now) {
        return with(
                node,
                "NoExecute",
                Set.of(NOT_READY, UNREACHABLE),
                wanted.stream().toList(),
                now);
    }

    /** The taint that a readiness calls for; none before anything is known of it. */
    static Optional<String> readinessTaint(Node node) {
        return ready(node).map(NodeCondition::getStatus).flatMap(status -> switch (status) {
            case "False" -> Optional.of(NOT_READY);
            case "Unknown" -> Optional.of(UNREACHABLE);
            default -> Optional.empty();
        });
    }

    static boolean hasTaint(Node node, String key, String effect) {
        return taints(node).stream().anyMatch(taint -> is(taint, key, effect));
    }

    static List<Taint> taints(Node node) {
        return node.getSpec() == null || node.getSpec().getTaints() == null
                ? List.of()
                : node.getSpec().getTaints();
    }

    private static Optional<List<Taint>> with(
            Node node, String effect, Set<String> managed, List<String> wanted, Instant now) {
        List<Taint> result = new ArrayList<>();
        boolean changed = false;
        List<String> missing = new ArrayList<>(wanted);
        for (Taint taint : taints(node)) {
            boolean ours = effect.equals(taint.getEffect()) && managed.contains(taint.getKey());
            if (ours && !missing.remove(taint.getKey())) {
                changed = true;
            } else {
                result.add(taint);
            }
        }
        for (String key : missing) {
            changed = true;
            result.add(new TaintBuilder()
                    .withKey(key)
                    .withEffect(effect)
                    .withTimeAdded(Timestamps.text(now))
                    .build());
        }
        return changed ? Optional.of(result) : Optional.empty();
    }

    private static void addIfTrue(Node node, String condition, String taint, List<String> wanted) {
        if (condition(node, condition).map(c -> "True".equals(c.getStatus())).orElse(false)) {
            wanted.add(taint);
        }
    }

    private static boolean is(Taint taint, String key, String effect) {
        return key.equals(taint.getKey()) && effect.equals(taint.getEffect());
    }
}
