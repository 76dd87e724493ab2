// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import io.mizzen.controller.volume.InUseProtection;
import io.mizzen.controller.volume.PersistentVolumeBinder;
import io.mizzen.controller.volume.Volumes;
import io.mizzen.testing.cluster.Change;
import io.mizzen.testing.cluster.Faults;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random histories of claims and volumes: users who make, ask for and delete both, a scheduler that selects nodes and sets volumes
 * aside, pods that use claims; caches that lag; writes that conflict, get lost or are the last thing a process does. A volume
 * never goes from one claim to another, a binding is always told by both sides and within a class, what a pod uses stays, and in
 * the end everything is bound, free or waiting for a reason. Replay one with {@code -Dsimulation.seed=<seed>}; run more with
 * {@code -Dsimulation.rounds=<n>}.
 */
class BinderSimulationTest {
    private static final ResourceType CLAIMS = ResourceType.of(PersistentVolumeClaim.class);
    private static final ResourceType VOLUMES = ResourceType.of(PersistentVolume.class);
    private static final String BIND_COMPLETED = "pv.kubernetes.io/bind-completed";
    private static final String[] CLASSES = {"", "fast", "local"};
    private static final String[] SIZES = {"1Gi", "2Gi", "5Gi"};

    private static final AtomicInteger BINDINGS = new AtomicInteger();

