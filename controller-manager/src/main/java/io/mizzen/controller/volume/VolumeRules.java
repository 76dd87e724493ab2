// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.volume;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Quantity;
import io.mizzen.client.LabelSelectors;
import io.mizzen.client.ObjectKey;
import java.math.BigDecimal;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What claims and volumes say of themselves and of each other (API page "Persistent Volumes"). Pure. */
final class VolumeRules {
    /** On a claim: both sides of the binding have been written. */
    static final String BIND_COMPLETED = "pv.kubernetes.io/bind-completed";

    /** On a claim or volume: the binding was chosen by a controller, not by a user. */
    static final String BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller";

    /** On a volume: who made it. */
    static final String PROVISIONED_BY = "pv.kubernetes.io/provisioned-by";

    /** On a claim: who is to make its volume. */
    static final String PROVISIONER = "volume.kubernetes.io/storage-provisioner";

    /** The older name of {@link #PROVISIONER}, written beside it. */
    static final String BETA_PROVISIONER = "volume.beta.kubernetes.io/storage-provisioner";

    /** On a claim: the node on which its volume is wanted. */
    static final String SELECTED_NODE = "volume.kubernetes.io/selected-node";

    private static final String BETA_CLASS = "volume.beta.kubernetes.io/storage-class";

    private VolumeRules() {}

    /** An annotation; empty when absent. */
    static String annotation(HasMetadata object, String key) {
        Map<String, String> annotations = object.getMetadata().getAnnotations();
        return annotations == null ? "" : annotations.getOrDefault(key, "");
    }

    /** Whether an annotation is there, whatever it says. */
    static boolean isAnnotated(HasMetadata object, String key) {
        Map<String, String> annotations = object.getMetadata().getAnnotations();
        return annotations != null && annotations.containsKey(key);
    }

    /** The annotations with one more. */
    static Map<String, String> annotated(HasMetadata object, String key, String value) {
        Map<String, String> annotations = new HashMap<>();
        if (object.getMetadata().getAnnotations() != null) {
            annotations.putAll(object.getMetadata().getAnnotations());
        }
        annotations.put(key, value);
        return annotations;
    }

    /** The class of a claim; empty for none. */
    static String className(PersistentVolumeClaim claim) {
        return isAnnotated(claim, BETA_CLASS)
                ? annotation(claim, BETA_CLASS)
                : orEmpty(claim.getSpec().getStorageClassName());
    }

    /** Whether a claim leaves its class open, as opposed to asking for none. */
    static boolean isClassOpen(PersistentVolumeClaim claim) {
        return claim.getSpec().getStorageClassName() == null && !isAnnotated(claim, BETA_CLASS);
    }

    /** The class of a volume; empty for none. */
    static String className(PersistentVolume volume) {
        return isAnnotated(volume, BETA_CLASS)
                ? annotation(volume, BETA_CLASS)
                : orEmpty(volume.getSpec().getStorageClassName());
    }

    /** The volume that a claim names; empty for none. */
    static String volumeName(PersistentVolumeClaim claim) {
        return orEmpty(claim.getSpec().getVolumeName());
    }

    /** The phase of a claim; empty when none was written yet. */
    static String phase(PersistentVolumeClaim claim) {
        return claim.getStatus() == null ? "" : orEmpty(claim.getStatus().getPhase());
    }

    /** The phase of a volume; empty when none was written yet. */
    static String phase(PersistentVolume volume) {
        return volume.getStatus() == null ? "" : orEmpty(volume.getStatus().getPhase());
    }

    /** The claim that a volume is promised or bound to. */
    static Optional<ObjectKey> claimOf(PersistentVolume volume) {
        ObjectReference reference = volume.getSpec().getClaimRef();
        return reference == null
                ? Optional.empty()
                : Optional.of(new ObjectKey(orEmpty(reference.getNamespace()), orEmpty(reference.getName())));
    }

    /** Whether a volume is bound to just this claim, or set aside for a claim of its name. */
    static boolean isBoundTo(PersistentVolume volume, PersistentVolumeClaim claim) {
        String uid = claimUid(volume);
        return claimOf(volume).filter(ObjectKey.of(claim)::equals).isPresent()
                && (uid.isEmpty() || uid.equals(claim.getMetadata().getUid()));
    }

    /** The uid in a volume's reference; empty while it is only set aside by name. */
    static String claimUid(PersistentVolume volume) {
        ObjectReference reference = volume.getSpec().getClaimRef();
        return reference == null ? "" : orEmpty(reference.getUid());
    }

    /** Why a volume that a claim asks for by name will not do; empty if it will. */
    static Optional<String> objection(PersistentVolume volume, PersistentVolumeClaim claim) {
        if (capacity(volume).compareTo(requested(claim)) < 0) {
            return Optional.of("requested PV is too small");
        }
        if (!className(volume).equals(className(claim))) {
            return Optional.of("storageClassName does not match");
        }
        if (!isOfSameMode(volume, claim)) {
            return Optional.of("incompatible volumeMode");
        }
        if (!hasAccessModes(volume, claim)) {
            return Optional.of("incompatible accessMode");
        }
        return Optional.empty();
    }

    /** Whether a volume that nobody has spoken for may be given to a claim. */
    static boolean suits(PersistentVolume volume, PersistentVolumeClaim claim) {
        return volume.getSpec().getClaimRef() == null
                && volume.getMetadata().getDeletionTimestamp() == null
                && phase(volume).equals("Available")
                && objection(volume, claim).isEmpty()
                && (claim.getSpec().getSelector() == null
                        || LabelSelectors.matches(
                                claim.getSpec().getSelector(),
                                volume.getMetadata().getLabels()));
    }

    /** Whether both are file systems or both are devices. */
    static boolean isOfSameMode(PersistentVolume volume, PersistentVolumeClaim claim) {
        return mode(volume.getSpec().getVolumeMode())
                .equals(mode(claim.getSpec().getVolumeMode()));
    }

    private static boolean hasAccessModes(PersistentVolume volume, PersistentVolumeClaim claim) {
        Set<String> offered = new HashSet<>(volume.getSpec().getAccessModes());
        return offered.containsAll(claim.getSpec().getAccessModes());
    }

    /** Bytes of a volume. */
    static BigDecimal capacity(PersistentVolume volume) {
        return storage(volume.getSpec().getCapacity());
    }

    /** Bytes that a claim asks for. */
    static BigDecimal requested(PersistentVolumeClaim claim) {
        return storage(
                claim.getSpec().getResources() == null
                        ? null
                        : claim.getSpec().getResources().getRequests());
    }

    private static BigDecimal storage(@Nullable Map<String, Quantity> amounts) {
        Quantity storage = amounts == null ? null : amounts.get("storage");
        return storage == null ? BigDecimal.ZERO : storage.getNumericalAmount();
    }

    private static String mode(@Nullable String mode) {
        return mode == null || mode.isEmpty() ? "Filesystem" : mode;
    }

    static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }
}
