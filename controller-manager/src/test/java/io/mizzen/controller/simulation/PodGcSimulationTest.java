// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import io.mizzen.controller.podgc.PodGarbageCollector;
import io.mizzen.testing.cluster.Change;
import io.mizzen.testing.cluster.Faults;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random histories of pods on nodes that are, were and never have been, or on none: a user who makes, ends and deletes pods, takes nodes
 * away, brings them back and puts them out of service; a collector with stale caches and failing writes. Only pods go that may: of
 * lost nodes after their quarantine and as failed ones, ended ones beyond the threshold and evicted and oldest ones first, leaving ones
 * where nobody lets them go; and these do go in time. Replay one with {@code -Dsimulation.seed=<seed>}; run more with
 * {@code -Dsimulation.rounds=<n>}.
 */
class PodGcSimulationTest {
    private static final ResourceType NODES = ResourceType.of(Node.class);
    private static final int THRESHOLD = 4;
    private static final Duration QUARANTINE = Duration.ofSeconds(40);
    private static final List<String> NAMES = List.of("node-0", "node-1", "node-2", "ghost", "");

    private static final class World {
        final Simulation simulation;
        final List<String> violations = new ArrayList<>();
        private final Since since;
        /** A look may come too early for what its cache does not show yet: so long it takes until the next one is over. */
        private final Duration twoLooks;

        private boolean byUser;

        World(long seed) {
            simulation = new Simulation(seed, List.of(context -> new PodGarbageCollector(context, THRESHOLD)));
            simulation.caredFor = pod ->
                    node(nodeOf(pod)).filter(PodGcSimulationTest::isReady).isPresent();
            simulation.ending = 1;
            simulation.cluster.observe(this::check);
            since = new Since(simulation);
            twoLooks = Duration.ofSeconds(20).plusMillis(simulation.longestLeap).multipliedBy(2);
            note();
        }

        private Optional<ObjectNode> node(String name) {
            return simulation.cluster.find(NODES, ObjectKey.cluster(name));
        }

        private void note() {
            NAMES.forEach(name -> since.note("node " + name, node(name).isPresent()));
            since.note("too many", ended().count() > THRESHOLD);
            simulation.cluster.list(Simulation.PODS).forEach(pod -> since.note("stuck " + uid(pod), isStuck(pod)));
        }

        private void check(Change change) {
            ObjectNode pod = change.object();
            boolean isRemoval = change.type().equals(Simulation.PODS) && change.kind() == Change.Kind.DELETED;
            boolean byKubelet = isLeaving(pod) && simulation.caredFor.test(pod);
            if (isRemoval && !byUser && !byKubelet) {
                if (!hasEnded(pod)) {
                    violations.add("removed before it ended: " + pod);
                } else if (!mayGo(pod)) {
                    violations.add("removed at " + simulation.clock.instant() + " for no reason: " + pod);
                }
            }
            note();
        }

        private boolean mayGo(ObjectNode pod) {
            String name = nodeOf(pod);
            boolean isOrphan = !name.isEmpty()
                    && node(name).isEmpty()
                    && !simulation
                            .clock
                            .instant()
                            .isBefore(since.from("node " + name, false).plus(QUARANTINE));
            return isOrphan
                    || isBeyondThreshold(pod)
                    || isLeaving(pod) && (name.isEmpty() || isKnownOutOfService(name));
        }

        /** By what the cache knows, in which there are those that have gone meanwhile. */
        private boolean isBeyondThreshold(ObjectNode pod) {
            return simulation.informers.of(Pod.class).list().stream()
                            .map(Json::<ObjectNode>tree)
                            .filter(other -> hasEnded(other) && ORDER.compare(other, pod) > 0)
                            .count()
                    >= THRESHOLD;
        }

        private boolean isKnownOutOfService(String name) {
            return simulation
                    .informers
                    .of(Node.class)
                    .find(ObjectKey.cluster(name))
                    .filter(cached -> isOutOfService(Json.tree(cached)))
                    .isPresent();
        }

        private Stream<ObjectNode> ended() {
            return simulation.cluster.list(Simulation.PODS).stream()
                    .filter(pod ->
                            hasEnded(pod) && pod.at("/metadata/finalizers").isEmpty());
        }

        /** Whether nobody else lets it go. */
        private boolean isStuck(ObjectNode pod) {
            String name = nodeOf(pod);
            return isLeaving(pod)
                    && (name.isEmpty()
                            || node(name)
                                    .filter(PodGcSimulationTest::isOutOfService)
                                    .isPresent());
        }

        private void checkBounds() {
            if (since.hasLasted("too many", true, twoLooks)) {
                violations.add("more than " + THRESHOLD + " have ended: " + ended().toList());
            }
            for (ObjectNode pod : simulation.cluster.list(Simulation.PODS)) {
                String name = nodeOf(pod);
                boolean isOrphan = !name.isEmpty()
                        && since.hasLasted(
                                "node " + name, false, QUARANTINE.plus(twoLooks).plus(twoLooks))
                        && since.hasPassed(
                                created(pod), QUARANTINE.plus(twoLooks).plus(twoLooks));
                boolean mustBeGone = isOrphan || since.hasLasted("stuck " + uid(pod), true, twoLooks);
                boolean isGone =
                        hasEnded(pod) && !pod.at("/metadata/finalizers").isEmpty();
                if (mustBeGone && !isGone) {
                    violations.add("still there at " + simulation.clock.instant() + ": " + pod);
                }
            }
        }

