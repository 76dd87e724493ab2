// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.controller.node.NodeLifecycleController;
import io.mizzen.controller.node.TaintEvictionController;
import io.mizzen.testing.cluster.Faults;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random histories of nodes in one or two zones: kubelets that fall silent by their leases, their reports or both, one by one or a zone
 * at once, say that they are not ready, and come back; a user who cordons, taints, labels, deletes and makes nodes and pods with all
 * kinds of tolerations; controllers with stale caches and failing writes. No node with a sign of life is given up, a silent one is
 * in time; zones are emptied no faster than allowed; no pod goes before its time or stays beyond it; and when all have come back
 * nothing is left of it. Replay one with {@code -Dsimulation.seed=<seed>}; run more with {@code -Dsimulation.rounds=<n>}.
 */
class NodeSimulationTest {
    private static final AtomicInteger EVICTIONS = new AtomicInteger();

    private static final class World {
        final Simulation simulation;
        final Kubelets kubelets;
        final NodeInvariants invariants;
        private final int size;
        private final int zones;

        World(long seed) {
            simulation = new Simulation(
                    seed,
                    List.of(
                            context -> new NodeLifecycleController(context, NodeInvariants.GRACE),
                            TaintEvictionController::new));
            simulation.longestLeap = 1_000;
            kubelets = new Kubelets(simulation);
            invariants = new NodeInvariants(simulation, kubelets);
            size = 1 + simulation.random.nextInt(7);
            zones = 1 + simulation.random.nextInt(2);
            simulation.others.add(() -> {
                boolean[] done = new boolean[1];
                invariants.byOthers(() -> done[0] = kubelets.step());
                return done[0];
            });
            invariants.byOthers(() -> {
                for (int i = 0; i < size; i++) {
                    create(i);
                }
            });
        }

        private void create(int number) {
            ObjectNode node = Json.object();
            node.putObject("metadata")
                    .put("name", "node-" + number)
                    .putObject("labels")
                    .put("topology.kubernetes.io/zone", "zone-" + number % zones);
            node.putObject("spec");
            simulation.cluster.create(Kubelets.NODES, node);
            kubelets.add("node-" + number);
        }

        void userStep() {
            invariants.checkBounds();
            invariants.byOthers(() -> {
                if (simulation.random.nextInt(3) == 0) {
                    changeSomePod();
                } else {
                    kubelets.any().ifPresent(this::changeSomeNode);
                    createMissing();
                }
            });
        }

        private void changeSomeNode(Kubelets.Kubelet kubelet) {
            switch (simulation.random.nextInt(12)) {
                case 0, 1 -> silence(kubelet);
                case 2 -> kubelet.renews = false;
                case 3 -> kubelet.reports = false;
                case 4, 5 -> kubelets.heal(kubelet);
                case 6 -> {
                    kubelet.isReady = !kubelet.isReady;
                    kubelet.underPressure = simulation.random.nextInt(4) == 0;
                    kubelet.nextReport = simulation.clock.instant();
                }
                case 7 -> {
                    for (int i = simulation.random.nextInt(zones); i < size; i += zones) {
                        kubelets.of("node-" + i).ifPresent(World::silence);
                    }
                }
                case 8 -> {
                    if (simulation.random.nextInt(3) == 0) {
                        kubelets.healAll();
                    }
                }
                case 9 -> cordon(kubelet.node);
                case 10 -> toggleTaint(kubelet.node);
                default -> {
                    if (simulation.random.nextInt(4) == 0) {
                        delete(kubelet.node);
                    }
                }
            }
        }

        private static void silence(Kubelets.Kubelet kubelet) {
            kubelet.renews = false;
            kubelet.reports = false;
        }

        private void cordon(String name) {
            ObjectKey key = ObjectKey.cluster(name);
            ObjectNode node = simulation.cluster.find(Kubelets.NODES, key).orElseThrow();
            ObjectNode patch = Json.object();
            patch.putObject("spec")
                    .put("unschedulable", !node.at("/spec/unschedulable").asBoolean());
            patch.putObject("metadata")
                    .putObject("labels")
                    .put("example.com/round", "r" + simulation.random.nextInt(9));
            simulation.cluster.patch(Kubelets.NODES, key, patch, false);
        }

