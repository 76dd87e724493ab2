// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.deployment;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpecBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetBuilder;
import io.mizzen.client.OwnerReferences;
import io.mizzen.controller.condition.Condition;
import io.mizzen.controller.pod.Pods;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Decides the next step of a Deployment from what is observed. Pure: the same observation gives the same actions, and
 * performing them in order, or only the first few, is always safe.
 */
final class Rollout {

    private final Deployment deployment;
    private final List<ReplicaSet> sets;
    private final Optional<ReplicaSet> newest;
    private final List<ReplicaSet> old;
    private final Map<String, List<Pod>> pods;
    private final Instant now;
    private final List<Action> actions = new ArrayList<>();
    private final Map<String, ReplicaSet> changed = new HashMap<>();
    private List<Condition> conditions;
    private Optional<String> revisionToWrite = Optional.empty();

    /** What to do, in this order. */
    sealed interface Action {
        /** Create the set of the newest template; {@code status} is what to write when that fails. */
        record CreateSet(ReplicaSet set, RolloutStatus status) implements Action {}

        /** Write a set whose size or annotations changed. */
        record UpdateSet(ReplicaSet set, int from, int to) implements Action {}

        /** Delete an old set that has no pods. */
        record DeleteSet(ReplicaSet set) implements Action {}

        /** Write the Deployment's revision annotation. */
        record SetRevision(String revision) implements Action {}

        /** Write the status. */
        record UpdateStatus(RolloutStatus status, int wantedOfAllSets) implements Action {}
    }

    /**
     * The outcome.
     *
     * @param actions what to do, in order
     * @param again when to look again without a change
     */
    record Decision(List<Action> actions, Optional<Duration> again) {
        Decision {
            actions = List.copyOf(actions);
        }
    }

    /**
     * What is known.
     *
     * @param deployment the Deployment
     * @param sets all ReplicaSets that are its own
     * @param pods the pods of each set, by the set's UID
     */
    record Observed(Deployment deployment, List<ReplicaSet> sets, Map<String, List<Pod>> pods) {}

    private Rollout(Observed observed, Instant now) {
        this.deployment = observed.deployment();
        this.sets = observed.sets().stream().sorted(Sizes.OLDEST_FIRST).toList();
        this.newest = newestOf(deployment, sets);
        this.old = sets.stream().filter(set -> set != newest.orElse(null)).toList();
        this.pods = observed.pods();
        this.now = now;
        this.conditions = RolloutStatus.read(deployment).conditions();
    }

    static Decision decide(Observed observed, Instant now) {
        return new Rollout(observed, now).decide();
    }

    static boolean isRecreate(Deployment deployment) {
        var strategy = deployment.getSpec().getStrategy();
        return strategy != null && "Recreate".equals(strategy.getType());
    }

    /** The oldest set whose template is the Deployment's. */
    static Optional<ReplicaSet> newestOf(Deployment deployment, List<ReplicaSet> oldestFirst) {
        PodTemplateSpec template = deployment.getSpec().getTemplate();
        return oldestFirst.stream()
                .filter(set -> PodTemplateHash.equalIgnoringHash(set.getSpec().getTemplate(), template))
                .findFirst();
    }

    private Decision decide() {
        if (deployment.getMetadata().getDeletionTimestamp() != null) {
            return finish(status());
        }
        notePause();
        boolean paused = Boolean.TRUE.equals(deployment.getSpec().getPaused());
        if (paused || isScalingEvent()) {
            adoptRevision();
            scale();
            if (paused) {
                cutHistory();
            }
            return finish(status());
        }
        return isRecreate(deployment) ? recreate() : roll();
    }

