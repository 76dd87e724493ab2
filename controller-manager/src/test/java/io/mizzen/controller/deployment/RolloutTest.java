// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.deployment;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetBuilder;
import io.mizzen.client.OwnerReferences;
import io.mizzen.controller.condition.Condition;
import io.mizzen.controller.simulation.Deployments;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RolloutTest {

    private static final Instant NOW = Instant.parse("2026-01-01T01:00:00Z");

    @Test
    void createsTheFirstSetWithHashRevisionAndSizes() {
        Deployment web = deployment(3, "1", "0");

        var create = only(Rollout.Action.CreateSet.class, decide(web)).set();

        String hash = create.getMetadata().getLabels().get("pod-template-hash");
        assertThat(create.getMetadata().getName()).isEqualTo("web-" + hash);
        assertThat(create.getSpec().getReplicas()).isEqualTo(3);
        assertThat(create.getSpec().getSelector().getMatchLabels())
                .containsEntry("app", "web")
                .containsEntry("pod-template-hash", hash);
        assertThat(create.getSpec().getTemplate().getMetadata().getLabels()).containsEntry("pod-template-hash", hash);
        assertThat(create.getMetadata().getAnnotations())
                .containsEntry("deployment.kubernetes.io/revision", "1")
                .containsEntry("deployment.kubernetes.io/desired-replicas", "3")
                .containsEntry("deployment.kubernetes.io/max-replicas", "4");
        assertThat(create.getMetadata().getOwnerReferences().getFirst().getController())
                .isTrue();
    }

    @Test
    void changesTheNameWithTheCollisionCount() {
        Deployment web = deployment(3, "1", "0");
        Deployment collided = new DeploymentBuilder(web)
                .withNewStatus()
                .withCollisionCount(1)
                .endStatus()
                .build();

        String plain = only(Rollout.Action.CreateSet.class, decide(web))
                .set()
                .getMetadata()
                .getName();
        String other = only(Rollout.Action.CreateSet.class, decide(collided))
                .set()
                .getMetadata()
                .getName();

        assertThat(other).isNotEqualTo(plain);
    }

    @Test
    void growsTheNewSetOnlyIntoTheSurge() {
        Deployment web = deployment(4, "1", "1");
        ReplicaSet old = set(web, "image:0", 4, 4, 1);
        ReplicaSet fresh = set(web, "image:1", 0, 0, 2);

        assertThat(sizes(decide(web, old, fresh)))
                .containsExactly(Map.entry(fresh.getMetadata().getName(), 1));
    }

    @Test
    void shrinksTheOldSetOnlyToTheFloor() {
        Deployment web = deployment(4, "1", "1");
        ReplicaSet old = set(web, "image:0", 4, 4, 1);
        ReplicaSet fresh = set(web, "image:1", 1, 0, 2);

        assertThat(sizes(decide(web, old, fresh)))
                .containsExactly(Map.entry(old.getMetadata().getName(), 3));
    }

    @Test
    void dropsPodsThatAreNotAvailableFirst() {
        Deployment web = deployment(4, "0", "1");
        ReplicaSet ill = set(web, "image:0", 2, 0, 1);
        ReplicaSet well = set(web, "image:9", 2, 2, 2);
        ReplicaSet fresh = set(web, "image:1", 0, 0, 3);

        assertThat(sizes(decide(web, well, ill, fresh)))
                .containsExactly(Map.entry(ill.getMetadata().getName(), 1));
    }

    @Test
    void waitsWhileASetsStatusIsOfAnEarlierSize() {
        Deployment web = deployment(4, "1", "1");
        ReplicaSet old = set(web, "image:0", 4, 4, 1);
        old.getMetadata().setGeneration(2L);
        old.getStatus().setObservedGeneration(1L);
        ReplicaSet fresh = set(web, "image:1", 1, 1, 2);

        assertThat(sizes(decide(web, old, fresh))).isEmpty();
    }

    @Test
    void sharesAScalingInTheMiddleOfARolloutByTheSizesOfTheSets() {
        Deployment web = deployment(20, "0", "25%");
        ReplicaSet old = sized(set(web, "image:0", 6, 6, 1), 10, 10);
        ReplicaSet fresh = sized(set(web, "image:1", 4, 4, 2), 10, 10);

        assertThat(sizes(decide(web, old, fresh)))
                .containsOnly(
                        Map.entry(old.getMetadata().getName(), 12),
                        Map.entry(fresh.getMetadata().getName(), 8));
    }

    @Test
    void shrinksOneSetBeforeItGrowsAnother() {
        Deployment web = deployment(10, "0", "1");
        ReplicaSet old = sized(set(web, "image:0", 7, 7, 1), 9, 10);
        ReplicaSet fresh = sized(set(web, "image:1", 2, 2, 2), 16, 16);

        assertThat(decide(web, old, fresh).stream()
                        .filter(Rollout.Action.UpdateSet.class::isInstance)
                        .map(Rollout.Action.UpdateSet.class::cast)
                        .map(update -> update.from() + " to " + update.to()))
                .containsExactly("2 to 1", "7 to 9");
    }

    @Test
    void givesARolledBackSetTheNextRevisionAndRemembersItsOld() {
        Deployment web = deployment(2, "1", "0");
        ReplicaSet first = set(web, "image:1", 0, 0, 1);
        ReplicaSet second = set(web, "image:2", 2, 2, 2);

        List<Rollout.Action> actions = decide(web, first, second);

        ReplicaSet updated = only(Rollout.Action.UpdateSet.class, actions).set();
        assertThat(updated.getMetadata().getName())
                .isEqualTo(first.getMetadata().getName());
        assertThat(updated.getMetadata().getAnnotations())
                .containsEntry("deployment.kubernetes.io/revision", "3")
                .containsEntry("deployment.kubernetes.io/revision-history", "1");
        assertThat(only(Rollout.Action.SetRevision.class, actions).revision()).isEqualTo("3");
    }

    @Test
    void recreatesOnlyWhenNoOldPodIsLeft() {
        Deployment web = Deployments.recreating("web", 2);
        Deployments.setImage(web, "image:1");
        web.getMetadata().setUid("uid-web");
        ReplicaSet old = set(web, "image:0", 2, 2, 1);

        assertThat(sizes(decide(web, old)))
                .containsExactly(Map.entry(old.getMetadata().getName(), 0));

        ReplicaSet empty = set(web, "image:0", 0, 0, 1);
        Pod dying = new PodBuilder()
                .withNewMetadata()
                .withDeletionTimestamp("2026-01-01T00:00:00Z")
                .endMetadata()
                .withNewStatus()
                .withPhase("Running")
                .endStatus()
                .build();
        var waiting = Rollout.decide(
                new Rollout.Observed(
                        web, List.of(empty), Map.of(empty.getMetadata().getUid(), List.of(dying))),
                NOW);
        assertThat(waiting.actions()).noneMatch(Rollout.Action.CreateSet.class::isInstance);
        assertThat(only(Rollout.Action.CreateSet.class, decide(web, empty))
                        .set()
                        .getSpec()
                        .getReplicas())
                .isEqualTo(2);
    }

    @Test
    void doesNotRollOutWhilePausedButScales() {
        Deployment web = deployment(5, "1", "0");
        web.getSpec().setPaused(true);
        ReplicaSet old = sized(set(web, "image:0", 3, 3, 1), 3, 4);

        List<Rollout.Action> actions = decide(web, old);

        assertThat(sizes(actions)).containsExactly(Map.entry(old.getMetadata().getName(), 5));
        assertThat(actions).noneMatch(Rollout.Action.CreateSet.class::isInstance);
        assertThat(progressing(actions).reason()).isEqualTo("DeploymentPaused");
    }

    @Test
    void timesOutWhenTheDeadlinePassesWithoutProgress() {
        Deployment web = withProgress(deployment(2, "1", "0"), "ReplicaSetUpdated", NOW.minusSeconds(601));
        ReplicaSet set = set(web, "image:1", 2, 0, 1);
        web.getStatus().setReplicas(2);
        web.getStatus().setUpdatedReplicas(2);

        Condition progressing = progressing(decide(web, set));

        assertThat(progressing.status()).isEqualTo("False");
        assertThat(progressing.reason()).isEqualTo("ProgressDeadlineExceeded");
        assertThat(progressing.message())
                .isEqualTo("ReplicaSet \"" + set.getMetadata().getName() + "\" has timed out progressing.");
    }

    @Test
    void looksAgainWhenTheDeadlineWillHavePassed() {
        Deployment web = withProgress(deployment(2, "1", "0"), "ReplicaSetUpdated", NOW.minusSeconds(100));
        ReplicaSet set = set(web, "image:1", 2, 0, 1);
        web.getStatus().setReplicas(2);
        web.getStatus().setUpdatedReplicas(2);

        var decision = Rollout.decide(new Rollout.Observed(web, List.of(set), Map.of()), NOW);

        assertThat(decision.again()).contains(Duration.ofSeconds(501));
    }

    @Test
    void saysThatItIsCompleteAndCutsTheHistory() {
        Deployment web = deployment(1, "1", "0");
        web.getSpec().setRevisionHistoryLimit(1);
        List<ReplicaSet> sets = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            sets.add(set(web, "old:" + i, 0, 0, i + 1));
        }
        sets.add(set(web, "image:1", 1, 1, 5));

        List<Rollout.Action> actions = decide(web, sets.toArray(new ReplicaSet[0]));

        assertThat(progressing(actions).reason()).isEqualTo("NewReplicaSetAvailable");
        assertThat(actions.stream()
                        .filter(Rollout.Action.DeleteSet.class::isInstance)
                        .map(a -> ((Rollout.Action.DeleteSet) a)
                                .set()
                                .getMetadata()
                                .getName()))
                .containsExactly(
                        sets.get(0).getMetadata().getName(),
                        sets.get(1).getMetadata().getName(),
                        sets.get(2).getMetadata().getName());
    }

    @Test
    void readsFencepostsAsUpstreamRoundsThem() {
        assertThat(Fenceposts.of(deployment(10, "25%", "25%"))).isEqualTo(new Fenceposts(3, 2));
        assertThat(Fenceposts.of(deployment(1, "0", "25%"))).isEqualTo(new Fenceposts(0, 1));
        assertThat(Fenceposts.of(deployment(2, "1", "5"))).isEqualTo(new Fenceposts(1, 2));
        assertThat(Fenceposts.scaled(new IntOrString("100%"), 7, false)).isEqualTo(7);
    }

    @Test
    void hashesEqualTemplatesAlikeWhateverTheOrderOfTheirLabels() {
        Deployment a = deployment(1, "1", "0");
        a.getSpec().getTemplate().getMetadata().setLabels(new java.util.LinkedHashMap<>(Map.of("x", "1")));
        a.getSpec().getTemplate().getMetadata().getLabels().put("y", "2");
        Deployment b = deployment(1, "1", "0");
        b.getSpec().getTemplate().getMetadata().setLabels(new java.util.LinkedHashMap<>(Map.of("y", "2")));
        b.getSpec().getTemplate().getMetadata().getLabels().put("x", "1");

        assertThat(PodTemplateHash.of(a.getSpec().getTemplate(), null))
                .isEqualTo(PodTemplateHash.of(b.getSpec().getTemplate(), null));
        Deployments.setImage(b, "other");
        assertThat(PodTemplateHash.of(a.getSpec().getTemplate(), null))
                .isNotEqualTo(PodTemplateHash.of(b.getSpec().getTemplate(), null));
    }

    private static List<Rollout.Action> decide(Deployment deployment, ReplicaSet... sets) {
        return Rollout.decide(new Rollout.Observed(deployment, List.of(sets), Map.of()), NOW)
                .actions();
    }

    private static <T> T only(Class<T> type, List<Rollout.Action> actions) {
        List<T> found =
                actions.stream().filter(type::isInstance).map(type::cast).toList();
        assertThat(found).hasSize(1);
        return found.getFirst();
    }

    private static Map<String, Integer> sizes(List<Rollout.Action> actions) {
        Map<String, Integer> sizes = new java.util.TreeMap<>();
        for (Rollout.Action action : actions) {
            if (action instanceof Rollout.Action.UpdateSet update && update.from() != update.to()) {
                sizes.put(update.set().getMetadata().getName(), update.to());
            }
        }
        return sizes;
    }

    private static Condition progressing(List<Rollout.Action> actions) {
        var status = only(Rollout.Action.UpdateStatus.class, actions).status();
        Optional<Condition> condition = Condition.find(status.conditions(), "Progressing");
        assertThat(condition).isPresent();
        return condition.get();
    }

    private static Deployment deployment(int replicas, String surge, String unavailable) {
        Deployment deployment = Deployments.rolling("web", replicas, surge, unavailable);
        deployment.getMetadata().setUid("uid-web");
        deployment.getMetadata().setGeneration(1L);
        return deployment;
    }

    private static Deployment withProgress(Deployment deployment, String reason, Instant updated) {
        return new DeploymentBuilder(deployment)
                .withNewStatus()
                .addNewCondition()
                .withType("Progressing")
                .withStatus("True")
                .withReason(reason)
                .withLastUpdateTime(updated.toString())
                .withLastTransitionTime(updated.toString())
                .endCondition()
                .endStatus()
                .build();
    }

    private static ReplicaSet set(Deployment deployment, String image, int wanted, int available, int revision) {
        Deployment copy = new DeploymentBuilder(deployment).build();
        Deployment template = Deployments.rolling("web", 1, "1", "0");
        Deployments.setImage(template, image);
        String hash = PodTemplateHash.of(template.getSpec().getTemplate(), null);
        int replicas = Fenceposts.replicas(copy);
        return new ReplicaSetBuilder()
                .withNewMetadata()
                .withName("web-" + hash)
                .withNamespace("default")
                .withUid("uid-" + hash)
                .withCreationTimestamp("2026-01-01T00:0" + revision + ":00Z")
                .addToAnnotations("deployment.kubernetes.io/revision", Integer.toString(revision))
                .addToAnnotations("deployment.kubernetes.io/desired-replicas", Integer.toString(replicas))
                .addToAnnotations(
                        "deployment.kubernetes.io/max-replicas",
                        Integer.toString(replicas + Fenceposts.of(copy).maxSurge()))
                .withOwnerReferences(OwnerReferences.controller(copy))
                .endMetadata()
                .withNewSpec()
                .withReplicas(wanted)
                .withMinReadySeconds(0)
                .withTemplate(template.getSpec().getTemplate())
                .endSpec()
                .withNewStatus()
                .withReplicas(wanted)
                .withReadyReplicas(available)
                .withAvailableReplicas(available)
                .endStatus()
                .build();
    }

    private static ReplicaSet sized(ReplicaSet set, int desired, int max) {
        set.getMetadata().getAnnotations().put("deployment.kubernetes.io/desired-replicas", Integer.toString(desired));
        set.getMetadata().getAnnotations().put("deployment.kubernetes.io/max-replicas", Integer.toString(max));
        return set;
    }
}