    static LongStream seeds() {
        return Simulation.seeds(20);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void keepsEveryPromiseAndConverges(long seed) {
        Simulation simulation = new Simulation(
                seed, List.of(PersistentVolumeBinder::new, InUseProtection::ofClaims, InUseProtection::ofVolumes));
        Promises promises = new Promises(simulation);
        simulation.others.add(() -> letGoOfSomeVolume(simulation));
        prepare(simulation);
        simulation.faults = simulation::roughFate;

        int steps = 300 + simulation.random.nextInt(400);
        for (int i = 0; i < steps; i++) {
            if (simulation.random.nextInt(8) == 0) {
                userStep(simulation);
            } else if (!simulation.step()) {
                simulation.clock.advance(Duration.ofMillis(1 + simulation.random.nextInt(2_000)));
            }
        }
        simulation.faults = Faults.NONE;
        boolean settled = simulation.settle(20_000, () -> complaint(simulation).isEmpty());

        String replay = "replay with -Dtest=BinderSimulationTest -Dsimulation.seed=" + seed;
        assertThat(promises.broken).as(replay).isEmpty();
        BINDINGS.addAndGet(promises.bindings);
        assertThat(settled).as(() -> replay + ": " + complaint(simulation)).isTrue();
    }

    @AfterAll
    static void theHistoriesHadBindings() {
        assertThat(BINDINGS).as("bindings in all histories").hasPositiveValue();
    }

    private static void prepare(Simulation simulation) {
        simulation.cluster.create(
                ResourceType.of(StorageClass.class),
                Json.tree(Volumes.storageClass("fast", "kubernetes.io/no-provisioner", "Immediate")));
        simulation.cluster.create(
                ResourceType.of(StorageClass.class),
                Json.tree(Volumes.storageClass("local", "mizzen.io/local-path", "WaitForFirstConsumer")));
        for (String node : List.of("a", "b")) {
            simulation.cluster.create(ResourceType.of(Node.class), Json.tree(Volumes.node(node)));
        }
    }

    private static void userStep(Simulation simulation) {
        switch (simulation.random.nextInt(9)) {
            case 0, 1 -> makeClaim(simulation);
            case 2, 3 -> makeVolume(simulation);
            case 4 -> deleteSome(simulation, CLAIMS);
            case 5 -> deleteSome(simulation, VOLUMES);
            case 6 -> selectNode(simulation);
            case 7 -> usePod(simulation);
            default -> deleteSome(simulation, Simulation.PODS);
        }
    }

    private static void makeClaim(Simulation simulation) {
        PersistentVolumeClaim claim = Volumes.claim(
                "claim-" + simulation.random.nextInt(6), any(simulation, CLASSES), any(simulation, SIZES));
        if (simulation.random.nextInt(5) == 0) {
            claim.getSpec().setVolumeName("volume-" + simulation.random.nextInt(6));
        }
        claim.setStatus(null);
        if (simulation.cluster.find(CLAIMS, ObjectKey.of(claim)).isEmpty()) {
            simulation.cluster.create(CLAIMS, Json.tree(claim));
        }
    }

    private static void makeVolume(Simulation simulation) {
        PersistentVolume volume = Volumes.volume(
                "volume-" + simulation.random.nextInt(6), any(simulation, CLASSES), any(simulation, SIZES));
        volume.setStatus(null);
        if (simulation.random.nextInt(4) == 0) {
            volume.getSpec().setPersistentVolumeReclaimPolicy("Delete");
        }
        ObjectNode tree = Json.tree(volume);
        if (simulation.random.nextInt(5) == 0) {
            tree.withObject("/spec/claimRef")
                    .put("namespace", "default")
                    .put("name", "claim-" + simulation.random.nextInt(6));
        }
        if (simulation.cluster.find(VOLUMES, ObjectKey.of(volume)).isEmpty()) {
            simulation.cluster.create(VOLUMES, tree);
        }
    }

    private static void deleteSome(Simulation simulation, ResourceType type) {
        List<ObjectNode> present = simulation.cluster.list(type).stream()
                .filter(object -> !name(object).startsWith("pvc-"))
                .toList();
        if (!present.isEmpty()) {
            ObjectNode object = present.get(simulation.random.nextInt(present.size()));
            simulation.cluster.delete(type, Simulation.keyOf(object), DeleteRequest.plain());
        }
    }

    /** The scheduler: where no volume fits, it selects a node that may make one. */
    private static void selectNode(Simulation simulation) {
        for (ObjectNode claim : simulation.cluster.list(CLAIMS)) {
            boolean isOpen =
                    claim.path("spec").path("storageClassName").asText().equals("local")
                            && claim.path("spec").path("volumeName").asText("").isEmpty()
                            && annotation(claim, "volume.kubernetes.io/selected-node")
                                    .isEmpty();
            if (isOpen) {
                String[] nodes = {"a", "b", "gone"};
                ObjectNode patch = Json.object();
                patch.withObject("/metadata/annotations")
                        .put("volume.kubernetes.io/selected-node", any(simulation, nodes));
                simulation.cluster.patch(CLAIMS, Simulation.keyOf(claim), patch, false);
            }
        }
    }

    private static void usePod(Simulation simulation) {
        String name = "pod-" + simulation.random.nextInt(3);
        if (simulation
                .cluster
                .find(Simulation.PODS, new ObjectKey("default", name))
                .isPresent()) {
            return;
        }
        simulation.cluster.create(
                Simulation.PODS,
                Json.tree(new PodBuilder()
                        .withNewMetadata()
                        .withNamespace("default")
                        .withName(name)
                        .endMetadata()
                        .withNewSpec()
                        .addNewVolume()
                        .withName("data")
                        .withNewPersistentVolumeClaim("claim-" + simulation.random.nextInt(6), false)
                        .endVolume()
                        .endSpec()
                        .build()));
    }

    /** The kubelet: takes its finalizer off a volume that is to go and that nobody is bound to. */
    private static boolean letGoOfSomeVolume(Simulation simulation) {
        for (ObjectNode volume : simulation.cluster.list(VOLUMES)) {
            boolean isLeaving = volume.path("metadata").has("deletionTimestamp")
                    && !phase(volume).equals("Bound")
                    && volume.path("metadata").path("finalizers").toString().contains("mizzen.io/local-path");
            if (isLeaving) {
                ObjectNode patch = Json.object();
                var left = patch.withObject("/metadata").putArray("finalizers");
                volume.path("metadata").path("finalizers").forEach(finalizer -> {
                    if (!finalizer.asText().equals("mizzen.io/local-path")) {
                        left.add(finalizer);
                    }
                });
                simulation.cluster.patch(VOLUMES, Simulation.keyOf(volume), patch, false);
                return true;
            }
        }
        return false;
    }

    /** What is not as it should be once nothing moves any more; empty if all is. */
    private static String complaint(Simulation simulation) {
        for (ObjectNode claim : simulation.cluster.list(CLAIMS)) {
            String volumeName = claim.path("spec").path("volumeName").asText("");
            ObjectNode volume = simulation
                    .cluster
                    .find(VOLUMES, ObjectKey.cluster(volumeName))
                    .orElse(null);
            boolean isTogether = volume != null && claimUid(volume).equals(uid(claim));
            boolean isRight = switch (phase(claim)) {
                case "Bound" -> isTogether && phase(volume).equals("Bound");
                case "Lost" -> !isTogether && !annotation(claim, BIND_COMPLETED).isEmpty();
                case "Pending" -> annotation(claim, BIND_COMPLETED).isEmpty() && mayWait(simulation, claim);
                default -> claim.path("metadata").has("deletionTimestamp");
            };
            if (!isRight) {
                return "claim " + claim + "\nits volume " + volume;
            }
        }
        for (ObjectNode volume : simulation.cluster.list(VOLUMES)) {
            boolean isClaimed = simulation.cluster.list(CLAIMS).stream()
                    .anyMatch(claim -> uid(claim).equals(claimUid(volume)));
            boolean isRight = switch (phase(volume)) {
                case "Available" -> claimUid(volume).isEmpty();
                case "Bound" -> isClaimed;
                case "Released" ->
                    !isClaimed
                            && volume.path("spec")
                                    .path("persistentVolumeReclaimPolicy")
                                    .asText()
                                    .equals("Retain");
                case "Failed" -> !isClaimed && !name(volume).startsWith("pvc-");
                default -> false;
            };
            if (!isRight) {
                return "volume " + volume;
            }
        }
        return "";
    }

    private static boolean mayWait(Simulation simulation, ObjectNode claim) {
        String className = claim.path("spec").path("storageClassName").asText();
        if (claim.path("metadata").has("deletionTimestamp")
                || !claim.path("spec").path("volumeName").asText("").isEmpty()) {
            return true;
        }
        if (className.equals("local")) {
            return annotation(claim, "volume.kubernetes.io/selected-node").isEmpty();
        }
        PersistentVolumeClaim wanting = Json.model(claim, PersistentVolumeClaim.class);
        return simulation.cluster.list(PersistentVolume.class).stream()
                .noneMatch(volume -> volume.getSpec().getClaimRef() == null
                        && volume.getMetadata().getDeletionTimestamp() == null
                        && className.equals(volume.getSpec().getStorageClassName())
                        && volume.getSpec()
                                        .getCapacity()
                                        .get("storage")
                                        .getNumericalAmount()
                                        .compareTo(wanting.getSpec()
                                                .getResources()
                                                .getRequests()
                                                .get("storage")
                                                .getNumericalAmount())
                                >= 0);
    }

    /** What must hold after every single write. */
    private static final class Promises {
        final List<String> broken = new ArrayList<>();
        int bindings;
        private final Simulation simulation;
        private final Map<String, String> holders = new HashMap<>();
        private final Map<String, String> bound = new HashMap<>();

        Promises(Simulation simulation) {
            this.simulation = simulation;
            simulation.cluster.observe(this::changed);
        }

        private void changed(Change change) {
            if (change.type().equals(VOLUMES)) {
                volumeChanged(change);
            } else if (change.type().equals(CLAIMS)) {
                claimChanged(change);
            }
        }

        private void volumeChanged(Change change) {
            ObjectNode volume = change.object();
            if (change.kind() == Change.Kind.DELETED) {
                return;
            }
            String before = holders.put(uid(volume), claimUid(volume));
            if (before != null
                    && !before.isEmpty()
                    && !claimUid(volume).isEmpty()
                    && !before.equals(claimUid(volume))) {
                broken.add("volume " + name(volume) + " went from claim " + before + " to " + claimUid(volume));
            }
        }

        private void claimChanged(Change change) {
            ObjectNode claim = change.object();
            String volumeName = claim.path("spec").path("volumeName").asText("");
            if (change.kind() == Change.Kind.DELETED) {
                simulation.cluster.list(Simulation.PODS).stream()
                        .filter(pod ->
                                !pod.path("spec").path("nodeName").asText("").isEmpty())
                        .filter(pod -> pod.path("spec").toString().contains("\"" + name(claim) + "\""))
                        .filter(pod -> claim.path("metadata").path("finalizers").isEmpty() && wasProtected(claim))
                        .forEach(pod -> broken.add("claim " + name(claim) + " went while " + name(pod) + " used it"));
                return;
            }
            if (annotation(claim, BIND_COMPLETED).isEmpty()) {
                return;
            }
            String before = bound.put(uid(claim), volumeName);
            if (before != null && !before.equals(volumeName)) {
                broken.add("claim " + name(claim) + " went from " + before + " to " + volumeName);
            }
            if (before == null) {
                bindings++;
                simulation
                        .cluster
                        .find(VOLUMES, ObjectKey.cluster(volumeName))
                        .ifPresent(volume -> check(claim, volume));
            }
        }

        /** The finalizer is put on by admission; here by the controller, a little later, so that a claim may go before. */
        private boolean wasProtected(ObjectNode claim) {
            return simulation.cluster.history().stream()
                    .filter(change ->
                            change.type().equals(CLAIMS) && uid(change.object()).equals(uid(claim)))
                    .anyMatch(change -> change.object()
                            .path("metadata")
                            .path("finalizers")
                            .toString()
                            .contains("kubernetes.io/pvc-protection"));
        }

        private void check(ObjectNode claim, ObjectNode volume) {
            if (!claimUid(volume).equals(uid(claim))) {
                broken.add("claim " + name(claim) + " says it has " + name(volume) + ", which has " + claimUid(volume));
            }
            JsonNode wanted = claim.path("spec").path("storageClassName");
            if (!wanted.asText()
                    .equals(volume.path("spec").path("storageClassName").asText())) {
                broken.add("claim " + name(claim) + " of class " + wanted + " got " + name(volume) + " of another");
            }
        }
    }

    private static String any(Simulation simulation, String[] of) {
        return of[simulation.random.nextInt(of.length)];
    }

    private static String name(ObjectNode object) {
        return object.path("metadata").path("name").asText();
    }

    private static String uid(ObjectNode object) {
        return object.path("metadata").path("uid").asText();
    }

    private static String phase(ObjectNode object) {
        return object.path("status").path("phase").asText("");
    }

    private static String claimUid(ObjectNode volume) {
        return volume.path("spec").path("claimRef").path("uid").asText("");
    }

    private static String annotation(ObjectNode object, String key) {
        return object.path("metadata").path("annotations").path(key).asText("");
    }
}