    private Decision roll() {
        if (newest.isEmpty()) {
            return create(Sizes.newest(deployment, newest, sets));
        }
        adoptRevision();
        ReplicaSet set = newest.get();
        int size = Sizes.wanted(set) > Fenceposts.replicas(deployment)
                ? Fenceposts.replicas(deployment)
                : Sizes.newest(deployment, newest, sets);
        if (size != Sizes.wanted(set)) {
            resize(set, size);
        } else if (sets.stream().allMatch(Rollout::isObserved)) {
            // Until its controller has seen a set's present size, the set's status says nothing about it: it may be
            // deleting pods that a later resize wants to keep.
            Map<String, Integer> shrunk = Sizes.shrinkOld(deployment, set, old);
            old.forEach(one -> {
                Integer to = shrunk.get(one.getMetadata().getName());
                if (to != null) {
                    resize(one, to);
                }
            });
        }
        return finishRollout();
    }

    private Decision recreate() {
        List<ReplicaSet> active =
                old.stream().filter(set -> Sizes.wanted(set) > 0).toList();
        if (newest.isPresent()) {
            adoptRevision();
        }
        if (!active.isEmpty()) {
            active.forEach(set -> resize(set, 0));
            return finishRollout();
        }
        if (oldPodsRun()) {
            return finishRollout();
        }
        if (newest.isEmpty()) {
            return create(Fenceposts.replicas(deployment));
        }
        resize(newest.get(), Fenceposts.replicas(deployment));
        return finishRollout();
    }

    private boolean oldPodsRun() {
        if (old.stream().mapToInt(Sizes::actual).sum() > 0) {
            return true;
        }
        String newUid = newest.map(set -> set.getMetadata().getUid()).orElse("");
        return pods.entrySet().stream()
                .filter(entry -> !entry.getKey().equals(newUid))
                .flatMap(entry -> entry.getValue().stream())
                .anyMatch(pod -> !Pods.isTerminal(pod));
    }

    private Decision create(int size) {
        long revision = Revisions.highest(old) + 1;
        ReplicaSet set = newSet(revision, size);
        String name = set.getMetadata().getName();
        RolloutStatus failing = status().with(Condition.set(
                conditions,
                Condition.of(
                        RolloutStatus.PROGRESSING,
                        "False",
                        "ReplicaSetCreateError",
                        "Failed to create new replica set \"" + name + "\"",
                        now)));
        actions.add(new Action.CreateSet(set, failing));
        noteRevision(revision);
        if (RolloutStatus.hasDeadline(deployment)) {
            conditions = Condition.set(
                    conditions,
                    Condition.of(
                            RolloutStatus.PROGRESSING,
                            "True",
                            "NewReplicaSetCreated",
                            "Created new replica set \"" + name + "\"",
                            now));
        }
        return finish(status().withFailure(sets, newest, now));
    }

    private ReplicaSet newSet(long revision, int size) {
        String hash = PodTemplateHash.of(
                deployment.getSpec().getTemplate(),
                RolloutStatus.read(deployment).collisionCount());
        LabelSelector selector = new LabelSelectorBuilder(deployment.getSpec().getSelector())
                .addToMatchLabels(PodTemplateHash.LABEL, hash)
                .build();
        PodTemplateSpec template = new PodTemplateSpecBuilder(
                        deployment.getSpec().getTemplate())
                .editOrNewMetadata()
                .addToLabels(PodTemplateHash.LABEL, hash)
                .endMetadata()
                .build();
        int replicas = Fenceposts.replicas(deployment);
        Map<String, String> annotations = Revisions.withSizes(
                Revisions.ofNewest(deployment, Map.of(), revision),
                replicas,
                replicas + Fenceposts.of(deployment).maxSurge());
        return new ReplicaSetBuilder()
                .withNewMetadata()
                .withNamespace(deployment.getMetadata().getNamespace())
                .withName(deployment.getMetadata().getName() + "-" + hash)
                .withLabels(template.getMetadata().getLabels())
                .withAnnotations(annotations)
                .withOwnerReferences(OwnerReferences.controller(deployment))
                .endMetadata()
                .withNewSpec()
                .withReplicas(size)
                .withMinReadySeconds(deployment.getSpec().getMinReadySeconds())
                .withSelector(selector)
                .withTemplate(template)
                .endSpec()
                .build();
    }

