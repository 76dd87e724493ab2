// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.probe;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.ProbeBuilder;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProbeCounterTest {
    @Test
    void changesOnlyAfterEnoughInARow() {
        ProbeCounter counter = new ProbeCounter(
                new ProbeBuilder()
                        .withFailureThreshold(2)
                        .withSuccessThreshold(2)
                        .build(),
                ProbeResult.FAILURE);

        assertThat(counter.record(true)).isFalse();
        assertThat(counter.record(false)).isFalse();
        assertThat(counter.record(true)).isFalse();
        assertThat(counter.record(true)).isTrue();
        assertThat(counter.result()).isEqualTo(ProbeResult.SUCCESS);
        assertThat(counter.record(false)).isFalse();
        assertThat(counter.record(false)).isTrue();
        assertThat(counter.result()).isEqualTo(ProbeResult.FAILURE);
    }

    @Test
    void isReadyWithoutProbesAndNotReadyBeforeTheFirstResult() {
        Container plain = new ContainerBuilder().withName("a").build();
        Container probed = new ContainerBuilder()
                .withName("a")
                .withNewReadinessProbe()
                .endReadinessProbe()
                .build();
        Container starting = new ContainerBuilder()
                .withName("a")
                .withNewStartupProbe()
                .endStartupProbe()
                .build();

        assertThat(ProbeView.none().isReady(plain, "id")).isTrue();
        assertThat(ProbeView.none().isReady(probed, "id")).isFalse();
        assertThat(ProbeView.none().isStarted(starting, "id")).isFalse();
        assertThat(new ProbeView(Map.of("id", Map.of(ProbeKind.READINESS, ProbeResult.SUCCESS))).isReady(probed, "id"))
                .isTrue();
    }
}
