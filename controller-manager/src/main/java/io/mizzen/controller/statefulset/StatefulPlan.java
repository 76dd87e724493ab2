// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.statefulset;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSetSpec;
import io.mizzen.controller.pod.Pods;
import io.mizzen.controller.revision.RevisionHistory;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;

/** Decides the next steps of a StatefulSet. Pure. */
final class StatefulPlan {

    private final StatefulSet set;
    private final StatefulSetSpec spec;
    private final String currentRevision;
    private final String updateRevision;
    private final Instant now;
    private final int start;
    private final int replicas;
    private final TreeMap<Integer, Pod> wanted = new TreeMap<>();
    private final List<Pod> condemned = new ArrayList<>();
    private final List<Step> steps = new ArrayList<>();

    /** One thing to do. */
    sealed interface Step {
        /** Create the pod of an ordinal from a revision, its claims first. */
        record Create(int ordinal, String revision) implements Step {}

        /** Make again what is missing of the claims of a pod that cannot start. */
        record Restore(int ordinal) implements Step {}

        /** Delete a pod that has ended, so that it is made again. */
        record Replace(Pod pod) implements Step {}

        /** Delete a pod that is one too many. */
        record Condemn(Pod pod) implements Step {}

        /** Delete a pod of an old revision. */
        record Update(Pod pod) implements Step {}
    }

    /**
     * The numbers of the status.
     *
     * @param settled whether every pod is of the update revision and ready, so that it becomes the current one
     */
    record Status(int replicas, int ready, int available, int current, int updated, boolean settled) {}

    /** What to do, in this order, and what to write. */
    record Decision(List<Step> steps, Status status) {
        Decision {
            steps = List.copyOf(steps);
        }
    }

    private StatefulPlan(StatefulSet set, List<Pod> pods, String currentRevision, String updateRevision, Instant now) {
        this.set = set;
        this.spec = set.getSpec();
        this.currentRevision = currentRevision;
        this.updateRevision = updateRevision;
        this.now = now;
        this.start = start(set);
        this.replicas = replicas(set);
        for (Pod pod : pods) {
            OptionalInt ordinal = ordinal(set, pod);
            if (ordinal.isEmpty()) {
                continue;
            }
            if (isWanted(set, ordinal.getAsInt())) {
                wanted.put(ordinal.getAsInt(), pod);
            } else {
                condemned.add(pod);
            }
        }
        condemned.sort(
                Comparator.comparing((Pod pod) -> ordinal(set, pod).orElse(-1)).reversed());
    }

    static Decision decide(
            StatefulSet set, List<Pod> pods, String currentRevision, String updateRevision, Instant now) {
        StatefulPlan plan = new StatefulPlan(set, pods, currentRevision, updateRevision, now);
        if (set.getMetadata().getDeletionTimestamp() == null && plan.keep() && plan.shrink()) {
            plan.update();
        }
        return new Decision(plan.steps, plan.status(pods));
    }

    /** Whether the set is to have a pod of this ordinal. */
    static boolean isWanted(StatefulSet set, int ordinal) {
        return ordinal >= start(set) && ordinal < start(set) + replicas(set);
    }

    private static int start(StatefulSet set) {
        var ordinals = set.getSpec().getOrdinals();
        return ordinals == null || ordinals.getStart() == null ? 0 : ordinals.getStart();
    }

    private static int replicas(StatefulSet set) {
        Integer replicas = set.getSpec().getReplicas();
        return replicas == null ? 1 : replicas;
    }

    /** The ordinal in a pod's name; empty for a pod whose name is not of this set. */
    static OptionalInt ordinal(StatefulSet set, Pod pod) {
        String prefix = set.getMetadata().getName() + "-";
        String name = pod.getMetadata().getName();
        if (!name.startsWith(prefix) || !name.substring(prefix.length()).matches("0|[1-9][0-9]{0,8}")) {
            return OptionalInt.empty();
        }
        return OptionalInt.of(Integer.parseInt(name.substring(prefix.length())));
    }

