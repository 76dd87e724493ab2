// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import io.mizzen.controller.clusterrole.ClusterRoleAggregationController;
import io.mizzen.testing.cluster.Change;
import io.mizzen.testing.cluster.Faults;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random histories of ClusterRoles that others aggregate, in two steps: their rules and labels change, they come and go, and somebody
 * writes into the rules of those that aggregate. Roles that do not aggregate are left alone; in the end those that do have just the
 * rules of the roles that they select, and nothing is written any more. Replay one with {@code -Dsimulation.seed=<seed>}; run more with
 * {@code -Dsimulation.rounds=<n>}.
 */
class AggregationSimulationTest {
    private static final ResourceType ROLES = ResourceType.of(ClusterRole.class);
    private static final List<String> LABELS = List.of("to-view", "to-edit");

    private final List<String> violations = new ArrayList<>();

    static LongStream seeds() {
        return Simulation.seeds(60);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void rulesAreThoseOfTheSelectedRoles(long seed) {
        Simulation simulation = new Simulation(seed, List.of(ClusterRoleAggregationController::new), List.of(ROLES));
        simulation.cluster.observe(change -> check(simulation, change));
        simulation.faults = simulation::roughFate;
        simulation.byUser = true;
        aggregate(simulation, "view", "to-view", "to-edit");
        aggregate(simulation, "edit", "to-edit", "");
        simulation.byUser = false;

        simulation.live(300 + simulation.random.nextInt(300), 5, () -> userStep(simulation));

        simulation.faults = Faults.NONE;
        boolean settled = simulation.settle(4_000, () -> isAsWanted(simulation));
        String replay = "replay with -Dtest=AggregationSimulationTest -Dsimulation.seed=" + seed;
        assertThat(violations).as(replay).isEmpty();
        assertThat(settled).as(() -> replay + "\n" + simulation.describe(ROLES)).isTrue();
        // What is still to be tried again after a failure writes nothing, either.
        assertThat(simulation.writesWithin(Duration.ofMinutes(30), verb -> true))
                .as(replay)
                .isZero();
    }

    private void check(Simulation simulation, Change change) {
        if (!simulation.byUser && !change.object().has("aggregationRule")) {
            violations.add("revision " + change.revision() + ": " + change.kind() + " " + change.object());
        }
    }

    private static void aggregate(Simulation simulation, String name, String selected, String own) {
        ObjectNode role = Json.object().put("apiVersion", ROLES.apiVersion()).put("kind", ROLES.kind());
        role.putObject("metadata").put("name", name).putObject("labels").put(own.isEmpty() ? "none" : own, "true");
        select(simulation, role, selected);
        role.putArray("rules");
        simulation.cluster.create(ROLES, role);
    }

    /** By one selector, or by two of which the second finds again what the first has found. */
    private static void select(Simulation simulation, ObjectNode role, String label) {
        ArrayNode selectors = role.putObject("aggregationRule").putArray("clusterRoleSelectors");
        for (int i = 0; i <= simulation.random.nextInt(2); i++) {
            selectors.addObject().putObject("matchLabels").put(label, "true");
        }
    }

    private static void userStep(Simulation simulation) {
        if (simulation.random.nextInt(5) == 0) {
            ObjectNode patch = Json.object();
            if (simulation.random.nextInt(3) == 0) {
                select(simulation, patch, "to-view");
            } else {
                rules(simulation, patch);
            }
            simulation.cluster.patch(ROLES, ObjectKey.cluster("view"), patch, false);
            return;
        }
        ObjectKey key = ObjectKey.cluster("part-" + simulation.random.nextInt(5));
        ObjectNode role = Json.object();
        if (simulation.random.nextBoolean()) {
            rules(simulation, role);
        }
        ObjectNode labels = role.putObject("metadata").putObject("labels");
        for (String label : LABELS) {
            if (simulation.random.nextBoolean()) {
                labels.put(label, "true");
            } else {
                labels.putNull(label);
            }
        }
        if (simulation.cluster.find(ROLES, key).isEmpty()) {
            ObjectNode created =
                    Json.object().put("apiVersion", ROLES.apiVersion()).put("kind", ROLES.kind());
            created.putObject("metadata").put("name", key.name());
            rules(simulation, created);
            simulation.cluster.create(ROLES, created);
        } else if (simulation.random.nextInt(5) == 0) {
            simulation.cluster.delete(ROLES, key, DeleteRequest.plain());
        } else {
            simulation.cluster.patch(ROLES, key, role, false);
        }
    }

    /** One or two rules of the few that there are, so that several roles have the same. */
    private static void rules(Simulation simulation, ObjectNode role) {
        ArrayNode rules = role.putArray("rules");
        for (int i = 0; i <= simulation.random.nextInt(2); i++) {
            ObjectNode rule = rules.addObject();
            rule.putArray("apiGroups").add("");
            rule.putArray("resources").add("resource-" + simulation.random.nextInt(4));
            rule.putArray("verbs").add("get");
        }
    }

    private static boolean isAsWanted(Simulation simulation) {
        return simulation.cluster.list(ROLES).stream()
                .filter(role -> role.has("aggregationRule"))
                .allMatch(role -> rules(role).equals(wanted(simulation, role)));
    }

    /** The rules of all selected roles in the order of their names, each once. */
    private static List<JsonNode> wanted(Simulation simulation, ObjectNode role) {
        String label = role.at("/aggregationRule/clusterRoleSelectors/0/matchLabels")
                .fieldNames()
                .next();
        return simulation.cluster.list(ROLES).stream()
                .filter(source -> source.path("metadata").path("labels").has(label))
                .flatMap(source -> rules(source).stream())
                .distinct()
                .toList();
    }

    private static List<JsonNode> rules(ObjectNode role) {
        List<JsonNode> rules = new ArrayList<>();
        role.path("rules").forEach(rules::add);
        return rules;
    }
}
