// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSetBuilder;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import io.mizzen.controller.garbage.GarbageCollector;
import io.mizzen.controller.statefulset.StatefulSetController;
import io.mizzen.testing.cluster.Change;
import io.mizzen.testing.cluster.Faults;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random histories of one StatefulSet: a user who scales, sets images and partitions; pods that fail or are deleted; claims that are deleted before
 * their pods have a node, which they do not get without them; a process with stale caches and failing writes. Pods come and go in their order, those below the partition stay, claims are kept or go as the
 * policy says, and in the end every ordinal has its pod. Replay one with {@code -Dsimulation.seed=<seed>}; run more with
 * {@code -Dsimulation.rounds=<n>}.
 */
class StatefulSimulationTest {
    private static final ResourceType SETS = ResourceType.of(StatefulSet.class);
    private static final ResourceType CLAIMS = ResourceType.of(PersistentVolumeClaim.class);
    private static final ObjectKey DB = new ObjectKey("default", "db");

    static LongStream seeds() {
        // New pods on claims that went with former ones.
        return Simulation.seeds(25, 31, 3_001_196);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void keepsOrderPartitionAndClaims(long seed) {
        Simulation simulation = new Simulation(seed, List.of(StatefulSetController::new, GarbageCollector::new));
        boolean ordered = simulation.random.nextInt(3) > 0;
        int start = simulation.random.nextInt(3);
        String whenScaled = simulation.random.nextBoolean() ? "Retain" : "Delete";
        List<String> violations = new ArrayList<>();
        boolean[] byUser = new boolean[1];
        simulation.cluster.observe(change -> check(simulation, change, ordered, start, byUser[0], violations));
        simulation.cluster.create(SETS, Json.tree(set(simulation.random.nextInt(5), ordered, start, whenScaled)));
        simulation.faults = simulation::roughFate;
        simulation.caredFor = pod -> isOnNode(pod) || hasClaim(simulation, pod);

        simulation.live(300 + simulation.random.nextInt(300), 25, () -> {
            byUser[0] = true;
            userStep(simulation);
            byUser[0] = false;
        });

        simulation.faults = Faults.NONE;
        setPartition(simulation, 0);
        boolean settled = simulation.settle(20_000, () -> isAsWanted(simulation, start));
        String replay = "replay with -Dtest=StatefulSimulationTest -Dsimulation.seed=" + seed;
        assertThat(violations).as(replay).isEmpty();
        assertThat(settled)
                .as(() -> replay + "\n" + simulation.describe(SETS, CLAIMS, Simulation.PODS))
                .isTrue();
    }

    /** What the controller does is judged by what it sees. */
    private static void check(
            Simulation simulation, Change change, boolean ordered, int start, boolean byUser, List<String> violations) {
        if (!change.type().equals(Simulation.PODS) || byUser) {
            return;
        }
        ObjectNode pod = change.object();
        int ordinal = ordinal(pod);
        StatefulSet set = simulation.informers.of(StatefulSet.class).find(DB).orElseThrow();
        List<ObjectNode> seen = simulation.informers.of(Pod.class).list().stream()
                .<ObjectNode>map(Json::tree)
                .toList();
        if (change.kind() == Change.Kind.ADDED) {
            if (ordered) {
                for (int i = start; i < ordinal; i++) {
                    if (!isWell(seen, i)) {
                        violations.add("pod " + ordinal + " was made before pod " + i + " was ready");
                    }
                }
            }
            if (!hasClaim(simulation, pod)
                    && simulation.informers.of(PersistentVolumeClaim.class).list().stream()
                            .noneMatch(claim -> claim.getMetadata().getName().equals("data-db-" + ordinal))) {
                violations.add("pod " + ordinal + " was made before its claim");
            }
            return;
        }
        boolean isDeletion = change.kind() == Change.Kind.MODIFIED
                && pod.path("metadata").has("deletionTimestamp")
                && pod.path("metadata").path("deletionGracePeriodSeconds").asInt() > 0;
        if (!isDeletion) {
            return;
        }
        int end = start + set.getSpec().getReplicas();
        var policy = set.getSpec().getPersistentVolumeClaimRetentionPolicy();
        boolean isScaledAway = ordinal < start || ordinal >= end;
        boolean isOwned = simulation
                .cluster
                .find(CLAIMS, new ObjectKey("default", "data-db-" + ordinal))
                .map(claim -> claim.path("metadata").path("ownerReferences").toString())
                .map(owners -> owners.contains(pod.path("metadata").path("uid").asText()))
                .orElse(policy.getWhenScaled().equals("Delete"));
        if (isScaledAway && isOwned != policy.getWhenScaled().equals("Delete")) {
            violations.add("pod " + ordinal + " was taken, its claim goes with it: " + isOwned);
        }
        int partition = set.getSpec().getUpdateStrategy().getRollingUpdate().getPartition();
        boolean isSeenWell = isWell(seen, ordinal);
        if (isSeenWell && ordinal >= start && ordinal < Math.min(end, start + partition)) {
            violations.add("pod " + ordinal + " was taken, the partition is " + partition);
        }
        if (ordered && isSeenWell) {
            for (int i = start; i < Math.min(end, ordinal); i++) {
                if (!isWell(seen, i)) {
                    violations.add("pod " + ordinal + " was taken while pod " + i + " was not ready");
                }
            }
            boolean higher = seen.stream()
                    .anyMatch(other -> ordinal(other) > ordinal
                            && (ordinal(other) >= end || !RolloutInvariants.isReadyCondition(other)));
            if (higher) {
                violations.add("pod " + ordinal + " was taken before a higher one was done");
            }
        }
    }

    private static boolean isWell(List<ObjectNode> pods, int ordinal) {
        return pods.stream()
                .anyMatch(pod -> ordinal(pod) == ordinal
                        && RolloutInvariants.isActive(pod)
                        && RolloutInvariants.isReadyCondition(pod));
    }

    private static int ordinal(ObjectNode pod) {
        return Integer.parseInt(pod.path("metadata").path("name").asText().substring("db-".length()));
    }

    private static ObjectKey claimOf(ObjectNode pod) {
        return new ObjectKey("default", "data-db-" + ordinal(pod));
    }

    private static boolean hasClaim(Simulation simulation, ObjectNode pod) {
        return simulation.cluster.find(CLAIMS, claimOf(pod)).isPresent();
    }

    private static boolean isOnNode(ObjectNode pod) {
        return !pod.at("/spec/nodeName").asText("").isEmpty();
    }

    private static void userStep(Simulation simulation) {
        StatefulSet set = simulation.cluster.find(StatefulSet.class, DB).orElseThrow();
        switch (simulation.random.nextInt(7)) {
            case 6 -> deleteClaimOfSomePendingPod(simulation);
            case 0, 1 -> {
                set.getSpec().setReplicas(simulation.random.nextInt(5));
                simulation.cluster.update(SETS, Json.tree(set));
            }
            case 2 -> {
                set.getSpec()
                        .getTemplate()
                        .getSpec()
                        .getContainers()
                        .getFirst()
                        .setImage("image:" + simulation.random.nextInt(4));
                simulation.cluster.update(SETS, Json.tree(set));
            }
            case 3 -> setPartition(simulation, simulation.random.nextInt(4));
            case 4 -> simulation.deleteSomePod();
            default -> simulation.failSomePod();
        }
    }

    /** As {@code kubectl delete pvc} does while nothing protects the claim: no pod that is on a node uses it. */
    private static void deleteClaimOfSomePendingPod(Simulation simulation) {
        List<ObjectKey> unprotected = simulation.cluster.list(Simulation.PODS).stream()
                .filter(pod -> !isOnNode(pod) && hasClaim(simulation, pod))
                .map(StatefulSimulationTest::claimOf)
                .toList();
        if (!unprotected.isEmpty()) {
            ObjectKey claim = unprotected.get(simulation.random.nextInt(unprotected.size()));
            simulation.cluster.delete(CLAIMS, claim, DeleteRequest.plain());
        }
    }

    private static void setPartition(Simulation simulation, int partition) {
        StatefulSet set = simulation.cluster.find(StatefulSet.class, DB).orElseThrow();
        set.getSpec().getUpdateStrategy().getRollingUpdate().setPartition(partition);
        simulation.cluster.update(SETS, Json.tree(set));
    }

    private static boolean isAsWanted(Simulation simulation, int start) {
        StatefulSet set = simulation.cluster.find(StatefulSet.class, DB).orElseThrow();
        int replicas = set.getSpec().getReplicas();
        String image =
                set.getSpec().getTemplate().getSpec().getContainers().getFirst().getImage();
        List<ObjectNode> pods = simulation.cluster.list(Simulation.PODS);
        boolean podsAreRight = pods.size() == replicas
                && pods.stream()
                        .allMatch(pod -> ordinal(pod) >= start
                                && ordinal(pod) < start + replicas
                                && RolloutInvariants.isReadyCondition(pod)
                                && pod.at("/spec/containers/0/image").asText().equals(image));
        List<String> claims = simulation.cluster.list(CLAIMS).stream()
                .map(claim -> claim.path("metadata").path("name").asText())
                .toList();
        // A claim whose pod went by itself before the set could shrink may be left over, as upstream.
        boolean claimsAreRight = pods.stream().allMatch(pod -> claims.contains("data-db-" + ordinal(pod)))
                && simulation.cluster.list(CLAIMS).stream()
                        .noneMatch(claim -> claim.path("metadata").has("deletionTimestamp"));
        var status = set.getStatus();
        return podsAreRight
                && claimsAreRight
                && status != null
                && (status.getReadyReplicas() == null ? 0 : status.getReadyReplicas()) == replicas
                && status.getCurrentRevision().equals(status.getUpdateRevision())
                && status.getObservedGeneration().equals(set.getMetadata().getGeneration());
    }

    private static StatefulSet set(int replicas, boolean ordered, int start, String whenScaled) {
        return new StatefulSetBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("db")
                .endMetadata()
                .withNewSpec()
                .withReplicas(replicas)
                .withServiceName("db")
                .withPodManagementPolicy(ordered ? "OrderedReady" : "Parallel")
                .withNewOrdinals(start)
                .withNewPersistentVolumeClaimRetentionPolicy("Retain", whenScaled)
                .withNewSelector()
                .addToMatchLabels("app", "db")
                .endSelector()
                .withNewUpdateStrategy()
                .withType("RollingUpdate")
                .withNewRollingUpdate()
                .withPartition(0)
                .endRollingUpdate()
                .endUpdateStrategy()
                .withNewTemplate()
                .withNewMetadata()
                .addToLabels("app", "db")
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("main")
                .withImage("image:0")
                .endContainer()
                .endSpec()
                .endTemplate()
                .addNewVolumeClaimTemplate()
                .withNewMetadata()
                .withName("data")
                .endMetadata()
                .withNewSpec()
                .endSpec()
                .endVolumeClaimTemplate()
                .endSpec()
                .build();
    }
}
