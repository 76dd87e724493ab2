// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import io.mizzen.controller.garbage.GarbageCollector;
import io.mizzen.controller.volume.EphemeralVolumeController;
import io.mizzen.controller.volume.InUseProtection;
import io.mizzen.testing.cluster.Change;
import io.mizzen.testing.cluster.Faults;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random histories of pods that use claims and have ephemeral volumes, whose names come again: a user who makes and deletes pods, claims
 * and volumes, some claims under the names of ephemeral ones; a scheduler that waits for claims; controllers with stale caches and failing
 * writes. What is used stays, what is not goes soon; each ephemeral volume gets a claim of its own, never another's, which goes with its
 * pod and not before. Replay one with {@code -Dsimulation.seed=<seed>}; run more with {@code -Dsimulation.rounds=<n>}.
 */
class VolumeUseSimulationTest {
    private static final ResourceType CLAIMS = ResourceType.of(PersistentVolumeClaim.class);
    private static final ResourceType VOLUMES = ResourceType.of(PersistentVolume.class);
    private static final String OF_CLAIMS = "kubernetes.io/pvc-protection";
    private static final String OF_VOLUMES = "kubernetes.io/pv-protection";
    private static final int NAMES = 4;

    private static final class World {
        final Simulation simulation;
        final List<String> violations = new ArrayList<>();
        private final Since since;
        private final Duration soon;
        private final Set<String> leaving = new HashSet<>();
        private final Map<String, JsonNode> ownersBefore = new HashMap<>();
        private boolean byUser;

        World(long seed) {
            simulation = new Simulation(
                    seed,
                    List.of(
                            InUseProtection::ofClaims,
                            InUseProtection::ofVolumes,
                            EphemeralVolumeController::new,
                            GarbageCollector::new),
                    List.of(Simulation.PODS, CLAIMS, VOLUMES));
            simulation.ending = 5;
            simulation.failing = 50;
            simulation.caredFor = pod -> isBound(pod) || isLeaving(pod) || mayStart(pod);
            since = new Since(simulation);
            soon = Duration.ofSeconds(2).plusMillis(2L * simulation.longestLeap);
            simulation.cluster.observe(this::check);
        }

        /** As the scheduler sees it: every claim is there and its own, and none is leaving. */
        private boolean mayStart(ObjectNode pod) {
            return claim(usedClaim(pod)).filter(claim -> !isLeaving(claim)).isPresent()
                    && claim(ephemeralClaim(pod))
                            .filter(claim -> !isLeaving(claim) && owner(claim).equals(uid(pod)))
                            .isPresent();
        }

        private void check(Change change) {
            ObjectNode object = change.object();
            boolean isRemoval = change.kind() == Change.Kind.DELETED;
            if (change.type().equals(CLAIMS)) {
                JsonNode owners = object.at("/metadata/ownerReferences");
                JsonNode before = ownersBefore.put(uid(object), owners);
                if (!byUser && before != null && !before.equals(owners)) {
                    violations.add("had the owners " + before + ": " + object);
                }
                if (!byUser && change.kind() == Change.Kind.ADDED && !isEphemeral(object)) {
                    violations.add("made for no pod: " + object);
                }
                boolean leavesByItself = (isRemoval || isLeaving(object)) && leaving.add(uid(object)) && !byUser;
                if (leavesByItself && pods().stream().anyMatch(pod -> uid(pod).equals(owner(object)))) {
                    violations.add("deleted before its pod: " + object);
                }
                if (isRemoval && wasProtected(object, OF_CLAIMS)) {
                    pods().stream()
                            .filter(pod -> uses(pod, object))
                            .forEach(pod -> violations.add(object + " was removed, which is used by " + pod));
                }
            } else if (change.type().equals(VOLUMES) && isRemoval && wasProtected(object, OF_VOLUMES)) {
                if (object.at("/status/phase").asText().equals("Bound")) {
                    violations.add("removed while it was bound: " + object);
                }
            }
            note();
        }

        private boolean isEphemeral(ObjectNode claim) {
            JsonNode reference = claim.at("/metadata/ownerReferences/0");
            return reference.path("controller").asBoolean()
                    && name(claim).equals(reference.path("name").asText() + "-scratch");
        }

        /** Those that admission did not protect are for a while as they were made. */
        private boolean wasProtected(ObjectNode object, String finalizer) {
            return simulation.cluster.history().stream()
                    .filter(change -> uid(change.object()).equals(uid(object)))
                    .anyMatch(change -> isProtected(change.object(), finalizer));
        }

