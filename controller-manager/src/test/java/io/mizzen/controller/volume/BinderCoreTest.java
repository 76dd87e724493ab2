// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.volume;

import static io.mizzen.controller.volume.Volumes.claim;
import static io.mizzen.controller.volume.Volumes.node;
import static io.mizzen.controller.volume.Volumes.storageClass;
import static io.mizzen.controller.volume.Volumes.volume;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.mizzen.client.ObjectKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class BinderCoreTest {
    private final World world = new World();

    @Test
    void givesAClaimTheSmallestVolumeThatFits() {
        world.add(volume("large", "", "5Gi"), volume("fit", "", "2Gi"), volume("small", "", "1Mi"));
        world.add(volume("classy", "fast", "1Gi"));
        world.add(claim("data", "", "1Gi"));

        world.settle();

        PersistentVolumeClaim bound = world.claims.get("data");
        assertThat(bound.getSpec().getVolumeName()).isEqualTo("fit");
        assertThat(bound.getStatus().getPhase()).isEqualTo("Bound");
        assertThat(bound.getStatus().getCapacity().get("storage")).hasToString("2Gi");
        assertThat(bound.getMetadata().getAnnotations())
                .containsOnlyKeys("pv.kubernetes.io/bind-completed", "pv.kubernetes.io/bound-by-controller");
        PersistentVolume volume = world.volumes.get("fit");
        assertThat(volume.getStatus().getPhase()).isEqualTo("Bound");
        assertThat(volume.getSpec().getClaimRef().getUid()).isEqualTo("uid-data");
        assertThat(world.volumes.get("large").getStatus().getPhase()).isEqualTo("Available");
    }

    @Test
    void looksAtSelectorModesAndDevices() {
        PersistentVolume labelled = volume("labelled", "", "1Gi");
        labelled.getMetadata().setLabels(Map.of("disk", "ssd"));
        PersistentVolume device = volume("device", "", "1Gi");
        device.getSpec().setVolumeMode("Block");
        device.getMetadata().setLabels(Map.of("disk", "ssd"));
        PersistentVolumeClaim claim = claim("data", "", "1Gi");
        claim.getSpec()
                .setSelector(new LabelSelectorBuilder()
                        .addToMatchLabels("disk", "ssd")
                        .build());
        world.add(volume("plain", "", "1Gi"), device, labelled);
        world.add(claim);

        world.settle();

        assertThat(world.claims.get("data").getSpec().getVolumeName()).isEqualTo("labelled");
    }

    @Test
    void saysWhyAClaimStaysUnbound() {
        world.add(claim("none", "", "1Gi"), claim("unknown", "x", "1Gi"), claim("external", "far", "1Gi"));
        world.add(claim("waiting", "local", "1Gi"), claim("static", "static", "1Gi"));
        world.classes.put("far", storageClass("far", "example.com/disk", "Immediate"));
        world.classes.put("local", storageClass("local", "mizzen.io/local-path", "WaitForFirstConsumer"));
        world.classes.put("static", storageClass("static", "kubernetes.io/no-provisioner", "Immediate"));

        world.settle();

        assertThat(world.told)
                .containsExactlyInAnyOrder(
                        "none Normal FailedBinding no persistent volumes available for this claim and no storage class"
                                + " is set",
                        "unknown Warning ProvisioningFailed storageclass.storage.k8s.io \"x\" not found",
                        "external Normal ExternalProvisioning Waiting for a volume to be created either by the external"
                                + " provisioner 'example.com/disk' or manually by the system administrator. If volume"
                                + " creation is delayed, please verify that the provisioner is running and correctly"
                                + " registered.",
                        "waiting Normal WaitForFirstConsumer waiting for first consumer to be created before binding",
                        "static Warning ProvisioningFailed no volume plugin matched name:"
                                + " kubernetes.io/no-provisioner");
        assertThat(world.claims.get("external").getMetadata().getAnnotations())
                .containsEntry("volume.kubernetes.io/storage-provisioner", "example.com/disk");
        assertThat(world.claims.values())
                .allSatisfy(claim -> assertThat(claim.getStatus().getPhase()).isEqualTo("Pending"));
    }

    @Test
    void givesAnOpenClaimTheClassThatBecameTheDefault() {
        StorageClass storageClass = storageClass("local", "mizzen.io/local-path", "WaitForFirstConsumer");
        storageClass.getMetadata().setAnnotations(Map.of("storageclass.kubernetes.io/is-default-class", "true"));
        world.classes.put("local", storageClass);
        world.add(claim("open", null, "1Gi"), claim("none", "", "1Gi"));

        world.settle();

        assertThat(world.claims.get("open").getSpec().getStorageClassName()).isEqualTo("local");
        assertThat(world.claims.get("none").getSpec().getStorageClassName()).isEmpty();
    }

    @Test
    void makesAVolumeOnTheSelectedNodeAndLetsItGo() {
        world.classes.put("local", storageClass("local", "mizzen.io/local-path", "WaitForFirstConsumer"));
        world.nodes.put("a", node("a"));
        PersistentVolumeClaim claim = claim("data", "local", "1Gi");
        claim.getMetadata().setAnnotations(Map.of("volume.kubernetes.io/selected-node", "a"));
        world.add(claim);

        world.settle();

        PersistentVolume volume = world.volumes.get("pvc-uid-data");
        assertThat(volume.getSpec().getLocal().getPath()).isEqualTo("/store/pvc-uid-data_default_data");
        assertThat(volume.getMetadata().getFinalizers()).containsExactly("mizzen.io/local-path");
        assertThat(world.claims.get("data").getStatus().getPhase()).isEqualTo("Bound");
        assertThat(world.told)
                .containsExactly("data Normal ProvisioningSucceeded Successfully provisioned volume pvc-uid-data using"
                        + " mizzen.io/local-path");

        world.claims.clear();
        world.settle();
        assertThat(world.volumes).isEmpty();
    }

    @Test
    void namesThePodsThatAreNotScheduledYet() {
        world.classes.put("local", storageClass("local", "mizzen.io/local-path", "WaitForFirstConsumer"));
        world.add(claim("data", "local", "1Gi"));
        world.consumers = List.of("web-0");

        world.settle();

        assertThat(world.told).containsExactly("data Normal WaitForPodScheduled waiting for pod web-0 to be scheduled");
    }

    @Test
    void choosesAgainWhenTheSelectedNodeHasGoneAndRefusesWhatANodeCannotOffer() {
        world.classes.put("local", storageClass("local", "mizzen.io/local-path", "WaitForFirstConsumer"));
        PersistentVolumeClaim claim = claim("data", "local", "1Gi");
        claim.getMetadata().setAnnotations(Map.of("volume.kubernetes.io/selected-node", "gone"));
        PersistentVolumeClaim shared = claim("shared", "local", "1Gi");
        shared.getSpec().setAccessModes(List.of("ReadWriteMany"));
        shared.getMetadata().setAnnotations(Map.of("volume.kubernetes.io/selected-node", "gone"));
        world.add(claim, shared);

        world.settle();

        assertThat(world.claims.get("data").getMetadata().getAnnotations())
                .doesNotContainKey("volume.kubernetes.io/selected-node");
        assertThat(world.told)
                .anyMatch(text -> text.contains("failed to get target node: node \"gone\" not found"))
                .anyMatch(text -> text.startsWith("shared Warning ProvisioningFailed"));
        assertThat(world.volumes).isEmpty();
    }

    @Test
    void bindsAVolumeSetAsideAndOneAskedForByName() {
        PersistentVolume reserved = volume("reserved", "", "5Gi");
        reserved.getSpec().setClaimRef(BinderCore.reference(claim("mine", "", "1Gi")));
        reserved.getSpec().getClaimRef().setUid(null);
        PersistentVolumeClaim asking = claim("asking", "", "1Gi");
        asking.getSpec().setVolumeName("named");
        world.add(reserved, volume("a", "", "1Gi"), volume("named", "", "1Gi"));
        world.add(claim("mine", "", "1Gi"), asking);

        world.settle();

        assertThat(world.claims.get("mine").getSpec().getVolumeName()).isEqualTo("reserved");
        assertThat(world.volumes.get("reserved").getMetadata().getAnnotations()).isNullOrEmpty();
        assertThat(world.claims.get("asking").getStatus().getPhase()).isEqualTo("Bound");
        assertThat(world.claims.get("asking").getMetadata().getAnnotations())
                .containsOnlyKeys("pv.kubernetes.io/bind-completed");
    }

    @Test
    void refusesAVolumeAskedForByNameThatWillNotDo() {
        PersistentVolumeClaim small = claim("small", "", "1Gi");
        small.getSpec().setVolumeName("tiny");
        PersistentVolumeClaim late = claim("late", "", "1Gi");
        late.getSpec().setVolumeName("taken");
        PersistentVolume taken = volume("taken", "", "1Gi");
        taken.getSpec().setClaimRef(BinderCore.reference(claim("other", "", "1Gi")));
        world.add(volume("tiny", "", "1Mi"), taken);
        world.add(small, late, claim("other", "", "1Gi"));

        world.settle();

        assertThat(world.told)
                .containsExactlyInAnyOrder(
                        "small Warning VolumeMismatch Cannot bind to requested volume \"tiny\": requested PV is too"
                                + " small",
                        "late Warning FailedBinding volume \"taken\" already bound to a different claim.");
        assertThat(world.claims.get("other").getSpec().getVolumeName()).isEqualTo("taken");
    }

    @Test
    void keepsAReleasedVolumeAndLosesAClaimWithoutIts() {
        world.add(volume("kept", "", "1Gi"), volume("lost", "", "5Gi"));
        world.add(claim("a", "", "1Gi"), claim("b", "", "5Gi"));
        world.settle();

        world.claims.remove("a");
        world.volumes.remove("lost");
        world.settle();

        assertThat(world.volumes.get("kept").getStatus().getPhase()).isEqualTo("Released");
        assertThat(world.claims.get("b").getStatus().getPhase()).isEqualTo("Lost");
        assertThat(world.told)
                .containsExactly("b Warning ClaimLost Bound claim has lost its PersistentVolume. Data on the volume is"
                        + " lost!");
    }

    @Test
    void saysThatNobodyDeletesAVolumeMadeByHand() {
        PersistentVolume volume = volume("byhand", "", "1Gi");
        volume.getSpec().setPersistentVolumeReclaimPolicy("Delete");
        world.add(volume);
        world.add(claim("a", "", "1Gi"));
        world.settle();

        world.claims.clear();
        world.settle();

        assertThat(world.volumes.get("byhand").getStatus().getPhase()).isEqualTo("Failed");
        assertThat(world.told)
                .containsExactly("byhand Warning VolumeFailedDelete error getting deleter volume plugin for volume"
                        + " \"byhand\": no deletable volume plugin matched");
    }

    /** A cluster without caches, in which decisions are performed until nothing is left to do. */
    private static final class World implements VolumeView {
        final Map<String, PersistentVolumeClaim> claims = new HashMap<>();
        final Map<String, PersistentVolume> volumes = new HashMap<>();
        final Map<String, StorageClass> classes = new HashMap<>();
        final Map<String, Node> nodes = new HashMap<>();
        final List<String> told = new ArrayList<>();
        List<String> consumers = List.of();

        void add(HasMetadata... objects) {
            for (HasMetadata object : objects) {
                switch (object) {
                    case PersistentVolumeClaim claim ->
                        claims.put(claim.getMetadata().getName(), claim);
                    case PersistentVolume volume ->
                        volumes.put(volume.getMetadata().getName(), volume);
                    default -> throw new AssertionError(object);
                }
            }
        }

        void settle() {
            boolean isMoving = true;
            for (int round = 0; isMoving; round++) {
                assertThat(round).as("rounds until nothing is left to do").isLessThan(50);
                isMoving = false;
                for (PersistentVolumeClaim claim : List.copyOf(claims.values())) {
                    isMoving |= perform(BinderCore.claim(claim, this));
                }
                for (PersistentVolume volume : List.copyOf(volumes.values())) {
                    isMoving |= perform(VolumePlan.volume(volume, this));
                }
            }
        }

        private boolean perform(Decision decision) {
            decision.write().ifPresent(write -> {
                switch (write) {
                    case Decision.ChangeClaim change -> add(change.claim());
                    case Decision.ChangeClaimStatus change -> add(change.claim());
                    case Decision.ChangeVolume change -> add(change.volume());
                    case Decision.ChangeVolumeStatus change -> add(change.volume());
                    case Decision.MakeVolume make -> add(make.volume());
                    case Decision.RemoveVolume remove ->
                        volumes.remove(remove.volume().getMetadata().getName());
                }
            });
            decision.notice().ifPresent(notice -> {
                String text = notice.object().getMetadata().getName() + (notice.isWarning() ? " Warning " : " Normal ")
                        + notice.reason() + " " + notice.message();
                if (!told.contains(text)) {
                    told.add(text);
                }
            });
            return decision.write().isPresent();
        }

        @Override
        public Optional<PersistentVolumeClaim> claim(ObjectKey key) {
            return Optional.ofNullable(claims.get(key.name()));
        }

        @Override
        public Optional<PersistentVolumeClaim> newestClaim(ObjectKey key) {
            return claim(key);
        }

        @Override
        public Optional<PersistentVolume> volume(String name) {
            return Optional.ofNullable(volumes.get(name));
        }

        @Override
        public List<PersistentVolume> volumes() {
            return List.copyOf(volumes.values());
        }

        @Override
        public Optional<StorageClass> storageClass(String name) {
            return Optional.ofNullable(classes.get(name));
        }

        @Override
        public List<StorageClass> storageClasses() {
            return List.copyOf(classes.values());
        }

        @Override
        public Optional<Node> node(String name) {
            return Optional.ofNullable(nodes.get(name));
        }

        @Override
        public List<String> unscheduledConsumers(PersistentVolumeClaim claim) {
            return consumers;
        }
    }
}
