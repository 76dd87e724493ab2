// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.replicaset;

import io.fabric8.kubernetes.api.model.Pod;
import io.mizzen.client.LabelSelectors;
import io.mizzen.controller.condition.Condition;
import io.mizzen.controller.pod.PodRanking;
import io.mizzen.controller.pod.Pods;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Decides how many pods a set of replicas lacks or has too many, and what its status is. Pure. */
final class ReplicaCore {

    /** At most so many pods are created or deleted in one go. */
    static final int BURST = 500;

    private ReplicaCore() {}

    /** What to do about the pods. */
    sealed interface Action {
        /** As many as wanted are there. */
        record Keep() implements Action {}

        /** Create so many from the template. */
        record Create(int count) implements Action {}

        /** Delete these. */
        record Delete(List<Pod> pods) implements Action {
            /** Copies the list. */
            public Delete {
                pods = List.copyOf(pods);
            }
        }
    }

    /**
     * The status both kinds have.
     *
     * @param terminatingReplicas null where the kind has no such field
     */
    record Status(
            int replicas,
            int fullyLabeledReplicas,
            int readyReplicas,
            int availableReplicas,
            int terminatingReplicas,
            long observedGeneration,
            List<Condition> conditions) {
        /** Copies the conditions. */
        public Status {
            conditions = List.copyOf(conditions);
        }
    }

    /**
     * @param active the set's own active pods
     * @param related active pods of all sets of the same controller, the set's own among them
     */
    static Action decide(int wanted, Collection<Pod> active, Collection<Pod> related, Instant now) {
        int surplus = active.size() - wanted;
        if (surplus == 0) {
            return new Action.Keep();
        }
        if (surplus < 0) {
            return new Action.Create(Math.min(-surplus, BURST));
        }
        int count = Math.min(surplus, BURST);
        if (count == active.size()) {
            return new Action.Delete(List.copyOf(active));
        }
        return new Action.Delete(
                PodRanking.inDeletionOrder(active, related, now).subList(0, count));
    }

    /** What a status is made from. */
    record Observed(
            int wanted,
            Map<String, String> templateLabels,
            int minReadySeconds,
            long generation,
            Collection<Pod> active,
            int terminating,
            Optional<String> failure,
            List<Condition> conditions) {}

    static Status status(Observed observed, Instant now) {
        int labeled = 0;
        int ready = 0;
        int available = 0;
        for (Pod pod : observed.active()) {
            if (LabelSelectors.matchesAll(
                    observed.templateLabels(), pod.getMetadata().getLabels())) {
                labeled++;
            }
            if (Pods.isReady(pod)) {
                ready++;
                if (Pods.isAvailable(pod, observed.minReadySeconds(), now)) {
                    available++;
                }
            }
        }
        int replicas = observed.active().size();
        return new Status(
                replicas,
                labeled,
                ready,
                available,
                observed.terminating(),
                observed.generation(),
                conditions(observed, replicas, now));
    }

    private static List<Condition> conditions(Observed observed, int replicas, Instant now) {
        boolean failedBefore =
                Condition.find(observed.conditions(), "ReplicaFailure").isPresent();
        if (observed.failure().isPresent() && !failedBefore) {
            String reason = replicas < observed.wanted() ? "FailedCreate" : "FailedDelete";
            return Condition.set(
                    observed.conditions(),
                    Condition.of(
                            "ReplicaFailure", "True", reason, observed.failure().get(), now));
        }
        if (observed.failure().isEmpty() && failedBefore) {
            return Condition.remove(observed.conditions(), "ReplicaFailure");
        }
        return observed.conditions();
    }

    /** When the next pod becomes available by the mere passing of time. */
    static Optional<Duration> nextAvailable(Collection<Pod> active, int minReadySeconds, Instant now) {
        return active.stream()
                .flatMap(pod -> Pods.untilAvailable(pod, minReadySeconds, now).stream())
                .min(Comparator.naturalOrder());
    }
}