        /** As a user does it: without a time. */
        private void toggleTaint(String name) {
            ObjectNode node = simulation
                    .cluster
                    .find(Kubelets.NODES, ObjectKey.cluster(name))
                    .orElseThrow()
                    .deepCopy();
            ArrayNode taints = Json.object().putArray("taints");
            boolean[] found = new boolean[1];
            node.at("/spec/taints").forEach(taint -> {
                if (taint.path("key").asText().startsWith("example.com/")) {
                    found[0] = true;
                } else {
                    taints.add(taint);
                }
            });
            if (!found[0]) {
                taints.addObject()
                        .put("key", "example.com/drained")
                        .put("effect", simulation.random.nextBoolean() ? "NoExecute" : "NoSchedule");
            }
            node.withObject("/spec").set("taints", taints);
            simulation.cluster.update(Kubelets.NODES, node);
        }

        private void delete(String name) {
            simulation.cluster.list(Simulation.PODS).stream()
                    .filter(pod -> pod.at("/spec/nodeName").asText().equals(name))
                    .forEach(pod -> simulation.cluster.remove(Simulation.PODS, Simulation.keyOf(pod)));
            simulation.cluster.remove(Kubelets.NODES, ObjectKey.cluster(name));
            kubelets.remove(name);
        }

        private void createMissing() {
            int number = simulation.random.nextInt(size);
            if (simulation.random.nextInt(4) == 0
                    && kubelets.of("node-" + number).isEmpty()) {
                create(number);
            }
        }

        private void changeSomePod() {
            List<ObjectNode> pods = simulation.cluster.list(Simulation.PODS);
            if (pods.size() < 12 && simulation.random.nextInt(4) > 0) {
                kubelets.any().ifPresent(kubelet -> makePod(kubelet.node));
            } else if (!pods.isEmpty()) {
                ObjectNode pod = pods.get(simulation.random.nextInt(pods.size()));
                if (simulation.random.nextInt(3) == 0) {
                    simulation.cluster.delete(Simulation.PODS, Simulation.keyOf(pod), DeleteRequest.plain());
                } else {
                    ObjectNode changed = pod.deepCopy();
                    tolerate(changed, "example.com/drained", simulation.random.nextInt(40));
                    simulation.cluster.update(Simulation.PODS, changed);
                }
            }
        }

        private void makePod(String node) {
            ObjectNode pod = Json.object();
            pod.putObject("metadata").put("namespace", "default").put("generateName", "pod-");
            pod.putObject("spec").put("nodeName", node);
            switch (simulation.random.nextInt(4)) {
                case 0 -> pod.size();
                case 1 ->
                    pod.withObject("/spec").putArray("tolerations").addObject().put("operator", "Exists");
                default -> {
                    int seconds = simulation.random.nextInt(60);
                    tolerate(pod, "node.kubernetes.io/unreachable", seconds);
                    tolerate(pod, "node.kubernetes.io/not-ready", seconds);
                }
            }
            simulation.cluster.create(Simulation.PODS, pod);
        }

        private void tolerate(ObjectNode pod, String key, int seconds) {
            ObjectNode toleration = pod.withObject("/spec")
                    .withArray("tolerations")
                    .addObject()
                    .put("key", key)
                    .put("operator", "Exists")
                    .put("effect", "NoExecute");
            if (seconds > 0) {
                toleration.put("tolerationSeconds", seconds);
            }
        }
    }

    static LongStream seeds() {
        return Simulation.seeds(60, 186, 223);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void givesUpWhatIsLostInTimeAndNothingElse(long seed) {
        World world = new World(seed);
        Simulation simulation = world.simulation;
        simulation.faults = simulation::roughFate;

        simulation.live(1_000 + simulation.random.nextInt(1_500), 20, world::userStep);

        simulation.faults = Faults.NONE;
        world.kubelets.healAll();
        boolean settled = simulation.settle(20_000, world.invariants::isWell);
        String replay = "replay with -Dtest=NodeSimulationTest -Dsimulation.seed=" + seed;
        EVICTIONS.addAndGet(world.invariants.evictions);
        assertThat(world.invariants.violations).as(replay).isEmpty();
        assertThat(settled)
                .as(() -> replay + "\n" + simulation.describe(Kubelets.NODES, Simulation.PODS))
                .isTrue();
    }

    @AfterAll
    static void theHistoriesHadEvictions() {
        if (Long.getLong("simulation.seed") == null) {
            assertThat(EVICTIONS).as("evictions in all histories").hasPositiveValue();
        }
    }
}
