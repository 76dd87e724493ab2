// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BoundClaimTest {
    private static final Map<String, String> COMPLETED = Map.of("pv.kubernetes.io/bind-completed", "yes");

    @Test
    void isBoundOnceTheBindingIsComplete() {
        assertThat(isBound("v", "Bound", COMPLETED)).isTrue();
        assertThat(isBound("v", "Pending", COMPLETED))
                .as("the phase comes after")
                .isTrue();
        assertThat(isBound("v", "Pending", Map.of())).isFalse();
        assertThat(isBound("v", "Lost", COMPLETED)).isFalse();
        assertThat(isBound(null, "Bound", COMPLETED)).isFalse();
    }

    private static boolean isBound(String volume, String phase, Map<String, String> annotations) {
        PersistentVolumeClaim claim = new PersistentVolumeClaimBuilder()
                .withNewMetadata()
                .withAnnotations(annotations)
                .endMetadata()
                .withNewSpec()
                .withVolumeName(volume)
                .endSpec()
                .withNewStatus()
                .withPhase(phase)
                .endStatus()
                .build();
        return ObjectSource.BoundClaim.isBound(claim);
    }
}
