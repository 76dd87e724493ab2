// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import io.mizzen.controller.daemon.DaemonSetController;
import io.mizzen.testing.cluster.Change;
import io.mizzen.testing.cluster.Faults;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random histories of one DaemonSet: nodes that come, go and are tainted; new images; pods that fail or are deleted; a process with
 * stale caches and failing writes. A node never has more pods than its strategy allows, an update never takes more nodes out of
 * service than it may, and in the end each node that is to have a pod has one of the newest image. Replay one with
 * {@code -Dsimulation.seed=<seed>}; run more with {@code -Dsimulation.rounds=<n>}.
 */
class DaemonSimulationTest {
    private static final ResourceType SETS = ResourceType.of(DaemonSet.class);
    private static final ResourceType NODES = ResourceType.of(Node.class);
    private static final ObjectKey AGENT = new ObjectKey("default", "agent");

    static LongStream seeds() {
        return Simulation.seeds(25);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void runsOnePodOnEachNode(long seed) {
        Simulation simulation = new Simulation(seed, List.of(DaemonSetController::new));
        List<String> violations = new ArrayList<>();
        boolean surges = simulation.random.nextBoolean();
        int atOnce = 1 + simulation.random.nextInt(2);
        for (int i = 0; i < 4; i++) {
            simulation.cluster.create(NODES, node(i));
        }
        simulation.cluster.create(SETS, Json.tree(set(surges, atOnce)));
        boolean[] byUser = new boolean[1];
        simulation.cluster.observe(change -> check(simulation, change, surges, atOnce, byUser[0], violations));
        simulation.faults = simulation::roughFate;

        simulation.live(300 + simulation.random.nextInt(300), 20, () -> {
            byUser[0] = true;
            userStep(simulation);
            byUser[0] = false;
        });

        simulation.faults = Faults.NONE;
        boolean settled = simulation.settle(20_000, () -> isAsWanted(simulation));
        String replay = "replay with -Dtest=DaemonSimulationTest -Dsimulation.seed=" + seed;
        assertThat(violations).as(replay).isEmpty();
        assertThat(settled)
                .as(() -> replay + "\n" + simulation.describe(SETS, NODES, Simulation.PODS))
                .isTrue();
    }

    private static void check(
            Simulation simulation, Change change, boolean surges, int atOnce, boolean byUser, List<String> violations) {
        if (!change.type().equals(Simulation.PODS)) {
            return;
        }
        ObjectNode pod = change.object();
        if (change.kind() == Change.Kind.ADDED) {
            List<ObjectNode> here = simulation.cluster.list(Simulation.PODS).stream()
                    .filter(other ->
                            RolloutInvariants.isActive(other) && nodeOf(other).equals(nodeOf(pod)))
                    .toList();
            if (here.size() > (surges ? 2 : 1)) {
                violations.add(here.size() + " pods on " + nodeOf(pod));
            }
        }
        // What the controller does is judged by what it sees.
        boolean isDeletion = change.kind() == Change.Kind.MODIFIED
                && pod.path("metadata").has("deletionTimestamp")
                && RolloutInvariants.isReadyCondition(pod)
                && !byUser;
        if (isDeletion && !surges && seenTaints(simulation, nodeOf(pod)) == 0) {
            List<Pod> seen = simulation.informers.of(Pod.class).list();
            long without = simulation.informers.of(Node.class).list().stream()
                    .filter(node -> node.getSpec() == null
                            || node.getSpec().getTaints() == null
                            || node.getSpec().getTaints().isEmpty())
                    .filter(node -> seen.stream().noneMatch(other -> serves(other, node)))
                    .count();
            boolean isAlone = seen.stream()
                            .filter(other -> nodeOf(Json.tree(other)).equals(nodeOf(pod))
                                    && other.getMetadata().getDeletionTimestamp() == null)
                            .count()
                    == 1;
            if (isAlone && without >= atOnce) {
                violations.add("a pod was taken while " + without + " nodes had none, " + atOnce + " may be without");
            }
        }
    }

    private static boolean serves(Pod pod, Node node) {
        ObjectNode tree = Json.tree(pod);
        return nodeOf(tree).equals(node.getMetadata().getName())
                && RolloutInvariants.isActive(tree)
                && RolloutInvariants.isReadyCondition(tree);
    }

    private static int seenTaints(Simulation simulation, String node) {
        return simulation
                .informers
                .of(Node.class)
                .find(new ObjectKey("", node))
                .map(found -> found.getSpec() == null || found.getSpec().getTaints() == null
                        ? 0
                        : found.getSpec().getTaints().size())
                .orElse(1);
    }

    private static void userStep(Simulation simulation) {
        int number = simulation.random.nextInt(6);
        ObjectKey node = new ObjectKey("", "node-" + number);
        boolean present = simulation.cluster.find(NODES, node).isPresent();
        ObjectNode patch = Json.object();
        switch (simulation.random.nextInt(6)) {
            case 0 -> {
                if (!present) {
                    simulation.cluster.create(NODES, node(number));
                } else if (simulation.random.nextInt(3) == 0) {
                    simulation.cluster.delete(NODES, node, DeleteRequest.plain());
                }
            }
            case 1 -> {
                if (present) {
                    String effect = simulation.random.nextBoolean() ? "NoSchedule" : "NoExecute";
                    patch.withObject("/spec")
                            .putArray("taints")
                            .addObject()
                            .put("key", "own")
                            .put("effect", effect);
                    simulation.cluster.patch(NODES, node, patch, false);
                }
            }
            case 2 -> {
                if (present) {
                    patch.withObject("/spec").putArray("taints");
                    simulation.cluster.patch(NODES, node, patch, false);
                }
            }
            case 3 -> {
                DaemonSet set = simulation.cluster.find(DaemonSet.class, AGENT).orElseThrow();
                set.getSpec()
                        .getTemplate()
                        .getSpec()
                        .getContainers()
                        .getFirst()
                        .setImage("image:" + simulation.random.nextInt(4));
                simulation.cluster.update(SETS, Json.tree(set));
            }
            case 4 -> simulation.deleteSomePod();
            default -> simulation.failSomePod();
        }
    }

    private static boolean isAsWanted(Simulation simulation) {
        DaemonSet set = simulation.cluster.find(DaemonSet.class, AGENT).orElseThrow();
        String image =
                set.getSpec().getTemplate().getSpec().getContainers().getFirst().getImage();
        List<ObjectNode> pods = simulation.cluster.list(Simulation.PODS);
        int desired = 0;
        for (ObjectNode node : simulation.cluster.list(NODES)) {
            String name = node.path("metadata").path("name").asText();
            List<ObjectNode> here =
                    pods.stream().filter(pod -> nodeOf(pod).equals(name)).toList();
            boolean mayRun = node.path("spec").path("taints").isEmpty();
            if (!mayRun && !here.isEmpty()) {
                boolean mayStay = node.at("/spec/taints/0/effect").asText().equals("NoSchedule");
                if (!mayStay || here.size() > 1) {
                    return false;
                }
            }
            if (mayRun) {
                desired++;
                boolean isRight = here.size() == 1
                        && RolloutInvariants.isReadyCondition(here.getFirst())
                        && here.getFirst()
                                .at("/spec/containers/0/image")
                                .asText()
                                .equals(image);
                if (!isRight) {
                    return false;
                }
            }
        }
        var status = set.getStatus();
        return status != null
                && status.getDesiredNumberScheduled() == desired
                && status.getNumberReady() == desired
                && (status.getUpdatedNumberScheduled() == null ? 0 : status.getUpdatedNumberScheduled()) == desired
                && status.getObservedGeneration().equals(set.getMetadata().getGeneration());
    }

    private static String nodeOf(ObjectNode pod) {
        return pod.at("/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution"
                        + "/nodeSelectorTerms/0/matchFields/0/values/0")
                .asText();
    }

    private static ObjectNode node(int number) {
        return Json.tree(new NodeBuilder()
                .withNewMetadata()
                .withName("node-" + number)
                .endMetadata()
                .build());
    }

    private static DaemonSet set(boolean surges, int atOnce) {
        return new DaemonSetBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("agent")
                .endMetadata()
                .withNewSpec()
                .withNewSelector()
                .addToMatchLabels("app", "agent")
                .endSelector()
                .withNewUpdateStrategy()
                .withType("RollingUpdate")
                .withNewRollingUpdate()
                .withMaxUnavailable(new IntOrString(surges ? 0 : atOnce))
                .withMaxSurge(new IntOrString(surges ? atOnce : 0))
                .endRollingUpdate()
                .endUpdateStrategy()
                .withNewTemplate()
                .withNewMetadata()
                .addToLabels("app", "agent")
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("main")
                .withImage("image:0")
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec()
                .build();
    }
}
