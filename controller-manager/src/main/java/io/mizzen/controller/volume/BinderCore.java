// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.volume;

import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimStatus;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimStatusBuilder;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.mizzen.client.ObjectKey;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Decides on claims. A binding is written in four steps, each of which may be the last before a crash: the volume's reference
 * (the point of no return), the volume's phase, the claim's volume, the claim's phase. Pure.
 */
final class BinderCore {
    private static final String DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class";

    private BinderCore() {}

    /** The next step for a claim. */
    static Decision claim(PersistentVolumeClaim claim, VolumeView view) {
        if (VolumeRules.isAnnotated(claim, VolumeRules.BIND_COMPLETED)) {
            return completed(claim, view);
        }
        if (claim.getMetadata().getDeletionTimestamp() != null) {
            return Decision.none();
        }
        if (!VolumeRules.volumeName(claim).isEmpty()) {
            return requested(claim, view);
        }
        Optional<StorageClass> defaultClass =
                VolumeRules.isClassOpen(claim) ? defaultClass(view.storageClasses()) : Optional.empty();
        if (defaultClass.isPresent()) {
            // The class became the default after the claim was made.
            return Decision.of(new Decision.ChangeClaim(new PersistentVolumeClaimBuilder(claim)
                    .editSpec()
                    .withStorageClassName(defaultClass.get().getMetadata().getName())
                    .endSpec()
                    .build()));
        }
        return unbound(claim, view);
    }

    /** The newest class that is marked as default. */
    static Optional<StorageClass> defaultClass(List<StorageClass> classes) {
        return classes.stream()
                .filter(c -> VolumeRules.annotation(c, DEFAULT_CLASS).equals("true"))
                .max(Comparator.comparing((StorageClass c) ->
                                VolumeRules.orEmpty(c.getMetadata().getCreationTimestamp()))
                        .thenComparing(c -> c.getMetadata().getName(), Comparator.reverseOrder()));
    }

    /** Whether a class binds its claims only when a pod that uses them has a node. */
    static boolean waitsForConsumer(PersistentVolumeClaim claim, VolumeView view) {
        return view.storageClass(VolumeRules.className(claim))
                .filter(c -> "WaitForFirstConsumer".equals(c.getVolumeBindingMode()))
                .isPresent();
    }

    private static Decision unbound(PersistentVolumeClaim claim, VolumeView view) {
        Optional<PersistentVolume> volume = choose(claim, view);
        if (volume.isPresent()) {
            return bind(claim, volume.get());
        }
        Optional<Decision> pending = phase(claim, "Pending");
        if (pending.isPresent()) {
            return pending.get();
        }
        String selected = VolumeRules.annotation(claim, VolumeRules.SELECTED_NODE);
        if (selected.isEmpty() && waitsForConsumer(claim, view)) {
            List<String> pods = view.unscheduledConsumers(claim);
            return pods.isEmpty()
                    ? tell(claim, "WaitForFirstConsumer", "waiting for first consumer to be created before binding")
                    : tell(
                            claim,
                            "WaitForPodScheduled",
                            "waiting for " + (pods.size() == 1 ? "pod " : "pods ") + String.join(",", pods)
                                    + " to be scheduled");
        }
        return VolumeRules.className(claim).isEmpty()
                ? tell(
                        claim,
                        "FailedBinding",
                        "no persistent volumes available for this claim and no storage class is set")
                : ProvisionPlan.provision(claim, view);
    }

    /** A volume set aside for the claim, else the smallest that fits; which of these is the scheduler's word if it is to be asked. */
    private static Optional<PersistentVolume> choose(PersistentVolumeClaim claim, VolumeView view) {
        List<PersistentVolume> volumes = view.volumes();
        Optional<PersistentVolume> reserved = volumes.stream()
                .filter(volume -> VolumeRules.isBoundTo(volume, claim)
                        && volume.getMetadata().getDeletionTimestamp() == null)
                .filter(volume -> VolumeRules.objection(volume, claim).isEmpty())
                .min(smallestFirst());
        if (reserved.isPresent() || waitsForConsumer(claim, view)) {
            return reserved;
        }
        return volumes.stream()
                .filter(volume -> VolumeRules.suits(volume, claim))
                .min(smallestFirst());
    }

    private static Comparator<PersistentVolume> smallestFirst() {
        return Comparator.comparing(VolumeRules::capacity)
                .thenComparing(volume -> volume.getMetadata().getName());
    }

    /** The claim names a volume, by its user's wish or because the binding was cut short. */
    private static Decision requested(PersistentVolumeClaim claim, VolumeView view) {
        String name = VolumeRules.volumeName(claim);
        Optional<PersistentVolume> found = view.volume(name);
        if (found.isEmpty()) {
            return phase(claim, "Pending").orElse(Decision.none());
        }
        PersistentVolume volume = found.get();
        boolean isSetAside = VolumeRules.isBoundTo(volume, claim);
        if (isSetAside && !VolumeRules.claimUid(volume).isEmpty()) {
            return bind(claim, volume);
        }
        if (!isSetAside && VolumeRules.claimOf(volume).isPresent()) {
            return phase(claim, "Pending")
                    .orElseGet(() -> Decision.none()
                            .telling(
                                    claim,
                                    true,
                                    "FailedBinding",
                                    "volume \"" + name + "\" already bound to a different claim."));
        }
        Optional<String> objection = VolumeRules.objection(volume, claim);
        if (objection.isEmpty()) {
            return bind(claim, volume);
        }
        return phase(claim, "Pending")
                .orElseGet(() -> Decision.none()
                        .telling(
                                claim,
                                true,
                                "VolumeMismatch",
                                "Cannot bind to requested volume \"" + name + "\": " + objection.get()));
    }

