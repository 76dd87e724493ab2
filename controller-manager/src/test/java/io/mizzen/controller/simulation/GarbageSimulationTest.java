// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Secret;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import io.mizzen.controller.garbage.GarbageCollector;
import io.mizzen.testing.cluster.Change;
import io.mizzen.testing.cluster.Faults;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random histories of objects that own each other, in chains, diamonds and circles, some to themselves, with references to owners that never were: a user
 * who makes them, changes their references and deletes them by each propagation policy; a garbage collector with stale caches and
 * failing writes. It never deletes what a living owner has, and in the end nothing refers to an owner that is gone and nothing waits
 * for its own end. Replay one with {@code -Dsimulation.seed=<seed>}; run more with {@code -Dsimulation.rounds=<n>}.
 */
class GarbageSimulationTest {
    private static final ResourceType MAPS = ResourceType.of(ConfigMap.class);
    private static final ResourceType SECRETS = ResourceType.of(Secret.class);
    private static final List<ResourceType> TYPES = List.of(MAPS, SECRETS);
    private static final int NAMES = 6;

    static LongStream seeds() {
        return Simulation.seeds(60, 163);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void takesNothingFromALivingOwnerAndLeavesNoOrphan(long seed) {
        Simulation simulation = new Simulation(seed, List.of(GarbageCollector::new), TYPES);
        List<String> violations = new ArrayList<>();
        Set<String> leaving = new HashSet<>();
        simulation.cluster.observe(change -> check(simulation, change, leaving, violations));
        simulation.faults = simulation::roughFate;

        simulation.live(400 + simulation.random.nextInt(400), 6, () -> userStep(simulation));

        simulation.faults = Faults.NONE;
        boolean settled = simulation.settle(20_000, () -> isClean(simulation));
        String replay = "replay with -Dtest=GarbageSimulationTest -Dsimulation.seed=" + seed;
        assertThat(violations).as(replay).isEmpty();
        assertThat(settled)
                .as(() -> replay + "\n" + simulation.describe(MAPS, SECRETS))
                .isTrue();
    }

    /** The first change by which an object leaves is judged; what follows only carries it out. */
    private static void check(Simulation simulation, Change change, Set<String> leaving, List<String> violations) {
        ObjectNode object = change.object();
        boolean leaves =
                change.kind() == Change.Kind.DELETED || object.path("metadata").has("deletionTimestamp");
        if (!leaves || !leaving.add(uid(object)) || simulation.byUser) {
            return;
        }
        for (JsonNode reference : references(object)) {
            Optional<ObjectNode> owner = owner(simulation, reference);
            if (owner.isPresent() && !waitsForDependents(owner.get())) {
                violations.add("revision " + change.revision() + ": deleted " + object + ", which has the owner "
                        + owner.get());
            }
        }
    }

    private static void userStep(Simulation simulation) {
        ResourceType type = TYPES.get(simulation.random.nextInt(TYPES.size()));
        ObjectKey key = new ObjectKey("default", "object-" + simulation.random.nextInt(NAMES));
        Optional<ObjectNode> present = simulation.cluster.find(type, key);
        if (present.isEmpty()) {
            create(simulation, type, key);
            return;
        }
        switch (simulation.random.nextInt(5)) {
            case 0 -> refer(simulation, type, present.get());
            case 1 -> {
                if (!references(present.get()).isEmpty()) {
                    ObjectNode changed = present.get().deepCopy();
                    ((ArrayNode) changed.at("/metadata/ownerReferences")).remove(0);
                    simulation.cluster.update(type, changed);
                }
            }
            default -> {
                DeleteRequest.Propagation[] policies = DeleteRequest.Propagation.values();
                simulation.cluster.delete(
                        type, key, DeleteRequest.plain().with(policies[simulation.random.nextInt(policies.length)]));
            }
        }
    }

    private static void create(Simulation simulation, ResourceType type, ObjectKey key) {
        ObjectNode object = Json.object();
        object.put("apiVersion", type.apiVersion()).put("kind", type.kind());
        object.putObject("metadata").put("namespace", key.namespace()).put("name", key.name());
        ArrayNode references = Json.object().putArray("ownerReferences");
        for (int i = simulation.random.nextInt(3); i > 0; i--) {
            reference(simulation).ifPresent(references::add);
        }
        object.withObject("/metadata").set("ownerReferences", references);
        simulation.cluster.create(type, object);
    }

    private static void refer(Simulation simulation, ResourceType type, ObjectNode object) {
        reference(simulation).ifPresent(reference -> {
            ObjectNode changed = object.deepCopy();
            ArrayNode references = changed.withObject("/metadata").withArray("ownerReferences");
            references.add(reference);
            simulation.cluster.update(type, changed);
        });
    }

    /** A reference to something that is there, or now and then to something that is not. */
    private static Optional<ObjectNode> reference(Simulation simulation) {
        boolean exists = simulation.random.nextInt(8) > 0;
        List<ObjectNode> all = all(simulation).toList();
        if (exists && all.isEmpty()) {
            return Optional.empty();
        }
        ObjectNode reference = Json.object();
        reference.put("blockOwnerDeletion", simulation.random.nextBoolean());
        if (exists) {
            ObjectNode owner = all.get(simulation.random.nextInt(all.size()));
            return Optional.of(reference
                    .put("apiVersion", owner.path("apiVersion").asText())
                    .put("kind", owner.path("kind").asText())
                    .put("name", owner.at("/metadata/name").asText())
                    .put("uid", uid(owner)));
        }
        return Optional.of(reference
                .put("apiVersion", "v1")
                .put("kind", "ConfigMap")
                .put("name", "object-" + simulation.random.nextInt(NAMES))
                .put("uid", "never-was-" + simulation.random.nextInt(3)));
    }

    private static boolean isClean(Simulation simulation) {
        return all(simulation)
                .allMatch(object -> !object.path("metadata").has("deletionTimestamp")
                        && references(object).stream()
                                .allMatch(reference ->
                                        owner(simulation, reference).isPresent()));
    }

    private static Stream<ObjectNode> all(Simulation simulation) {
        return TYPES.stream().flatMap(type -> simulation.cluster.list(type).stream());
    }

    private static Optional<ObjectNode> owner(Simulation simulation, JsonNode reference) {
        return all(simulation)
                .filter(object -> uid(object).equals(reference.path("uid").asText()))
                .findFirst();
    }

    private static boolean waitsForDependents(ObjectNode object) {
        if (!object.path("metadata").has("deletionTimestamp")) {
            return false;
        }
        for (JsonNode finalizer : object.at("/metadata/finalizers")) {
            if (finalizer.asText().equals("foregroundDeletion")) {
                return true;
            }
        }
        return false;
    }

    private static List<JsonNode> references(ObjectNode object) {
        List<JsonNode> references = new ArrayList<>();
        object.at("/metadata/ownerReferences").forEach(references::add);
        return references;
    }

    private static String uid(ObjectNode object) {
        return object.at("/metadata/uid").asText();
    }
}
