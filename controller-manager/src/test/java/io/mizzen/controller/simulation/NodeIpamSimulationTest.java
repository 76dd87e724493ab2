// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Node;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import io.mizzen.controller.nodeipam.NodeIpamController;
import io.mizzen.testing.cluster.Change;
import io.mizzen.testing.cluster.Faults;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random histories of nodes that come, go and come back under their names, now and then more than there are ranges for, some with a
 * range of their own from elsewhere; a controller with a stale cache and failing writes. No two nodes ever have one range, none
 * changes its own, and in the end as many have one as there are ranges. Replay one with {@code -Dsimulation.seed=<seed>}; run more with
 * {@code -Dsimulation.rounds=<n>}.
 */
class NodeIpamSimulationTest {
    private static final ResourceType NODES = ResourceType.of(Node.class);
    private static final int RANGES = 4;
    private static final int NAMES = 7;

    static LongStream seeds() {
        return Simulation.seeds(60);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void givesEveryNodeARangeOfItsOwn(long seed) {
        Simulation simulation =
                new Simulation(seed, List.of(context -> new NodeIpamController(context, "10.0.0.0/28", 30)));
        List<String> violations = new ArrayList<>();
        Map<String, String> rangeOf = new HashMap<>();
        simulation.cluster.observe(change -> check(simulation, change, rangeOf, violations));
        simulation.faults = simulation::roughFate;

        simulation.live(200 + simulation.random.nextInt(300), 4, () -> userStep(simulation));

        simulation.faults = Faults.NONE;
        boolean settled = simulation.settle(20_000, () -> isServed(simulation));
        String replay = "replay with -Dtest=NodeIpamSimulationTest -Dsimulation.seed=" + seed;
        assertThat(violations).as(replay).isEmpty();
        assertThat(settled).as(() -> replay + "\n" + simulation.describe(NODES)).isTrue();
    }

    private static void check(
            Simulation simulation, Change change, Map<String, String> rangeOf, List<String> violations) {
        ObjectNode node = change.object();
        String range = range(node);
        String before = rangeOf.put(node.at("/metadata/uid").asText(), range);
        if (before != null && !before.isEmpty() && !before.equals(range)) {
            violations.add("had " + before + ": " + node);
        }
        List<String> all = ranges(simulation).toList();
        if (all.stream().distinct().count() < all.size()) {
            violations.add("one range twice at revision " + change.revision() + ": " + simulation.cluster.list(NODES));
        }
    }

    private static void userStep(Simulation simulation) {
        int number = simulation.random.nextInt(NAMES);
        ObjectKey key = ObjectKey.cluster("node-" + number);
        if (simulation.cluster.find(NODES, key).isPresent()) {
            if (simulation.random.nextBoolean()) {
                simulation.cluster.remove(NODES, key);
            }
            return;
        }
        ObjectNode node = Json.object();
        node.putObject("metadata").put("name", key.name());
        if (simulation.random.nextInt(6) == 0) {
            node.putObject("spec").put("podCIDR", "10.9.9." + 4 * number + "/30");
        }
        simulation.cluster.create(NODES, node);
    }

    private static boolean isServed(Simulation simulation) {
        List<String> ours =
                ranges(simulation).filter(range -> range.startsWith("10.0.0.")).toList();
        long waiting = simulation.cluster.list(NODES).stream()
                .filter(node -> range(node).isEmpty())
                .count();
        return waiting == 0 || ours.size() == RANGES;
    }

    private static Stream<String> ranges(Simulation simulation) {
        return simulation.cluster.list(NODES).stream()
                .map(NodeIpamSimulationTest::range)
                .filter(range -> !range.isEmpty());
    }

    private static String range(ObjectNode node) {
        return node.at("/spec/podCIDR").asText();
    }
}