        private boolean uses(ObjectNode pod, ObjectNode claim) {
            boolean isShutDown = isLeaving(pod)
                    && pod.at("/metadata/deletionGracePeriodSeconds").asInt() == 0;
            return isBound(pod)
                    && (usedClaim(pod).equals(name(claim))
                            || owner(claim).equals(uid(pod))
                                    && ephemeralClaim(pod).equals(name(claim))
                                    && !isShutDown);
        }

        private void note() {
            for (ObjectNode pod : pods()) {
                since.note(
                        "lacks " + uid(pod),
                        !isLeaving(pod) && claim(ephemeralClaim(pod)).isEmpty());
            }
            for (ObjectNode claim : simulation.cluster.list(CLAIMS)) {
                boolean isUsed = pods().stream().anyMatch(pod -> uses(pod, claim));
                boolean isOrphan =
                        !owner(claim).isEmpty() && pods().stream().noneMatch(pod -> uid(pod).equals(owner(claim)));
                noteUse(claim, isUsed, OF_CLAIMS);
                since.note("orphan " + uid(claim), isOrphan);
            }
            for (ObjectNode volume : simulation.cluster.list(VOLUMES)) {
                noteUse(volume, volume.at("/status/phase").asText().equals("Bound"), OF_VOLUMES);
            }
        }

        private void noteUse(ObjectNode object, boolean isUsed, String finalizer) {
            since.note("idle " + uid(object), isLeaving(object) && !isUsed);
            since.note("bare " + uid(object), !isLeaving(object) && !isProtected(object, finalizer));
        }

        private void checkBounds() {
            for (ObjectNode pod : pods()) {
                // Whoever was refused often because of another's claim is long in trying again when something goes
                // wrong after that.
                if (simulation.lastTrouble.isBefore(since.from("lacks " + uid(pod), true))) {
                    require("lacks", "has no claim", pod);
                }
            }
            for (ResourceType type : List.of(CLAIMS, VOLUMES)) {
                for (ObjectNode object : simulation.cluster.list(type)) {
                    require("idle", "is not used and still there", object);
                    require("bare", "is not protected", object);
                    require("orphan", "was made for a pod that is gone", object);
                }
            }
        }

        private void require(String wrong, String text, ObjectNode object) {
            if (since.hasLasted(wrong + " " + uid(object), true, soon)) {
                violations.add(text + " at " + simulation.clock.instant() + ": " + object);
            }
        }

        void userStep() {
            checkBounds();
            byUser = true;
            int number = simulation.random.nextInt(NAMES);
            switch (simulation.random.nextInt(8)) {
                case 0, 1 -> makePod(number);
                case 2 -> delete(Simulation.PODS, "pod-" + number);
                case 3 -> make(CLAIMS, "claim-" + number, OF_CLAIMS);
                case 4 -> delete(CLAIMS, "claim-" + number);
                case 5 -> {
                    boolean isOwn = simulation.random.nextBoolean();
                    if (isOwn) {
                        delete(CLAIMS, "pod-" + number + "-scratch");
                    } else {
                        make(CLAIMS, "pod-" + number + "-scratch", OF_CLAIMS);
                    }
                }
                case 6 -> make(VOLUMES, "volume-" + number, OF_VOLUMES);
                default -> changeVolume("volume-" + number);
            }
            byUser = false;
        }

        private void makePod(int number) {
            if (simulation.cluster.find(Simulation.PODS, key("pod-" + number)).isPresent()) {
                return;
            }
            ObjectNode pod = Json.object();
            pod.put("apiVersion", "v1").put("kind", "Pod");
            pod.putObject("metadata").put("namespace", "default").put("name", "pod-" + number);
            ObjectNode spec = pod.putObject("spec");
            spec.withArray("volumes")
                    .addObject()
                    .put("name", "data")
                    .putObject("persistentVolumeClaim")
                    .put("claimName", "claim-" + simulation.random.nextInt(NAMES));
            spec.withArray("volumes")
                    .addObject()
                    .put("name", "scratch")
                    .putObject("ephemeral")
                    .putObject("volumeClaimTemplate")
                    .putObject("spec")
                    .putArray("accessModes")
                    .add("ReadWriteOnce");
            simulation.cluster.create(Simulation.PODS, pod);
        }