        void userStep() {
            checkBounds();
            byUser = true;
            List<ObjectNode> pods = simulation.cluster.list(Simulation.PODS);
            if (pods.isEmpty() || pods.size() < 15 && simulation.random.nextInt(3) == 0) {
                makePod();
            } else if (simulation.random.nextInt(3) == 0) {
                changeNode("node-" + simulation.random.nextInt(3));
            } else {
                changePod(pods.get(simulation.random.nextInt(pods.size())));
            }
            byUser = false;
        }

        private void makePod() {
            ObjectNode pod = Json.object();
            ObjectNode metadata =
                    pod.putObject("metadata").put("namespace", "default").put("generateName", "pod-");
            if (simulation.random.nextInt(4) == 0) {
                metadata.putArray("finalizers").add("example.com/keep");
            }
            pod.putObject("spec").put("nodeName", NAMES.get(simulation.random.nextInt(NAMES.size())));
            simulation.cluster.create(Simulation.PODS, pod);
        }

        private void changePod(ObjectNode pod) {
            ObjectKey key = Simulation.keyOf(pod);
            ObjectNode patch = Json.object();
            switch (simulation.random.nextInt(4)) {
                case 0 -> simulation.cluster.delete(Simulation.PODS, key, DeleteRequest.plain());
                case 1 -> {
                    patch.putObject("metadata").putArray("finalizers");
                    simulation.cluster.patch(Simulation.PODS, key, patch, false);
                }
                default -> {
                    ObjectNode status = patch.putObject("status");
                    boolean isEvicted = simulation.random.nextInt(4) == 0;
                    status.put("phase", isEvicted || simulation.random.nextBoolean() ? "Failed" : "Succeeded");
                    if (isEvicted) {
                        status.put("reason", "Evicted");
                    }
                    if (!nodeOf(pod).isEmpty() && !hasEnded(pod)) {
                        simulation.cluster.patch(Simulation.PODS, key, patch, true);
                    }
                }
            }
        }

        /** A node that is back stays long enough to be seen. */
        private void changeNode(String name) {
            Optional<ObjectNode> present = node(name);
            if (present.isEmpty()) {
                ObjectNode node = Json.object();
                node.putObject("metadata").put("name", name);
                simulation.cluster.create(NODES, node);
                report(name, true);
            } else if (simulation.random.nextInt(3) > 0) {
                report(name, !isReady(present.get()));
            } else if (simulation.random.nextBoolean() && since.hasLasted("node " + name, true, twoLooks)) {
                simulation.cluster.remove(NODES, ObjectKey.cluster(name));
            } else {
                ObjectNode patch = Json.object();
                ArrayNode taints = patch.putObject("spec").putArray("taints");
                if (present.get().at("/spec/taints").isEmpty()) {
                    taints.addObject()
                            .put("key", "node.kubernetes.io/out-of-service")
                            .put("effect", "NoExecute");
                }
                simulation.cluster.patch(NODES, ObjectKey.cluster(name), patch, false);
            }
        }

        private void report(String name, boolean ready) {
            ObjectNode patch = Json.object();
            patch.putObject("status")
                    .putArray("conditions")
                    .addObject()
                    .put("type", "Ready")
                    .put("status", ready ? "True" : "Unknown");
            simulation.cluster.patch(NODES, ObjectKey.cluster(name), patch, true);
        }

        boolean isTidy() {
            return ended().count() <= THRESHOLD
                    && simulation.cluster.list(Simulation.PODS).stream()
                            .allMatch(pod -> !isStuck(pod)
                                            && (nodeOf(pod).isEmpty()
                                                    || node(nodeOf(pod)).isPresent())
                                    || hasEnded(pod)
                                            && !pod.at("/metadata/finalizers").isEmpty());
        }
    }

    static LongStream seeds() {
        return Simulation.seeds(60);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void clearsAwayWhatNobodyElseDoesAndNothingElse(long seed) {
        World world = new World(seed);
        Simulation simulation = world.simulation;
        simulation.faults = simulation::roughFate;

        simulation.live(600 + simulation.random.nextInt(600), 6, world::userStep);

        simulation.faults = Faults.NONE;
        boolean settled = simulation.settle(20_000, world::isTidy);
        String replay = "replay with -Dtest=PodGcSimulationTest -Dsimulation.seed=" + seed;
        assertThat(world.violations).as(replay).isEmpty();
        assertThat(settled)
                .as(() -> replay + "\n" + simulation.describe(NODES, Simulation.PODS))
                .isTrue();
    }

    /** Those that go first come first. */
    private static final Comparator<ObjectNode> ORDER = Comparator.comparing(
                    (ObjectNode pod) -> !pod.at("/status/reason").asText().equals("Evicted"))
            .thenComparing(PodGcSimulationTest::created)
            .thenComparing(pod -> pod.at("/metadata/name").asText());

    private static Instant created(ObjectNode pod) {
        return Instant.parse(pod.at("/metadata/creationTimestamp").asText());
    }

    private static String nodeOf(ObjectNode pod) {
        return pod.at("/spec/nodeName").asText();
    }

    private static boolean isLeaving(ObjectNode pod) {
        return pod.path("metadata").has("deletionTimestamp");
    }

    private static boolean hasEnded(ObjectNode pod) {
        String phase = pod.at("/status/phase").asText();
        return phase.equals("Succeeded") || phase.equals("Failed");
    }

    private static boolean isReady(ObjectNode node) {
        return node.at("/status/conditions/0/status").asText().equals("True");
    }

    private static boolean isOutOfService(ObjectNode node) {
        return !node.at("/spec/taints").isEmpty() && !isReady(node);
    }

    private static String uid(ObjectNode object) {
        return object.at("/metadata/uid").asText();
    }
}
