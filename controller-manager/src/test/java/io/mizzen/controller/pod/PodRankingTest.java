// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.pod;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PodRankingTest {

    private static final Instant NOW = Instant.parse("2026-01-02T00:00:00Z");

    @Test
    void deletesInUpstreamsOrder() {
        Pod unassigned = pod("unassigned", "", "Pending", false, 3600);
        Pod pending = pod("pending", "n1", "Pending", false, 3600);
        Pod unknown = pod("unknown", "n1", "Unknown", false, 3600);
        Pod notReady = pod("not-ready", "n1", "Running", false, 3600);
        Pod cheap = cost(pod("cheap", "n2", "Running", true, 3600), "-5");
        Pod crowded = pod("crowded", "n1", "Running", true, 3600);
        Pod young = pod("young", "n2", "Running", true, 10);
        Pod old = pod("old", "n2", "Running", true, 80_000);
        Pod dear = cost(pod("dear", "n1", "Running", true, 1), "10");
        List<Pod> all = List.of(dear, old, young, crowded, cheap, notReady, unknown, pending, unassigned);

        assertThat(PodRanking.inDeletionOrder(all, all, NOW))
                .extracting(p -> p.getMetadata().getName())
                .containsExactly(
                        "unassigned", "pending", "unknown", "not-ready", "cheap", "crowded", "young", "old", "dear");
    }

    @Test
    void comparesAgesByThePowerOfTwoTheyLieIn() {
        Pod a = pod("a", "n", "Running", true, 1000);
        Pod b = pod("b", "n", "Running", true, 1001);

        assertThat(PodRanking.inDeletionOrder(List.of(b, a), List.of(a, b), NOW).getFirst())
                .isSameAs(a);
    }

    @Test
    void countsAPodAsAvailableAfterItsMinimumReadyTime() {
        Pod pod = pod("a", "n", "Running", true, 30);

        assertThat(Pods.isAvailable(pod, 30, NOW)).isTrue();
        assertThat(Pods.isAvailable(pod, 31, NOW)).isFalse();
        assertThat(Pods.untilAvailable(pod, 40, NOW)).contains(Duration.ofSeconds(10));
        assertThat(Pods.untilAvailable(pod, 0, NOW)).isEqualTo(Optional.empty());
    }

    private static Pod cost(Pod pod, String cost) {
        return new PodBuilder(pod)
                .editMetadata()
                .addToAnnotations(PodRanking.DELETION_COST, cost)
                .endMetadata()
                .build();
    }

    private static Pod pod(String name, String node, String phase, boolean ready, long readyForSeconds) {
        return new PodBuilder()
                .withNewMetadata()
                .withName(name)
                .withUid(name)
                .withCreationTimestamp("2026-01-01T00:00:00Z")
                .endMetadata()
                .withNewSpec()
                .withNodeName(node)
                .endSpec()
                .withNewStatus()
                .withPhase(phase)
                .addNewCondition()
                .withType("Ready")
                .withStatus(ready ? "True" : "False")
                .withLastTransitionTime(NOW.minusSeconds(readyForSeconds).toString())
                .endCondition()
                .endStatus()
                .build();
    }
}