        /** Admission protects what is new, but not before it is set up. */
        private void make(ResourceType type, String name, String finalizer) {
            ObjectKey key = type.equals(VOLUMES) ? ObjectKey.cluster(name) : key(name);
            if (simulation.cluster.find(type, key).isPresent()) {
                return;
            }
            ObjectNode object = Json.object();
            object.put("apiVersion", "v1").put("kind", type.kind());
            ObjectNode metadata = object.putObject("metadata").put("name", name);
            if (!key.namespace().isEmpty()) {
                metadata.put("namespace", key.namespace());
            }
            if (simulation.random.nextInt(4) > 0) {
                metadata.putArray("finalizers").add(finalizer);
            }
            object.putObject("spec");
            simulation.cluster.create(type, object);
        }

        private void delete(ResourceType type, String name) {
            if (simulation.cluster.find(type, key(name)).isPresent()) {
                boolean isForced = type.equals(Simulation.PODS) && simulation.random.nextInt(4) == 0;
                DeleteRequest request = DeleteRequest.plain();
                simulation.cluster.delete(type, key(name), isForced ? request.withGrace(0) : request);
            }
        }

        private void changeVolume(String name) {
            ObjectKey key = ObjectKey.cluster(name);
            if (simulation.cluster.find(VOLUMES, key).isEmpty()) {
                return;
            }
            if (simulation.random.nextInt(3) == 0) {
                simulation.cluster.delete(VOLUMES, key, DeleteRequest.plain());
            } else {
                ObjectNode patch = Json.object();
                patch.putObject("status").put("phase", simulation.random.nextBoolean() ? "Bound" : "Released");
                simulation.cluster.patch(VOLUMES, key, patch, true);
            }
        }

        /** All that is left is in use or has no reason to go, and everybody has what is his. */
        boolean isWell() {
            boolean areClaimsWell = simulation.cluster.list(CLAIMS).stream()
                    .allMatch(claim -> isProtected(claim, OF_CLAIMS)
                            && (owner(claim).isEmpty()
                                    || pods().stream().anyMatch(pod -> uid(pod).equals(owner(claim))))
                            && (!isLeaving(claim) || pods().stream().anyMatch(pod -> uses(pod, claim))));
            return areClaimsWell
                    && pods().stream()
                            .allMatch(pod -> claim(ephemeralClaim(pod)).isPresent())
                    && simulation.cluster.list(VOLUMES).stream()
                            .allMatch(volume -> isProtected(volume, OF_VOLUMES)
                                    && (!isLeaving(volume)
                                            || volume.at("/status/phase")
                                                    .asText()
                                                    .equals("Bound")));
        }

        private List<ObjectNode> pods() {
            return simulation.cluster.list(Simulation.PODS);
        }

        private Optional<ObjectNode> claim(String name) {
            return simulation.cluster.find(CLAIMS, key(name));
        }
    }

    static LongStream seeds() {
        return Simulation.seeds(60);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void keepsWhatIsUsedAndMakesEachPodItsOwn(long seed) {
        World world = new World(seed);
        Simulation simulation = world.simulation;
        simulation.faults = simulation::roughFate;

        simulation.live(500 + simulation.random.nextInt(500), 5, world::userStep);

        simulation.faults = Faults.NONE;
        simulation.ending = 0;
        boolean settled = simulation.settle(20_000, world::isWell);
        String replay = "replay with -Dtest=VolumeUseSimulationTest -Dsimulation.seed=" + seed;
        assertThat(world.violations).as(replay).isEmpty();
        assertThat(settled)
                .as(() -> replay + "\n" + simulation.describe(Simulation.PODS, CLAIMS, VOLUMES))
                .isTrue();
    }

    private static boolean isProtected(ObjectNode object, String finalizer) {
        for (JsonNode present : object.at("/metadata/finalizers")) {
            if (present.asText().equals(finalizer)) {
                return true;
            }
        }
        return false;
    }

    private static ObjectKey key(String name) {
        return new ObjectKey("default", name);
    }

    private static boolean isBound(ObjectNode pod) {
        return !pod.at("/spec/nodeName").asText().isEmpty();
    }

    private static boolean isLeaving(ObjectNode object) {
        return object.path("metadata").has("deletionTimestamp");
    }

    private static String usedClaim(ObjectNode pod) {
        return pod.at("/spec/volumes/0/persistentVolumeClaim/claimName").asText();
    }

    private static String ephemeralClaim(ObjectNode pod) {
        return name(pod) + "-scratch";
    }

    private static String owner(ObjectNode claim) {
        return claim.at("/metadata/ownerReferences/0/uid").asText();
    }

    private static String name(ObjectNode object) {
        return object.at("/metadata/name").asText();
    }

    private static String uid(ObjectNode object) {
        return object.at("/metadata/uid").asText();
    }
}
