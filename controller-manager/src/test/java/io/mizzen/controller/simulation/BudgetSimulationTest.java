// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudgetBuilder;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudgetSpec;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudgetSpecBuilder;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import io.mizzen.controller.deployment.Fenceposts;
import io.mizzen.controller.disruption.DisruptionController;
import io.mizzen.controller.replicaset.ReplicaController;
import io.mizzen.testing.cluster.Faults;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random histories of a disruption budget over the pods of a ReplicaSet: somebody who evicts as fast as he is let, by the rules of the
 * eviction subresource, and does not always delete what he was granted; a user who edits the budget; controllers with stale caches and
 * failing writes. No granted eviction ever leaves fewer ready pods than the budget wants, and in the end its status is right. Pods do not
 * fail by themselves here: what fails before the controller knows of it is in nobody's power. Replay one with
 * {@code -Dsimulation.seed=<seed>}; run more with {@code -Dsimulation.rounds=<n>}.
 */
class BudgetSimulationTest {
    private static final ResourceType BUDGETS = ResourceType.of(PodDisruptionBudget.class);
    private static final ResourceType SETS = ResourceType.of(ReplicaSet.class);
    private static final ObjectKey WEB = new ObjectKey("default", "web");

    private static final class World {
        final Simulation simulation;
        final int replicas;
        final List<String> violations = new ArrayList<>();

        World(long seed) {
            simulation = new Simulation(seed, List.of(DisruptionController::new, ReplicaController::replicaSets));
            replicas = 2 + simulation.random.nextInt(7);
            simulation.cluster.create(SETS, Json.tree(ReplicaSets.of("default", "web", replicas)));
            simulation.cluster.create(
                    BUDGETS,
                    Json.tree(new PodDisruptionBudgetBuilder()
                            .withNewMetadata()
                            .withNamespace("default")
                            .withName("web")
                            .endMetadata()
                            .withSpec(randomSpec())
                            .build()));
        }

        PodDisruptionBudgetSpec randomSpec() {
            IntOrString number = simulation.random.nextBoolean()
                    ? new IntOrString(simulation.random.nextInt(replicas + 1))
                    : new IntOrString(10 * simulation.random.nextInt(11) + "%");
            PodDisruptionBudgetSpecBuilder spec = new PodDisruptionBudgetSpecBuilder()
                    .withNewSelector()
                    .addToMatchLabels("app", "web")
                    .endSelector();
            return simulation.random.nextBoolean()
                    ? spec.withMinAvailable(number).build()
                    : spec.withMaxUnavailable(number).build();
        }

        PodDisruptionBudget budget() {
            return simulation.cluster.find(PodDisruptionBudget.class, WEB).orElseThrow();
        }

        int floor() {
            PodDisruptionBudgetSpec spec = budget().getSpec();
            return spec.getMinAvailable() != null
                    ? Fenceposts.scaled(spec.getMinAvailable(), replicas, true)
                    : replicas - Fenceposts.scaled(spec.getMaxUnavailable(), replicas, true);
        }

        List<ObjectNode> ready() {
            return simulation.cluster.list(Simulation.PODS).stream()
                    .filter(pod -> RolloutInvariants.isActive(pod) && RolloutInvariants.isReadyCondition(pod))
                    .toList();
        }

        void userStep() {
            if (simulation.random.nextInt(12) == 0) {
                PodDisruptionBudget budget = budget();
                budget.setSpec(randomSpec());
                simulation.cluster.update(BUDGETS, Json.tree(budget));
                return;
            }
            List<ObjectNode> known = ready().stream().filter(this::isKnown).toList();
            if (!known.isEmpty()) {
                evict(known.get(simulation.random.nextInt(known.size())));
            }
        }

        /** Whether the controller's cache has the pod. It forgets a grant for one that it does not know, as upstream does. */
        boolean isKnown(ObjectNode pod) {
            return simulation
                    .informers
                    .of(Pod.class)
                    .find(Simulation.keyOf(pod))
                    .isPresent();
        }

        /** The API server's part: takes one disruption from the newest status, then deletes. */
        void evict(ObjectNode pod) {
            PodDisruptionBudget budget = budget();
            var status = budget.getStatus();
            boolean refused = status == null
                    || status.getObservedGeneration() < budget.getMetadata().getGeneration()
                    || status.getDisruptionsAllowed() <= 0;
            if (refused) {
                return;
            }
            ObjectNode tree = Json.tree(budget);
            ObjectNode changed = tree.withObject("/status");
            changed.put("disruptionsAllowed", status.getDisruptionsAllowed() - 1);
            changed.withObject("/disruptedPods")
                    .put(
                            pod.at("/metadata/name").asText(),
                            simulation.clock.instant().toString());
            simulation.cluster.updateStatus(BUDGETS, tree);
            if (simulation.random.nextInt(10) > 0) {
                simulation.cluster.delete(Simulation.PODS, Simulation.keyOf(pod), DeleteRequest.plain());
            }
            if (ready().size() < floor()) {
                violations.add("the eviction of " + pod.at("/metadata/name").asText() + " left " + ready().size()
                        + " ready pods, at least " + floor() + " must stay; the budget was " + budget);
            }
        }

        boolean isAsWanted() {
            var status = budget().getStatus();
            boolean isTold = status != null
                    && status.getObservedGeneration()
                            .equals(budget().getMetadata().getGeneration());
            return isTold
                    && ready().size() == replicas
                    && status.getExpectedPods() == replicas
                    && status.getCurrentHealthy() == replicas
                    && status.getDesiredHealthy() == Math.max(0, floor())
                    && status.getDisruptionsAllowed() == replicas - Math.max(0, floor())
                    && (status.getDisruptedPods() == null
                            || status.getDisruptedPods().isEmpty());
        }
    }

    static LongStream seeds() {
        return Simulation.seeds(60);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void neverLetsMoreGoThanTheBudgetAllows(long seed) {
        World world = new World(seed);
        Simulation simulation = world.simulation;
        // A pod too many would be taken away again by its set, which asks no budget.
        simulation.faults =
                (verb, resource) -> resource.equals("pods") ? Faults.Fate.NORMAL : simulation.roughFate(verb, resource);

        simulation.live(400 + simulation.random.nextInt(400), 5, world::userStep);

        simulation.faults = Faults.NONE;
        boolean settled = simulation.settle(20_000, world::isAsWanted);
        String replay = "replay with -Dtest=BudgetSimulationTest -Dsimulation.seed=" + seed;
        assertThat(world.violations).as(replay).isEmpty();
        assertThat(settled)
                .as(() -> replay + "\n" + simulation.describe(BUDGETS, Simulation.PODS))
                .isTrue();
    }
}