    /** Gives the newest set the revision above all others, and the Deployment's annotations and readiness delay. */
    private void adoptRevision() {
        if (newest.isEmpty()) {
            return;
        }
        ReplicaSet set = newest.get();
        long revision = Math.max(Revisions.revision(set), Revisions.highest(old) + 1);
        Map<String, String> annotations = Revisions.ofNewest(deployment, Revisions.annotations(set), revision);
        int minReady = minReadySeconds(deployment.getSpec().getMinReadySeconds());
        if (!annotations.equals(Revisions.annotations(set))
                || minReady != minReadySeconds(set.getSpec().getMinReadySeconds())) {
            ReplicaSet copy = new ReplicaSetBuilder(set)
                    .editMetadata()
                    .withAnnotations(annotations)
                    .endMetadata()
                    .editSpec()
                    .withMinReadySeconds(minReady)
                    .endSpec()
                    .build();
            changed.put(set.getMetadata().getName(), copy);
        }
        noteRevision(revision);
        if (RolloutStatus.hasDeadline(deployment)
                && Condition.find(conditions, RolloutStatus.PROGRESSING).isEmpty()) {
            String name = set.getMetadata().getName();
            conditions = Condition.set(
                    conditions,
                    Condition.of(
                            RolloutStatus.PROGRESSING,
                            "True",
                            "FoundNewReplicaSet",
                            "Found new replica set \"" + name + "\"",
                            now));
        }
    }

    private void noteRevision(long revision) {
        if (Revisions.revision(deployment) != revision) {
            revisionToWrite = Optional.of(Long.toString(revision));
        }
    }

    private void notePause() {
        Optional<Condition> current = Condition.find(conditions, RolloutStatus.PROGRESSING);
        if (!RolloutStatus.hasDeadline(deployment)
                || current.map(c -> c.reason().equals(RolloutStatus.TIMED_OUT)).orElse(false)) {
            return;
        }
        boolean paused = Boolean.TRUE.equals(deployment.getSpec().getPaused());
        boolean saysPaused =
                current.map(c -> c.reason().equals(RolloutStatus.PAUSED)).orElse(false);
        if (paused && !saysPaused) {
            conditions = Condition.set(
                    conditions,
                    Condition.of(
                            RolloutStatus.PROGRESSING, "Unknown", RolloutStatus.PAUSED, "Deployment is paused", now));
        } else if (!paused && saysPaused) {
            conditions = Condition.set(
                    conditions,
                    Condition.of(
                            RolloutStatus.PROGRESSING, "Unknown", "DeploymentResumed", "Deployment is resumed", now));
        }
    }

    /** Whether the Deployment was scaled since its active sets were. */
    private boolean isScalingEvent() {
        int replicas = Fenceposts.replicas(deployment);
        return sets.stream().filter(set -> Sizes.wanted(set) > 0).anyMatch(set -> {
            var desired = Revisions.count(set, Revisions.DESIRED);
            return desired.isPresent() && desired.getAsInt() != replicas;
        });
    }

    private void scale() {
        List<ReplicaSet> active =
                sets.stream().filter(set -> Sizes.wanted(set) > 0).toList();
        int replicas = Fenceposts.replicas(deployment);
        if (active.size() <= 1) {
            activeOrLatest(active).ifPresent(set -> resize(set, replicas));
            return;
        }
        if (newest.isPresent() && isSaturated(newest.get())) {
            active.stream().filter(set -> set != newest.get()).forEach(set -> resize(set, 0));
            return;
        }
        if (!isRecreate(deployment)) {
            Map<String, Integer> sizes = Sizes.proportional(deployment, active);
            active.forEach(
                    set -> resize(set, sizes.getOrDefault(set.getMetadata().getName(), Sizes.wanted(set))));
        }
    }

    private Optional<ReplicaSet> activeOrLatest(List<ReplicaSet> active) {
        if (!active.isEmpty()) {
            return Optional.of(active.getFirst());
        }
        return newest.or(() -> old.isEmpty() ? Optional.empty() : Optional.of(old.getLast()));
    }

