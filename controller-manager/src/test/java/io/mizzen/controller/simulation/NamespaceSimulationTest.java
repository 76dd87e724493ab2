// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import io.mizzen.controller.namespace.NamespaceController;
import io.mizzen.controller.replicaset.ReplicaController;
import io.mizzen.testing.cluster.Change;
import io.mizzen.testing.cluster.Faults;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random histories of two namespaces with objects, some with finalizers, and ReplicaSets with pods: one is deleted and, when it is gone,
 * made again; the other stays. Controllers with stale caches and failing writes empty it. Nothing of the other goes; nothing but pods
 * goes while there are pods (KEP-5080); the namespace itself goes last; and in the end it does go. Replay one with
 * {@code -Dsimulation.seed=<seed>}; run more with {@code -Dsimulation.rounds=<n>}.
 */
class NamespaceSimulationTest {
    private static final ResourceType NAMESPACES = ResourceType.of(Namespace.class);
    private static final ResourceType MAPS = ResourceType.of(ConfigMap.class);
    private static final ResourceType SECRETS = ResourceType.of(Secret.class);
    private static final ResourceType SETS = ResourceType.of(ReplicaSet.class);
    private static final List<ResourceType> CONTENT = List.of(Simulation.PODS, MAPS, SECRETS, SETS);
    private static final String DOOMED = "doomed";
    private static final String LIVING = "living";

    private static final class World {
        final Simulation simulation;
        final List<String> violations = new ArrayList<>();
        final Set<String> leaving = new HashSet<>();

        World(long seed) {
            List<ResourceType> served =
                    Stream.concat(Stream.of(NAMESPACES), CONTENT.stream()).toList();
            simulation =
                    new Simulation(seed, List.of(NamespaceController::new, ReplicaController::replicaSets), served);
            simulation.cluster.create(NAMESPACES, namespace(LIVING));
            simulation.cluster.create(NAMESPACES, namespace(DOOMED));
            simulation.cluster.observe(this::check);
        }

        void check(Change change) {
            ObjectNode object = change.object();
            boolean leaves = change.kind() == Change.Kind.DELETED
                    || object.path("metadata").has("deletionTimestamp");
            if (change.type().equals(NAMESPACES)) {
                long left = content(object.at("/metadata/name").asText()).count();
                if (change.kind() == Change.Kind.DELETED && left > 0) {
                    violations.add(
                            "revision " + change.revision() + ": the namespace went before " + left + " objects");
                }
                return;
            }
            if (!leaves || !leaving.add(object.at("/metadata/uid").asText())) {
                return;
            }
            String where = object.at("/metadata/namespace").asText();
            if (where.equals(LIVING)) {
                violations.add("revision " + change.revision() + ": deleted " + object);
            }
            long pods = simulation.cluster.list(Simulation.PODS).stream()
                    .filter(pod -> pod.at("/metadata/namespace").asText().equals(where))
                    .count();
            if (!change.type().equals(Simulation.PODS) && pods > 0) {
                violations.add(
                        "revision " + change.revision() + ": deleted while there were " + pods + " pods: " + object);
            }
        }

        Stream<ObjectNode> content(String namespace) {
            return CONTENT.stream()
                    .flatMap(type -> simulation.cluster.list(type).stream())
                    .filter(object -> object.at("/metadata/namespace").asText().equals(namespace));
        }

        boolean isDoomed() {
            return simulation
                    .cluster
                    .find(NAMESPACES, ObjectKey.cluster(DOOMED))
                    .filter(namespace -> namespace.path("metadata").has("deletionTimestamp"))
                    .isPresent();
        }

        boolean isThere() {
            return simulation
                    .cluster
                    .find(NAMESPACES, ObjectKey.cluster(DOOMED))
                    .isPresent();
        }

        void userStep() {
            if (isDoomed()) {
                releaseSome();
            } else if (!isThere()) {
                simulation.cluster.create(NAMESPACES, namespace(DOOMED));
            } else if (simulation.random.nextInt(6) == 0) {
                simulation.cluster.delete(NAMESPACES, ObjectKey.cluster(DOOMED), DeleteRequest.plain());
            } else {
                fill(simulation.random.nextBoolean() ? DOOMED : LIVING);
            }
        }

        void fill(String namespace) {
            String name = "object-" + simulation.cluster.history().size();
            String[] finalizers = simulation.random.nextInt(3) == 0 ? new String[] {"example.com/keep"} : new String[0];
            switch (simulation.random.nextInt(3)) {
                case 0 ->
                    simulation.cluster.create(
                            MAPS,
                            Json.tree(new ConfigMapBuilder()
                                    .withNewMetadata()
                                    .withNamespace(namespace)
                                    .withName(name)
                                    .withFinalizers(finalizers)
                                    .endMetadata()
                                    .build()));
                case 1 ->
                    simulation.cluster.create(
                            SECRETS,
                            Json.tree(new SecretBuilder()
                                    .withNewMetadata()
                                    .withNamespace(namespace)
                                    .withName(name)
                                    .withFinalizers(finalizers)
                                    .endMetadata()
                                    .build()));
                default -> simulation.cluster.create(SETS, Json.tree(ReplicaSets.of(namespace, name, 2)));
            }
        }

        /** Others take their finalizers off what is to go. */
        void releaseSome() {
            for (ResourceType type : List.of(MAPS, SECRETS)) {
                for (ObjectNode object : simulation.cluster.list(type)) {
                    boolean waits = object.path("metadata").has("deletionTimestamp");
                    if (waits && simulation.random.nextBoolean()) {
                        ObjectNode patch = Json.object();
                        patch.putObject("metadata").putArray("finalizers");
                        simulation.cluster.patch(type, Simulation.keyOf(object), patch, false);
                    }
                }
            }
        }
    }

    static LongStream seeds() {
        return Simulation.seeds(60);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void emptiesANamespacePodsFirstAndTouchesNoOther(long seed) {
        World world = new World(seed);
        Simulation simulation = world.simulation;
        simulation.faults = simulation::roughFate;

        simulation.live(300 + simulation.random.nextInt(400), 12, world::userStep);

        simulation.faults = Faults.NONE;
        if (world.isThere() && !world.isDoomed()) {
            simulation.cluster.delete(NAMESPACES, ObjectKey.cluster(DOOMED), DeleteRequest.plain());
        }
        boolean settled = simulation.settle(20_000, () -> {
            world.releaseSome();
            return !world.isThere();
        });
        String replay = "replay with -Dtest=NamespaceSimulationTest -Dsimulation.seed=" + seed;
        assertThat(world.violations).as(replay).isEmpty();
        assertThat(settled)
                .as(() -> replay + "\n" + simulation.describe(NAMESPACES, Simulation.PODS, MAPS, SECRETS, SETS))
                .isTrue();
    }

    private static ObjectNode namespace(String name) {
        return Json.tree(new NamespaceBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withFinalizers("kubernetes")
                .endSpec()
                .build());
    }
}