    /** Creates and replaces pods, lowest ordinal first; false when the rest has to wait. */
    private boolean keep() {
        for (int ordinal = start; ordinal < start + replicas; ordinal++) {
            Pod pod = wanted.get(ordinal);
            if (pod == null) {
                steps.add(new Step.Create(ordinal, revisionFor(ordinal)));
                if (isOrdered()) {
                    return false;
                }
                continue;
            }
            if (Pods.isTerminal(pod) && !Pods.isTerminating(pod)) {
                steps.add(new Step.Replace(pod));
                if (isOrdered()) {
                    return false;
                }
                continue;
            }
            if (Pods.phase(pod).equals("Pending") && !Pods.isTerminating(pod)) {
                steps.add(new Step.Restore(ordinal));
            }
            if (isOrdered() && !isHealthy(pod)) {
                return false;
            }
        }
        return true;
    }

    /** Deletes pods beyond the replicas, highest ordinal first; false when the rest has to wait. */
    private boolean shrink() {
        for (Pod pod : condemned) {
            if (Pods.isTerminating(pod)) {
                if (isOrdered()) {
                    return false;
                }
                continue;
            }
            steps.add(new Step.Condemn(pod));
            if (isOrdered()) {
                return false;
            }
        }
        return true;
    }

    /** Deletes one pod of an old revision at a time, highest ordinal first, down to the partition. */
    private void update() {
        var strategy = spec.getUpdateStrategy();
        if (strategy != null && "OnDelete".equals(strategy.getType())) {
            return;
        }
        for (Map.Entry<Integer, Pod> entry : wanted.descendingMap().entrySet()) {
            if (entry.getKey() < start + partition()) {
                return;
            }
            Pod pod = entry.getValue();
            if (!updateRevision.equals(revision(pod)) && !Pods.isTerminating(pod)) {
                steps.add(new Step.Update(pod));
                return;
            }
            if (!isHealthy(pod)) {
                return;
            }
        }
    }

    /**
     * A new pod is of the current revision below the partition, or, where no partition is told, below as many as are current; else it
     * is of the update revision, even where the update has not come yet.
     */
    private String revisionFor(int ordinal) {
        var strategy = spec.getUpdateStrategy();
        boolean onDelete = strategy != null && "OnDelete".equals(strategy.getType());
        if (onDelete || currentRevision.equals(updateRevision)) {
            return updateRevision;
        }
        if (strategy != null && strategy.getRollingUpdate() != null) {
            return ordinal < start + partition() ? currentRevision : updateRevision;
        }
        Integer current = set.getStatus() == null ? null : set.getStatus().getCurrentReplicas();
        return ordinal < start + (current == null ? 0 : current) ? currentRevision : updateRevision;
    }

    private int partition() {
        var strategy = spec.getUpdateStrategy();
        Integer partition = strategy == null || strategy.getRollingUpdate() == null
                ? null
                : strategy.getRollingUpdate().getPartition();
        return partition == null ? 0 : partition;
    }

    private boolean isOrdered() {
        return !"Parallel".equals(spec.getPodManagementPolicy());
    }

    private boolean isHealthy(Pod pod) {
        return Pods.phase(pod).equals("Running")
                && !Pods.isTerminating(pod)
                && Pods.isAvailable(pod, minReadySeconds(set), now);
    }

    private Status status(List<Pod> pods) {
        int count = 0;
        int ready = 0;
        int available = 0;
        int current = 0;
        int updated = 0;
        for (Pod pod : pods) {
            if (Pods.phase(pod).isEmpty() || ordinal(set, pod).isEmpty()) {
                continue;
            }
            count++;
            boolean running = Pods.phase(pod).equals("Running") && Pods.isReady(pod);
            ready += running ? 1 : 0;
            available += running && Pods.isAvailable(pod, minReadySeconds(set), now) ? 1 : 0;
            if (!Pods.isTerminating(pod)) {
                current += currentRevision.equals(revision(pod)) ? 1 : 0;
                updated += updateRevision.equals(revision(pod)) ? 1 : 0;
            }
        }
        boolean settled = updated == count && ready == count && count == replicas;
        return new Status(count, ready, available, current, updated, settled);
    }

    static int minReadySeconds(StatefulSet set) {
        Integer seconds = set.getSpec().getMinReadySeconds();
        return seconds == null ? 0 : seconds;
    }

    static String revision(Pod pod) {
        Map<String, String> labels = pod.getMetadata().getLabels();
        return labels == null ? "" : labels.getOrDefault(RevisionHistory.LABEL, "");
    }
}
