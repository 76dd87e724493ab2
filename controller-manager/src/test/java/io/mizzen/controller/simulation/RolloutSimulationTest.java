// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import io.mizzen.testing.cluster.Faults;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random histories of Deployments: a user who scales, edits, pauses, deletes; caches that lag; writes that conflict, get
 * lost or are the last thing a process does. Whatever happens, no bound is broken on the way, and in the end all is as
 * the last spec says. {@link RolloutInvariants} says what the floor of available pods is judged by. Replay one with {@code -Dsimulation.seed=<seed>}; run more with {@code -Dsimulation.rounds=<n>}.
 */
class RolloutSimulationTest {

    private static final ResourceType DEPLOYMENTS = ResourceType.of(Deployment.class);
    private static final ResourceType SETS = ResourceType.of(ReplicaSet.class);
    private static final ObjectKey WEB = new ObjectKey("default", "web");

    static LongStream seeds() {
        return Simulation.seeds(10, 63, 75, 203, 266, 1627, 2507, 2813, 2978, 3411, 4019, 4168);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void keepsEveryBoundAndConvergesWhenTheProcessFails(long seed) {
        Simulation simulation = new Simulation(seed);
        RolloutInvariants invariants = new RolloutInvariants(simulation, false);
        simulation.faults = simulation::roughFate;

        runHistory(simulation, true);

        simulation.faults = Faults.NONE;
        assertConverges(simulation, invariants, seed);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void keepsEnoughPodsAvailableWhileNothingButTheRolloutTakesThem(long seed) {
        Simulation simulation = new Simulation(seed);
        RolloutInvariants invariants = new RolloutInvariants(simulation, true);
        // No deletion is refused without a change on its way that explains it.
        simulation.faults = (verb, resource) -> simulation.random.nextInt(20) == 0 && !verb.equals("delete")
                ? Faults.Fate.CONFLICT
                : Faults.Fate.NORMAL;

        runHistory(simulation, false);

        simulation.faults = Faults.NONE;
        assertConverges(simulation, invariants, seed);
    }

    @Test
    void replaysTheSameHistoryFromTheSameSeed() {
        assertThat(history(7)).isEqualTo(history(7)).isNotEqualTo(history(8));
    }

    private static List<String> history(long seed) {
        Simulation simulation = new Simulation(seed);
        runHistory(simulation, true);
        return simulation.cluster.history().stream()
                .map(change -> change.kind() + " " + change.object())
                .toList();
    }

    private static void runHistory(Simulation simulation, boolean rough) {
        simulation.cluster.create(DEPLOYMENTS, Json.tree(randomDeployment(simulation)));
        int steps = 200 + simulation.random.nextInt(400);
        for (int i = 0; i < steps; i++) {
            if (simulation.random.nextInt(25) == 0) {
                userStep(simulation, rough);
            } else if (!simulation.step()) {
                simulation.clock.advance(Duration.ofMillis(1 + simulation.random.nextInt(2_000)));
            }
        }
    }

    private static Deployment randomDeployment(Simulation simulation) {
        int replicas = 1 + simulation.random.nextInt(8);
        String[] surges = {"0", "1", "25%", "100%"};
        String[] unavailables = {"0", "1", "25%", "2"};
        if (simulation.random.nextInt(5) == 0) {
            return Deployments.recreating("web", replicas);
        }
        return Deployments.rolling(
                "web",
                replicas,
                surges[simulation.random.nextInt(surges.length)],
                unavailables[simulation.random.nextInt(unavailables.length)]);
    }

    private static void userStep(Simulation simulation, boolean rough) {
        Optional<Deployment> present = simulation.cluster.find(Deployment.class, WEB);
        if (present.isEmpty()) {
            simulation.cluster.create(DEPLOYMENTS, Json.tree(randomDeployment(simulation)));
            return;
        }
        Deployment deployment = present.get();
        // Scaling in the middle of a rollout is proportional, by which the floor is not kept.
        switch (rough ? simulation.random.nextInt(8) : 1 + simulation.random.nextInt(3)) {
            case 0 -> deployment.getSpec().setReplicas(simulation.random.nextInt(10));
            case 1, 2 -> Deployments.setImage(deployment, "image:" + simulation.random.nextInt(4));
            case 3 ->
                deployment
                        .getSpec()
                        .setPaused(!Boolean.TRUE.equals(deployment.getSpec().getPaused()));
            case 4, 5 -> {
                simulation.deleteSomePod();
                return;
            }
            case 6 -> {
                simulation.failSomePod();
                return;
            }
            default -> {
                DeleteRequest.Propagation[] policies = {
                    DeleteRequest.Propagation.Background, DeleteRequest.Propagation.Foreground
                };
                DeleteRequest.Propagation policy = policies[simulation.random.nextInt(policies.length)];
                simulation.cluster.delete(
                        DEPLOYMENTS, WEB, DeleteRequest.plain().with(policy));
                return;
            }
        }
        simulation.cluster.update(DEPLOYMENTS, Json.tree(deployment));
    }

    private static void assertConverges(Simulation simulation, RolloutInvariants invariants, long seed) {
        simulation.cluster.find(Deployment.class, WEB).ifPresent(deployment -> {
            deployment.getSpec().setPaused(false);
            simulation.cluster.update(DEPLOYMENTS, Json.tree(deployment));
        });
        boolean settled = simulation.settle(20_000, () -> isAsWanted(simulation));
        String replay = "replay with -Dtest=RolloutSimulationTest -Dsimulation.seed=" + seed;
        assertThat(invariants.violations).as(replay).isEmpty();
        assertThat(settled).as(() -> replay + "\n" + describe(simulation)).isTrue();
    }

    private static boolean isAsWanted(Simulation simulation) {
        Optional<Deployment> found = simulation.cluster.find(Deployment.class, WEB);
        List<ObjectNode> pods = simulation.cluster.list(Simulation.PODS).stream()
                .filter(RolloutInvariants::isActive)
                .toList();
        if (found.isEmpty()) {
            return simulation.cluster.list(SETS).isEmpty()
                    && simulation.cluster.list(Simulation.PODS).isEmpty();
        }
        Deployment deployment = found.get();
        if (deployment.getMetadata().getDeletionTimestamp() != null || deployment.getStatus() == null) {
            return false;
        }
        int replicas = deployment.getSpec().getReplicas();
        String image = deployment
                .getSpec()
                .getTemplate()
                .getSpec()
                .getContainers()
                .getFirst()
                .getImage();
        var status = deployment.getStatus();
        boolean statusIsTrue = number(status.getUpdatedReplicas()) == replicas
                && number(status.getReplicas()) == replicas
                && number(status.getAvailableReplicas()) == replicas
                && number(status.getReadyReplicas()) == replicas
                && number(status.getUnavailableReplicas()) == 0
                && deployment.getMetadata().getGeneration().equals(status.getObservedGeneration());
        boolean podsAreRight = pods.size() == replicas
                && pods.stream()
                        .allMatch(pod -> RolloutInvariants.isReadyCondition(pod)
                                && pod.path("spec")
                                        .path("containers")
                                        .path(0)
                                        .path("image")
                                        .asText()
                                        .equals(image));
        return statusIsTrue && podsAreRight && haveOwners(simulation);
    }

    private static boolean haveOwners(Simulation simulation) {
        List<String> sets = simulation.cluster.list(SETS).stream()
                .map(set -> set.path("metadata").path("uid").asText())
                .toList();
        return simulation.cluster.list(Simulation.PODS).stream()
                .allMatch(pod -> sets.contains(RolloutInvariants.controller(pod)));
    }

    private static int number(Integer value) {
        return value == null ? 0 : value;
    }

    private static String describe(Simulation simulation) {
        StringBuilder text = new StringBuilder("crashes: " + simulation.crashes + "\n");
        simulation
                .cluster
                .list(DEPLOYMENTS)
                .forEach(object -> text.append(object).append('\n'));
        simulation.cluster.list(SETS).forEach(object -> text.append(object).append('\n'));
        simulation
                .cluster
                .list(Simulation.PODS)
                .forEach(object -> text.append(object).append('\n'));
        return text.toString();
    }
}
