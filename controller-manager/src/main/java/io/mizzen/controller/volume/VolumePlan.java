// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.volume;

import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeStatus;
import io.fabric8.kubernetes.api.model.PersistentVolumeStatusBuilder;
import io.mizzen.client.ObjectKey;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Decides on volumes: their phase, and what becomes of them when their claim has gone. Pure. */
final class VolumePlan {
    private VolumePlan() {}

    /** The next step for a volume. */
    static Decision volume(PersistentVolume volume, VolumeView view) {
        Optional<ObjectKey> key = VolumeRules.claimOf(volume);
        String uid = VolumeRules.claimUid(volume);
        if (key.isEmpty() || uid.isEmpty()) {
            return phase(volume, "Available", null).orElse(Decision.none());
        }
        Optional<PersistentVolumeClaim> claim = claim(key.get(), uid, view);
        if (claim.isEmpty()) {
            return released(volume);
        }
        String wanted = VolumeRules.volumeName(claim.get());
        if (wanted.isEmpty()) {
            return VolumeRules.isOfSameMode(volume, claim.get())
                    ? Decision.lookAt(key.get())
                    : Decision.none()
                            .telling(
                                    volume,
                                    true,
                                    "VolumeMismatch",
                                    "Cannot bind PersistentVolume to requested PersistentVolumeClaim \""
                                            + key.get().name() + "\" due to incompatible volumeMode.");
        }
        if (wanted.equals(volume.getMetadata().getName())) {
            return phase(volume, "Bound", null).orElse(Decision.none());
        }
        // The claim has another volume: two were set aside for it.
        boolean isMade = VolumeRules.isAnnotated(volume, VolumeRules.PROVISIONED_BY)
                && "Delete".equals(volume.getSpec().getPersistentVolumeReclaimPolicy());
        return isMade ? released(volume) : Decision.of(new Decision.ChangeVolume(unbound(volume)));
    }

    /** The claim of this uid; a cache that does not show it is not believed, since data may hang on it. */
    private static Optional<PersistentVolumeClaim> claim(ObjectKey key, String uid, VolumeView view) {
        Optional<PersistentVolumeClaim> cached =
                view.claim(key).filter(c -> c.getMetadata().getUid().equals(uid));
        return cached.isPresent()
                ? cached
                : view.newestClaim(key).filter(c -> c.getMetadata().getUid().equals(uid));
    }

    private static Decision released(PersistentVolume volume) {
        String now = VolumeRules.phase(volume);
        if (!now.equals("Released") && !now.equals("Failed")) {
            return Decision.of(new Decision.ChangeVolumeStatus(inPhase(volume, "Released", null)));
        }
        return switch (VolumeRules.orEmpty(volume.getSpec().getPersistentVolumeReclaimPolicy())) {
            case "Delete" -> deleted(volume);
            case "Recycle" -> failed(volume, "VolumeFailedRecycle", "No recycler plugin found for the volume!");
            default -> Decision.none();
        };
    }

    private static Decision deleted(PersistentVolume volume) {
        if (volume.getMetadata().getDeletionTimestamp() != null) {
            return Decision.none();
        }
        String provisioner = VolumeRules.annotation(volume, VolumeRules.PROVISIONED_BY);
        if (provisioner.equals(ProvisionPlan.LOCAL_PATH)) {
            return Decision.of(new Decision.RemoveVolume(volume));
        }
        // What an external provisioner has made, it removes.
        return provisioner.isEmpty()
                ? failed(
                        volume,
                        "VolumeFailedDelete",
                        "error getting deleter volume plugin for volume \""
                                + volume.getMetadata().getName() + "\": no deletable volume plugin matched")
                : Decision.none();
    }

    private static Decision failed(PersistentVolume volume, String reason, String message) {
        return phase(volume, "Failed", message)
                .map(decision -> decision.telling(volume, true, reason, message))
                .orElse(Decision.none());
    }

    /** Takes back the reference: all of it where a controller wrote it, only the uid where a user set the volume aside. */
    private static PersistentVolume unbound(PersistentVolume volume) {
        if (!VolumeRules.isAnnotated(volume, VolumeRules.BOUND_BY_CONTROLLER)) {
            return new PersistentVolumeBuilder(volume)
                    .editSpec()
                    .editClaimRef()
                    .withUid(null)
                    .withResourceVersion(null)
                    .endClaimRef()
                    .endSpec()
                    .build();
        }
        Map<String, String> annotations = new HashMap<>(volume.getMetadata().getAnnotations());
        annotations.remove(VolumeRules.BOUND_BY_CONTROLLER);
        return new PersistentVolumeBuilder(volume)
                .editMetadata()
                .withAnnotations(annotations)
                .endMetadata()
                .editSpec()
                .withClaimRef(null)
                .endSpec()
                .build();
    }

    private static Optional<Decision> phase(PersistentVolume volume, String phase, @Nullable String message) {
        return VolumeRules.phase(volume).equals(phase)
                ? Optional.empty()
                : Optional.of(Decision.of(new Decision.ChangeVolumeStatus(inPhase(volume, phase, message))));
    }

    /** The volume in another phase; when it got there is noted by the one who writes it. */
    static PersistentVolume inPhase(PersistentVolume volume, String phase, @Nullable String message) {
        PersistentVolumeStatus before = volume.getStatus() == null ? new PersistentVolumeStatus() : volume.getStatus();
        return new PersistentVolumeBuilder(volume)
                .withStatus(new PersistentVolumeStatusBuilder(before)
                        .withPhase(phase)
                        .withMessage(message)
                        .build())
                .build();
    }
}