    private boolean isSaturated(ReplicaSet set) {
        int replicas = Fenceposts.replicas(deployment);
        var desired = Revisions.count(set, Revisions.DESIRED);
        return Sizes.wanted(set) == replicas
                && desired.isPresent()
                && desired.getAsInt() == replicas
                && Sizes.available(set) == replicas;
    }

    /** Notes a set's next size, and for which size of the Deployment that is. */
    private void resize(ReplicaSet set, int size) {
        String name = set.getMetadata().getName();
        ReplicaSet base = changed.getOrDefault(name, set);
        int replicas = Fenceposts.replicas(deployment);
        Map<String, String> annotations = Revisions.withSizes(
                Revisions.annotations(base),
                replicas,
                replicas + Fenceposts.of(deployment).maxSurge());
        if (size == Sizes.wanted(set) && annotations.equals(Revisions.annotations(base))) {
            return;
        }
        changed.put(
                name,
                new ReplicaSetBuilder(base)
                        .editMetadata()
                        .withAnnotations(annotations)
                        .endMetadata()
                        .editSpec()
                        .withReplicas(size)
                        .endSpec()
                        .build());
    }

    private RolloutStatus status() {
        return RolloutStatus.observe(deployment, conditions, sets, newest).withAvailability(deployment, now);
    }

    private Decision finishRollout() {
        RolloutStatus before = RolloutStatus.read(deployment);
        RolloutStatus status =
                status().withProgress(deployment, before, newest, now).withFailure(sets, newest, now);
        if (status.isComplete(deployment)) {
            cutHistory();
        }
        return finish(status);
    }

    private Decision finish(RolloutStatus status) {
        List<Action.UpdateSet> updates = new ArrayList<>();
        for (ReplicaSet set : sets) {
            ReplicaSet copy = changed.get(set.getMetadata().getName());
            if (copy != null) {
                updates.add(new Action.UpdateSet(copy, Sizes.wanted(set), Sizes.wanted(copy)));
            }
        }
        // What grows comes after what makes room for it, or stopping between the two would leave too many.
        updates.sort(Comparator.comparing(update -> update.from() < update.to()));
        actions.addAll(updates);
        if (!status.equals(RolloutStatus.read(deployment)) || unavailableChanged(status)) {
            actions.add(new Action.UpdateStatus(status, Sizes.wanted(sets)));
        }
        // After the status, whose write wants the Deployment at the version it was read.
        revisionToWrite.ifPresent(revision -> actions.add(new Action.SetRevision(revision)));
        return new Decision(actions, status.untilDeadline(deployment, now));
    }

    private boolean unavailableChanged(RolloutStatus status) {
        Integer before =
                deployment.getStatus() == null ? null : deployment.getStatus().getUnavailableReplicas();
        Integer after = status.model(Sizes.wanted(sets)).getUnavailableReplicas();
        return (before == null ? 0 : before) != (after == null ? 0 : after);
    }

    /** Old sets beyond the history limit go, the oldest revision first, once nothing of them is left. */
    private void cutHistory() {
        Integer limit = deployment.getSpec().getRevisionHistoryLimit();
        if (limit == null || limit == Integer.MAX_VALUE) {
            return;
        }
        List<ReplicaSet> alive = old.stream()
                .filter(set -> set.getMetadata().getDeletionTimestamp() == null)
                .sorted(Comparator.comparingLong((ReplicaSet set) -> Revisions.revision(set))
                        .thenComparing(Sizes.OLDEST_FIRST))
                .toList();
        for (ReplicaSet set : alive.subList(0, Math.max(0, alive.size() - limit))) {
            if (Sizes.wanted(set) == 0 && Sizes.actual(set) == 0 && isObserved(set)) {
                actions.add(new Action.DeleteSet(set));
            }
        }
    }

    private static boolean isObserved(ReplicaSet set) {
        Long generation = set.getMetadata().getGeneration();
        Long observed = set.getStatus() == null ? null : set.getStatus().getObservedGeneration();
        return generation == null || (observed != null && observed >= generation);
    }

    private static int minReadySeconds(@Nullable Integer seconds) {
        return seconds == null ? 0 : seconds;
    }
}