    /** The claim was bound once: it stays so, or is lost. */
    private static Decision completed(PersistentVolumeClaim claim, VolumeView view) {
        String name = VolumeRules.volumeName(claim);
        if (name.isEmpty()) {
            return lost(
                    claim,
                    "ClaimLost",
                    "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!");
        }
        Optional<PersistentVolume> volume = view.volume(name);
        if (volume.isEmpty()) {
            return lost(claim, "ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!");
        }
        if (volume.get().getSpec().getClaimRef() == null || VolumeRules.isBoundTo(volume.get(), claim)) {
            return bind(claim, volume.get());
        }
        return lost(claim, "ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly");
    }

    private static Decision lost(PersistentVolumeClaim claim, String reason, String message) {
        return phase(claim, "Lost")
                .map(decision -> decision.telling(claim, true, reason, message))
                .orElse(Decision.none());
    }

    /** The first of the four steps that is still missing. */
    private static Decision bind(PersistentVolumeClaim claim, PersistentVolume volume) {
        if (!claim.getMetadata().getUid().equals(VolumeRules.claimUid(volume))) {
            return Decision.of(new Decision.ChangeVolume(reserved(volume, claim)));
        }
        if (!VolumeRules.phase(volume).equals("Bound")) {
            return Decision.of(new Decision.ChangeVolumeStatus(VolumePlan.inPhase(volume, "Bound", null)));
        }
        boolean isNamed =
                VolumeRules.volumeName(claim).equals(volume.getMetadata().getName());
        if (!isNamed || !VolumeRules.isAnnotated(claim, VolumeRules.BIND_COMPLETED)) {
            var builder = new PersistentVolumeClaimBuilder(claim)
                    .editMetadata()
                    .withAnnotations(VolumeRules.annotated(claim, VolumeRules.BIND_COMPLETED, "yes"));
            if (!isNamed) {
                builder.addToAnnotations(VolumeRules.BOUND_BY_CONTROLLER, "yes");
            }
            return Decision.of(new Decision.ChangeClaim(builder.endMetadata()
                    .editSpec()
                    .withVolumeName(volume.getMetadata().getName())
                    .endSpec()
                    .build()));
        }
        PersistentVolumeClaimStatus before =
                claim.getStatus() == null ? new PersistentVolumeClaimStatus() : claim.getStatus();
        boolean isBound = "Bound".equals(before.getPhase())
                && Objects.equals(before.getAccessModes(), volume.getSpec().getAccessModes())
                && before.getCapacity() != null
                && before.getCapacity().containsKey("storage");
        if (isBound) {
            return Decision.none();
        }
        return Decision.of(new Decision.ChangeClaimStatus(new PersistentVolumeClaimBuilder(claim)
                .withStatus(new PersistentVolumeClaimStatusBuilder(before)
                        .withPhase("Bound")
                        .withAccessModes(volume.getSpec().getAccessModes())
                        .withCapacity(volume.getSpec().getCapacity())
                        .build())
                .build()));
    }

    private static PersistentVolume reserved(PersistentVolume volume, PersistentVolumeClaim claim) {
        ObjectReference before = volume.getSpec().getClaimRef();
        var builder = new PersistentVolumeBuilder(volume);
        if (before == null) {
            builder.editMetadata()
                    .withAnnotations(VolumeRules.annotated(volume, VolumeRules.BOUND_BY_CONTROLLER, "yes"))
                    .endMetadata();
        }
        return builder.editSpec().withClaimRef(reference(claim)).endSpec().build();
    }

    /** The reference that a volume keeps of its claim. */
    static ObjectReference reference(PersistentVolumeClaim claim) {
        ObjectReference reference = new ObjectReference();
        reference.setApiVersion("v1");
        reference.setKind("PersistentVolumeClaim");
        reference.setNamespace(ObjectKey.of(claim).namespace());
        reference.setName(claim.getMetadata().getName());
        reference.setUid(claim.getMetadata().getUid());
        reference.setResourceVersion(claim.getMetadata().getResourceVersion());
        return reference;
    }

    private static Decision tell(PersistentVolumeClaim claim, String reason, String message) {
        return Decision.none().telling(claim, false, reason, message);
    }

    /** Brings a claim into a phase in which it has no volume; empty when it is there. */
    private static Optional<Decision> phase(PersistentVolumeClaim claim, String phase) {
        if (VolumeRules.phase(claim).equals(phase)) {
            return Optional.empty();
        }
        PersistentVolumeClaimStatus before =
                claim.getStatus() == null ? new PersistentVolumeClaimStatus() : claim.getStatus();
        return Optional.of(Decision.of(new Decision.ChangeClaimStatus(new PersistentVolumeClaimBuilder(claim)
                .withStatus(new PersistentVolumeClaimStatusBuilder(before)
                        .withPhase(phase)
                        .withAccessModes(List.of())
                        .withCapacity(null)
                        .build())
                .build())));
    }
}
