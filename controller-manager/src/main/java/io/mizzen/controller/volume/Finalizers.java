// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.volume;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.mizzen.client.ApiClient;
import io.mizzen.client.ApiErrors;

/** Finalizers of claims and volumes. */
final class Finalizers {
    private Finalizers() {}

    static boolean has(HasMetadata object, String finalizer) {
        return object.getMetadata().getFinalizers() != null
                && object.getMetadata().getFinalizers().contains(finalizer);
    }

    static PersistentVolumeClaim with(PersistentVolumeClaim claim, String finalizer) {
        return new PersistentVolumeClaimBuilder(claim)
                .editMetadata()
                .addToFinalizers(finalizer)
                .endMetadata()
                .build();
    }

    static PersistentVolumeClaim without(PersistentVolumeClaim claim, String finalizer) {
        return new PersistentVolumeClaimBuilder(claim)
                .editMetadata()
                .removeFromFinalizers(finalizer)
                .endMetadata()
                .build();
    }

    static PersistentVolume with(PersistentVolume volume, String finalizer) {
        return new PersistentVolumeBuilder(volume)
                .editMetadata()
                .addToFinalizers(finalizer)
                .endMetadata()
                .build();
    }

    static PersistentVolume without(PersistentVolume volume, String finalizer) {
        return new PersistentVolumeBuilder(volume)
                .editMetadata()
                .removeFromFinalizers(finalizer)
                .endMetadata()
                .build();
    }

    /** Writes a change of finalizers; an object that has gone meanwhile needs none. */
    static <T extends HasMetadata> void update(ApiClient api, T object) {
        var _ = ApiErrors.ifPresent(() -> api.update(object));
    }
}
