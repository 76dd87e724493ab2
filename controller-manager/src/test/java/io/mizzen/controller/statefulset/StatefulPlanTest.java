// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.statefulset;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSetBuilder;
import io.fabric8.kubernetes.api.model.apps.StatefulSetPersistentVolumeClaimRetentionPolicy;
import io.mizzen.controller.statefulset.StatefulPlan.Step;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StatefulPlanTest {

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private final StatefulSet set = set(3);

    @Test
    void createsOnePodAtATimeAndOnlyBehindReadyOnes() {
        assertThat(steps()).containsExactly(new Step.Create(0, "new"));
        assertThat(steps(pod(0, "new", true))).containsExactly(new Step.Create(1, "new"));
        assertThat(steps(pod(0, "new", false))).isEmpty();
    }

    @Test
    void createsAllAtOnceWhenParallel() {
        set.getSpec().setPodManagementPolicy("Parallel");

        assertThat(steps(pod(1, "new", false))).containsExactly(new Step.Create(0, "new"), new Step.Create(2, "new"));
    }

    @Test
    void deletesTheHighestOrdinalFirstAndWaitsForItsEnd() {
        set.getSpec().setReplicas(1);
        Pod third = pod(2, "new", true);

        assertThat(steps(pod(0, "new", true), pod(1, "new", true), third)).containsExactly(new Step.Condemn(third));
        Pod dying = new PodBuilder(third)
                .editMetadata()
                .withDeletionTimestamp("2026-01-01T00:00:00Z")
                .endMetadata()
                .build();
        assertThat(steps(pod(0, "new", true), pod(1, "new", true), dying)).isEmpty();
    }

    @Test
    void updatesFromTheHighestOrdinalDownToThePartition() {
        Pod second = pod(1, "old", true);
        Pod third = pod(2, "old", true);

        assertThat(steps(pod(0, "old", true), second, third)).containsExactly(new Step.Update(third));
        assertThat(steps(pod(0, "old", true), second, pod(2, "new", true))).containsExactly(new Step.Update(second));
        assertThat(steps(pod(0, "old", true), second, pod(2, "new", false))).isEmpty();
        set.getSpec().getUpdateStrategy().getRollingUpdate().setPartition(2);
        assertThat(steps(pod(0, "old", true), second, pod(2, "new", true))).isEmpty();
    }

    @Test
    void makesAPodBelowThePartitionFromTheCurrentRevision() {
        set.getSpec().getUpdateStrategy().getRollingUpdate().setPartition(1);

        assertThat(StatefulPlan.decide(set, List.of(), "old", "new", NOW).steps())
                .containsExactly(new Step.Create(0, "old"));
    }

    @Test
    void replacesAFailedPod() {
        Pod failed = inPhase(pod(0, "new", false), "Failed");

        assertThat(steps(failed)).containsExactly(new Step.Replace(failed));
    }

    @Test
    void looksAfterTheClaimsOfPodsThatCannotStart() {
        Pod pending = inPhase(pod(0, "new", false), "Pending");
        Pod dying = new PodBuilder(pending)
                .editMetadata()
                .withDeletionTimestamp("2026-01-01T00:00:00Z")
                .endMetadata()
                .build();

        assertThat(steps(pending)).containsExactly(new Step.Restore(0));
        assertThat(steps(dying)).isEmpty();
        set.getSpec().setPodManagementPolicy("Parallel");
        assertThat(steps(pending, pod(1, "new", false), inPhase(pod(2, "new", false), "Pending")))
                .containsExactly(new Step.Restore(0), new Step.Restore(2));
    }

    @Test
    void knowsItsClaimsByName() {
        assertThat(StatefulPods.isClaimOf(set, "data-db-0")).isTrue();
        assertThat(StatefulPods.isClaimOf(set, "data-db-12")).isTrue();
        assertThat(StatefulPods.isClaimOf(set, "data-db-")).isFalse();
        assertThat(StatefulPods.isClaimOf(set, "data-db-x-0")).isFalse();
        assertThat(StatefulPods.isClaimOf(set, "logs-db-0")).isFalse();
    }

    @Test
    void startsCountingWhereTheOrdinalsStart() {
        set.getSpec().setOrdinals(new io.fabric8.kubernetes.api.model.apps.StatefulSetOrdinals(5));
        Pod outside = pod(0, "new", true);

        assertThat(steps(outside)).containsExactly(new Step.Create(5, "new"));
    }

    @Test
    void settlesWhenAllPodsAreNewAndReady() {
        var status = StatefulPlan.decide(
                        set, List.of(pod(0, "new", true), pod(1, "new", true), pod(2, "new", true)), "old", "new", NOW)
                .status();

        assertThat(status).isEqualTo(new StatefulPlan.Status(3, 3, 3, 0, 3, true));
    }

    @Test
    void givesPodsAndClaimsTheirNames() {
        Pod pod = StatefulPods.pod(set, new PodTemplateSpec(), 2, "db-hash");

        assertThat(pod.getMetadata().getName()).isEqualTo("db-2");
        assertThat(pod.getSpec().getHostname()).isEqualTo("db-2");
        assertThat(pod.getSpec().getSubdomain()).isEqualTo("db");
        assertThat(pod.getMetadata().getLabels())
                .containsEntry("statefulset.kubernetes.io/pod-name", "db-2")
                .containsEntry("apps.kubernetes.io/pod-index", "2")
                .containsEntry("controller-revision-hash", "db-hash");
        assertThat(pod.getSpec()
                        .getVolumes()
                        .getFirst()
                        .getPersistentVolumeClaim()
                        .getClaimName())
                .isEqualTo("data-db-2");
        assertThat(StatefulPods.claims(set, 2).getFirst().getMetadata().getName())
                .isEqualTo("data-db-2");
    }

    @Test
    void claimsBelongToWhoeverThePolicyLetsTakeThemAlong() {
        Pod pod = pod(1, "new", true);
        set.getSpec()
                .setPersistentVolumeClaimRetentionPolicy(
                        new StatefulSetPersistentVolumeClaimRetentionPolicy("Delete", "Delete"));
        PersistentVolumeClaim claim = StatefulPods.claims(set, 1).getFirst();
        assertThat(claim.getMetadata().getOwnerReferences())
                .extracting(OwnerReference::getUid)
                .containsExactly("uid-db");

        claim.getMetadata().setOwnerReferences(StatefulPods.owners(set, claim, "db-1", Optional.of(pod)));
        assertThat(claim.getMetadata().getOwnerReferences())
                .extracting(OwnerReference::getUid)
                .containsExactly("uid-1");
        assertThat(StatefulPods.owners(set, claim, "db-1", Optional.empty()))
                .extracting(OwnerReference::getUid)
                .containsExactly("uid-db");

        set.getSpec().setPersistentVolumeClaimRetentionPolicy(null);
        assertThat(StatefulPods.owners(set, claim, "db-1", Optional.of(pod))).isEmpty();
    }

    private static Pod inPhase(Pod pod, String phase) {
        return new PodBuilder(pod).editStatus().withPhase(phase).endStatus().build();
    }

    private List<Step> steps(Pod... pods) {
        return StatefulPlan.decide(set, List.of(pods), "old", "new", NOW).steps().stream()
                .map(step -> step instanceof Step.Create create ? new Step.Create(create.ordinal(), "new") : step)
                .toList();
    }

    private static StatefulSet set(int replicas) {
        return new StatefulSetBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("db")
                .withUid("uid-db")
                .endMetadata()
                .withNewSpec()
                .withReplicas(replicas)
                .withServiceName("db")
                .withNewSelector()
                .addToMatchLabels("app", "db")
                .endSelector()
                .withNewUpdateStrategy()
                .withType("RollingUpdate")
                .withNewRollingUpdate()
                .withPartition(0)
                .endRollingUpdate()
                .endUpdateStrategy()
                .addNewVolumeClaimTemplate()
                .withNewMetadata()
                .withName("data")
                .endMetadata()
                .endVolumeClaimTemplate()
                .endSpec()
                .build();
    }

    private static Pod pod(int ordinal, String revision, boolean ready) {
        return new PodBuilder()
                .withNewMetadata()
                .withName("db-" + ordinal)
                .withUid("uid-" + ordinal)
                .addToLabels("controller-revision-hash", revision)
                .endMetadata()
                .withNewStatus()
                .withPhase("Running")
                .addNewCondition()
                .withType("Ready")
                .withStatus(ready ? "True" : "False")
                .endCondition()
                .endStatus()
                .build();
    }
}
