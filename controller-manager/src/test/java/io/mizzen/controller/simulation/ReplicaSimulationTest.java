// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.ReplicationController;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import io.mizzen.controller.Controller;
import io.mizzen.controller.ControllerContext;
import io.mizzen.controller.garbage.GarbageCollector;
import io.mizzen.controller.replicaset.ReplicaController;
import io.mizzen.testing.cluster.Change;
import io.mizzen.testing.cluster.Faults;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random histories of a ReplicaSet, and of a ReplicationController, that nobody owns: it is scaled, deleted and made again; its pods are
 * deleted, fail, or are given another label; others of its label come. It never makes a pod more than the largest number wanted since
 * the state that its cache shows, and in the end it has just the pods it wants. Replay one with {@code -Dsimulation.seed=<seed>}; run
 * more with {@code -Dsimulation.rounds=<n>}.
 */
class ReplicaSimulationTest {
    private static final ObjectKey WEB = new ObjectKey("default", "web");

    /** What is played. */
    private record Kind(
            Class<? extends HasMetadata> model,
            Function<ControllerContext, Controller> maker,
            IntFunction<HasMetadata> ofSize) {
        ResourceType type() {
            return ResourceType.of(model);
        }
    }

    private static final class World {
        final Kind kind;
        final Simulation simulation;
        final List<String> violations = new ArrayList<>();
        final List<Change> wishes = new ArrayList<>();

        World(Kind kind, long seed) {
            this.kind = kind;
            simulation = new Simulation(
                    seed, List.of(kind.maker(), GarbageCollector::new), List.of(kind.type(), Simulation.PODS));
            simulation.cluster.observe(this::check);
        }

        void check(Change change) {
            if (change.type().equals(kind.type())) {
                wishes.add(change);
            }
            boolean isMade = change.type().equals(Simulation.PODS)
                    && change.kind() == Change.Kind.ADDED
                    && !RolloutInvariants.controller(change.object()).isEmpty();
            if (!isMade) {
                return;
            }
            String owner = RolloutInvariants.controller(change.object());
            long has = owned(owner).filter(World::isSelected).count();
            int mayHave = mostWanted(owner);
            if (has > mayHave) {
                violations.add("revision " + change.revision() + ": " + has + " pods where " + mayHave
                        + " were wanted: " + change.object());
            }
        }

        /** Since the state that the cache shows. */
        int mostWanted(String uid) {
            long seen = simulation.informers.seen(kind.model());
            int most = 0;
            for (int i = wishes.size() - 1; i >= 0; i--) {
                Change wish = wishes.get(i);
                if (wish.object().at("/metadata/uid").asText().equals(uid)) {
                    most = Math.max(most, wish.object().at("/spec/replicas").asInt());
                    if (wish.revision() <= seen) {
                        break;
                    }
                }
            }
            return most;
        }

        Stream<ObjectNode> owned(String uid) {
            return simulation.cluster.list(Simulation.PODS).stream()
                    .filter(pod -> RolloutInvariants.isActive(pod)
                            && RolloutInvariants.controller(pod).equals(uid));
        }

        static boolean isSelected(ObjectNode pod) {
            return pod.at("/metadata/labels/app").asText().equals("web");
        }

        void userStep() {
            Optional<ObjectNode> present = simulation.cluster.find(kind.type(), WEB);
            if (present.isEmpty()) {
                simulation.cluster.create(kind.type(), Json.tree(kind.ofSize().apply(simulation.random.nextInt(7))));
                return;
            }
            switch (simulation.random.nextInt(9)) {
                case 0, 1, 2 -> {
                    ObjectNode patch = Json.object();
                    patch.putObject("spec").put("replicas", simulation.random.nextInt(8));
                    simulation.cluster.patch(kind.type(), WEB, patch, false);
                }
                case 3 -> {
                    DeleteRequest.Propagation[] policies = DeleteRequest.Propagation.values();
                    simulation.cluster.delete(
                            kind.type(),
                            WEB,
                            DeleteRequest.plain().with(policies[simulation.random.nextInt(policies.length)]));
                }
                case 4 -> relabelSomePod();
                case 5 ->
                    simulation.cluster.create(
                            Simulation.PODS,
                            Json.tree(new PodBuilder()
                                    .withNewMetadata()
                                    .withNamespace("default")
                                    .withGenerateName("stray-")
                                    .addToLabels("app", "web")
                                    .endMetadata()
                                    .withSpec(ReplicaSets.template("web", "image:1")
                                            .getSpec())
                                    .build()));
                case 6 -> simulation.failSomePod();
                default -> simulation.deleteSomePod();
            }
        }

        /** It leaves its set for good. */
        void relabelSomePod() {
            List<ObjectNode> pods = simulation.cluster.list(Simulation.PODS);
            if (!pods.isEmpty()) {
                ObjectNode patch = Json.object();
                patch.putObject("metadata").putObject("labels").put("app", "other");
                ObjectNode pod = pods.get(simulation.random.nextInt(pods.size()));
                simulation.cluster.patch(Simulation.PODS, Simulation.keyOf(pod), patch, false);
            }
        }

        boolean isAsWanted() {
            Optional<ObjectNode> found = simulation.cluster.find(kind.type(), WEB);
            List<ObjectNode> active = simulation.cluster.list(Simulation.PODS).stream()
                    .filter(RolloutInvariants::isActive)
                    .toList();
            if (found.isEmpty()) {
                return active.stream()
                        .allMatch(pod -> RolloutInvariants.controller(pod).isEmpty());
            }
            ObjectNode set = found.get();
            String uid = set.at("/metadata/uid").asText();
            int replicas = set.at("/spec/replicas").asInt();
            boolean ownsItsPods = active.stream()
                    .allMatch(pod -> RolloutInvariants.controller(pod).equals(isSelected(pod) ? uid : ""));
            boolean statusIsTrue = Stream.of("replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas")
                            .allMatch(field -> set.path("status").path(field).asInt() == replicas)
                    && set.at("/status/observedGeneration").asLong()
                            == set.at("/metadata/generation").asLong();
            return !set.path("metadata").has("deletionTimestamp")
                    && ownsItsPods
                    && owned(uid).count() == replicas
                    && statusIsTrue;
        }
    }

    static LongStream seeds() {
        return Simulation.seeds(40, 338, 2518);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void replicaSetsMakeNoPodTooManyAndConverge(long seed) {
        play(
                new Kind(
                        ReplicaSet.class,
                        ReplicaController::replicaSets,
                        replicas -> ReplicaSets.of("default", "web", replicas)),
                seed);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void replicationControllersMakeNoPodTooManyAndConverge(long seed) {
        play(
                new Kind(
                        ReplicationController.class,
                        ReplicaController::replicationControllers,
                        replicas -> ReplicaSets.controller("default", "web", replicas)),
                seed);
    }

    private static void play(Kind kind, long seed) {
        World world = new World(kind, seed);
        Simulation simulation = world.simulation;
        simulation.faults = simulation::roughFate;

        simulation.live(300 + simulation.random.nextInt(300), 12, world::userStep);

        simulation.faults = Faults.NONE;
        boolean settled = simulation.settle(20_000, world::isAsWanted);
        String replay = "replay with -Dtest=ReplicaSimulationTest -Dsimulation.seed=" + seed;
        assertThat(world.violations).as(replay).isEmpty();
        assertThat(settled)
                .as(() -> replay + "\n" + simulation.describe(kind.type(), Simulation.PODS))
                .isTrue();
    }
}
