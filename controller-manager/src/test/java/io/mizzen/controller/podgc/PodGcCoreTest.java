// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.podgc;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PodGcCoreTest {

    @Test
    void clearsEvictedPodsAwayBeforeOlderOnesThatEndedByThemselves() {
        List<Pod> pods = List.of(
                pod("oldest", "2026-01-01T00:00:00Z", "Succeeded", null),
                pod("older", "2026-01-01T00:01:00Z", "Failed", null),
                pod("evicted", "2026-01-01T00:02:00Z", "Failed", "Evicted"),
                pod("running", "2025-01-01T00:00:00Z", "Running", null));

        assertThat(PodGcCore.decide(pods, Map.of(), Set.of(), 1))
                .extracting(removal -> removal.pod().getMetadata().getName() + " " + removal.why())
                .containsExactly("evicted TERMINATED", "oldest TERMINATED");
        assertThat(PodGcCore.decide(pods, Map.of(), Set.of(), 3)).isEmpty();
        assertThat(PodGcCore.decide(pods, Map.of(), Set.of(), 0)).isEmpty();
    }

    private static Pod pod(String name, String created, String phase, String reason) {
        return new PodBuilder()
                .withNewMetadata()
                .withName(name)
                .withCreationTimestamp(created)
                .endMetadata()
                .withNewSpec()
                .endSpec()
                .withNewStatus()
                .withPhase(phase)
                .withReason(reason)
                .endStatus()
                .build();
    }
}
