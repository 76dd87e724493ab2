// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.deployment;

import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentConditionBuilder;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatus;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatusBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetCondition;
import io.mizzen.controller.condition.Condition;
import io.mizzen.controller.condition.Timestamps;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The status of a Deployment: counts over its sets, and the conditions Available, Progressing and ReplicaFailure with
 * upstream's reasons and words. Pure.
 */
record RolloutStatus(
        int replicas,
        int updated,
        int ready,
        int available,
        int terminating,
        long observedGeneration,
        @Nullable Integer collisionCount,
        List<Condition> conditions) {

    static final String AVAILABLE = "Available";
    static final String PROGRESSING = "Progressing";
    static final String FAILURE = "ReplicaFailure";
    static final String COMPLETE = "NewReplicaSetAvailable";
    static final String TIMED_OUT = "ProgressDeadlineExceeded";
    static final String PAUSED = "DeploymentPaused";

    private static final int NO_DEADLINE = Integer.MAX_VALUE;

    RolloutStatus {
        conditions = List.copyOf(conditions);
    }

    /** The status a Deployment carries now. */
    static RolloutStatus read(Deployment deployment) {
        DeploymentStatus status = deployment.getStatus() == null ? new DeploymentStatus() : deployment.getStatus();
        List<Condition> conditions = status.getConditions() == null
                ? List.of()
                : status.getConditions().stream()
                        .map(c -> Condition.read(
                                c.getType(),
                                c.getStatus(),
                                c.getReason(),
                                c.getMessage(),
                                c.getLastUpdateTime(),
                                c.getLastTransitionTime()))
                        .toList();
        return new RolloutStatus(
                zero(status.getReplicas()),
                zero(status.getUpdatedReplicas()),
                zero(status.getReadyReplicas()),
                zero(status.getAvailableReplicas()),
                zero(status.getTerminatingReplicas()),
                status.getObservedGeneration() == null ? 0 : status.getObservedGeneration(),
                status.getCollisionCount(),
                conditions);
    }

    /** The counts and the Available condition that follow from the sets; the other conditions as they are. */
    static RolloutStatus observe(
            Deployment deployment, List<Condition> conditions, List<ReplicaSet> sets, Optional<ReplicaSet> newest) {
        int replicas = sets.stream().mapToInt(Sizes::actual).sum();
        int available = Sizes.available(sets);
        int ready = sets.stream()
                .mapToInt(set ->
                        set.getStatus() == null ? 0 : zero(set.getStatus().getReadyReplicas()))
                .sum();
        int terminating = sets.stream()
                .mapToInt(set ->
                        set.getStatus() == null ? 0 : zero(set.getStatus().getTerminatingReplicas()))
                .sum();
        Long generation = deployment.getMetadata().getGeneration();
        return new RolloutStatus(
                replicas,
                newest.map(Sizes::actual).orElse(0),
                ready,
                available,
                terminating,
                generation == null ? 0 : generation,
                read(deployment).collisionCount(),
                conditions);
    }

    RolloutStatus withAvailability(Deployment deployment, Instant now) {
        int floor = Fenceposts.replicas(deployment) - Fenceposts.of(deployment).maxUnavailable();
        Condition condition = available >= floor
                ? Condition.of(
                        AVAILABLE, "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", now)
                : Condition.of(
                        AVAILABLE,
                        "False",
                        "MinimumReplicasUnavailable",
                        "Deployment does not have minimum availability.",
                        now);
        return with(Condition.set(conditions, condition));
    }

    /** The Progressing condition as the counts changed from {@code before}. */
    RolloutStatus withProgress(Deployment deployment, RolloutStatus before, Optional<ReplicaSet> newest, Instant now) {
        if (!hasDeadline(deployment)) {
            return with(Condition.remove(conditions, PROGRESSING));
        }
        Optional<Condition> current = Condition.find(conditions, PROGRESSING);
        boolean settled = replicas == updated
                && current.map(c -> c.reason().equals(COMPLETE)).orElse(false);
        if (settled) {
            return this;
        }
        String subject = newest.map(set -> "ReplicaSet \"" + set.getMetadata().getName() + "\"")
                .orElse("Deployment \"" + deployment.getMetadata().getName() + "\"");
        if (isComplete(deployment)) {
            return with(Condition.set(
                    conditions,
                    Condition.of(PROGRESSING, "True", COMPLETE, subject + " has successfully progressed.", now)));
        }
        if (hasProgressedSince(before)) {
            Condition progress =
                    Condition.of(PROGRESSING, "True", "ReplicaSetUpdated", subject + " is progressing.", now);
            return with(Condition.replace(conditions, progress));
        }
        if (hasTimedOut(deployment, now)) {
            return with(Condition.set(
                    conditions,
                    Condition.of(PROGRESSING, "False", TIMED_OUT, subject + " has timed out progressing.", now)));
        }
        return this;
    }

    /** The ReplicaFailure condition, copied from the newest set, or from any other where that has none. */
    RolloutStatus withFailure(List<ReplicaSet> sets, Optional<ReplicaSet> newest, Instant now) {
        List<ReplicaSet> newestFirst = new ArrayList<>(sets);
        newest.ifPresent(set -> newestFirst.addFirst(set));
        Optional<ReplicaSetCondition> failure = newestFirst.stream()
                .filter(set -> set.getStatus() != null && set.getStatus().getConditions() != null)
                .flatMap(set -> set.getStatus().getConditions().stream())
                .filter(c -> FAILURE.equals(c.getType()))
                .findFirst();
        if (failure.isEmpty()) {
            return with(Condition.remove(conditions, FAILURE));
        }
        ReplicaSetCondition f = failure.get();
        Condition condition = Condition.read(
                FAILURE, f.getStatus(), f.getReason(), f.getMessage(), Timestamps.text(now), f.getLastTransitionTime());
        return with(Condition.set(conditions, condition));
    }

    RolloutStatus with(List<Condition> changed) {
        return new RolloutStatus(
                replicas, updated, ready, available, terminating, observedGeneration, collisionCount, changed);
    }

    RolloutStatus withCollision() {
        int count = collisionCount == null ? 0 : collisionCount;
        return new RolloutStatus(
                replicas, updated, ready, available, terminating, observedGeneration, count + 1, conditions);
    }

    boolean isComplete(Deployment deployment) {
        int wanted = Fenceposts.replicas(deployment);
        Long generation = deployment.getMetadata().getGeneration();
        return updated == wanted
                && replicas == wanted
                && available == wanted
                && observedGeneration >= (generation == null ? 0 : generation);
    }

    /** When the deadline has to be looked at again; empty when it cannot pass. */
    Optional<Duration> untilDeadline(Deployment deployment, Instant now) {
        Optional<Condition> current = Condition.find(conditions, PROGRESSING);
        if (!hasDeadline(deployment) || current.isEmpty() || isComplete(deployment)) {
            return Optional.empty();
        }
        String reason = current.get().reason();
        if (reason.equals(TIMED_OUT) || reason.equals(PAUSED) || reason.equals(COMPLETE)) {
            return Optional.empty();
        }
        int seconds = deployment.getSpec().getProgressDeadlineSeconds();
        return Timestamps.parse(current.get().updated())
                .map(from -> Duration.between(now, from.plusSeconds(seconds)).plusSeconds(1))
                .map(left -> left.isNegative() ? Duration.ofSeconds(1) : left);
    }

    static boolean hasDeadline(Deployment deployment) {
        Integer seconds = deployment.getSpec().getProgressDeadlineSeconds();
        return seconds != null && seconds != NO_DEADLINE;
    }

    /** The model object to send. */
    DeploymentStatus model(int wanted) {
        return new DeploymentStatusBuilder()
                .withReplicas(nonZero(replicas))
                .withUpdatedReplicas(nonZero(updated))
                .withReadyReplicas(nonZero(ready))
                .withAvailableReplicas(nonZero(available))
                .withUnavailableReplicas(nonZero(unavailable(wanted)))
                .withTerminatingReplicas(terminating)
                .withObservedGeneration(observedGeneration)
                .withCollisionCount(collisionCount)
                .withConditions(conditions.stream()
                        .map(c -> new DeploymentConditionBuilder()
                                .withType(c.type())
                                .withStatus(c.status())
                                .withReason(c.reason())
                                .withMessage(c.message())
                                .withLastUpdateTime(c.updated())
                                .withLastTransitionTime(c.transitioned())
                                .build())
                        .toList())
                .build();
    }

    private int unavailable(int wantedOfAllSets) {
        return Math.max(0, wantedOfAllSets - available);
    }

    private boolean hasProgressedSince(RolloutStatus before) {
        return updated > before.updated
                || replicas - updated < before.replicas - before.updated
                || ready > before.ready
                || available > before.available;
    }

    private boolean hasTimedOut(Deployment deployment, Instant now) {
        Optional<Condition> current = Condition.find(conditions, PROGRESSING);
        if (current.isEmpty() || current.get().reason().equals(COMPLETE)) {
            return false;
        }
        if (current.get().reason().equals(TIMED_OUT)) {
            return true;
        }
        int seconds = deployment.getSpec().getProgressDeadlineSeconds();
        return Timestamps.parse(current.get().updated())
                .map(from -> from.plusSeconds(seconds).isBefore(now))
                .orElse(false);
    }

    private static @Nullable Integer nonZero(int value) {
        return value == 0 ? null : value;
    }

    private static int zero(@Nullable Integer value) {
        return value == null ? 0 : value;
    }
}
