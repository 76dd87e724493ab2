// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import org.junit.jupiter.api.Test;

class PatchesTest {

    private final Pod pod = new PodBuilder()
            .withNewMetadata()
            .withName("web")
            .withUid("uid-1")
            .withResourceVersion("7")
            .withFinalizers("keep", "drop")
            .endMetadata()
            .build();

    @Test
    void holdsOnlyForTheObjectAsItWasRead() {
        assertThat(Json.text(Patches.guarded(pod)))
                .isEqualTo("{\"metadata\":{\"uid\":\"uid-1\",\"resourceVersion\":\"7\"}}");
    }

    @Test
    void takesOneFinalizerOffAndKeepsTheOthers() {
        assertThat(Json.text(Patches.withoutFinalizer(pod, "drop").at("/metadata/finalizers")))
                .isEqualTo("[\"keep\"]");
    }
}
