// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RuntimeTextTest {
    @Test
    void expandsKnownNamesAndLeavesTheRest() {
        Map<String, String> variables = Map.of("A", "1", "B", "$(A)");

        assertThat(Expansion.expand("x$(A)y", variables)).isEqualTo("x1y");
        assertThat(Expansion.expand("$(B)", variables)).isEqualTo("$(A)");
        assertThat(Expansion.expand("$$(A)", variables)).isEqualTo("$(A)");
        assertThat(Expansion.expand("$$$(A)", variables)).isEqualTo("$1");
        assertThat(Expansion.expand("$(C) $(open $ $A", variables)).isEqualTo("$(C) $(open $ $A");
    }

    @Test
    void writesDurationsAsGoDoes() {
        assertThat(GoDuration.format(Duration.ZERO)).isEqualTo("0s");
        assertThat(GoDuration.format(Duration.ofMillis(250))).isEqualTo("250ms");
        assertThat(GoDuration.format(Duration.ofMillis(1234))).isEqualTo("1.234s");
        assertThat(GoDuration.format(Duration.ofSeconds(80))).isEqualTo("1m20s");
        assertThat(GoDuration.format(Duration.ofSeconds(300))).isEqualTo("5m0s");
        assertThat(GoDuration.format(Duration.ofSeconds(3600))).isEqualTo("1h0m0s");
    }

    @Test
    void doublesBackOffUpToItsMaximumAndForgetsAfterALongRun() {
        ExponentialBackOff backOff = new ExponentialBackOff(Duration.ofSeconds(10), Duration.ofSeconds(300));
        Instant t = Instant.EPOCH;

        assertThat(backOff.hold("k", t, t)).isEmpty();
        for (int expected : new int[] {10, 20, 40, 80, 160, 300, 300}) {
            backOff.next("k", t, t);
            assertThat(backOff.hold("k", t, t)).contains(Duration.ofSeconds(expected));
            assertThat(backOff.hold("k", t, t.plusSeconds(expected))).isEmpty();
        }
        Instant later = t.plusSeconds(601);
        assertThat(backOff.hold("k", later, later)).isEmpty();
        backOff.next("k", later, later);
        assertThat(backOff.hold("k", later, later)).contains(Duration.ofSeconds(10));
    }

    @Test
    void namesServicesInTheEnvironment() {
        Service service = new ServiceBuilder()
                .withNewMetadata()
                .withNamespace("ns")
                .withName("redis-master")
                .endMetadata()
                .withNewSpec()
                .withClusterIP("10.43.0.7")
                .addNewPort()
                .withName("main-port")
                .withPort(6379)
                .withProtocol("TCP")
                .endPort()
                .endSpec()
                .build();

        Map<String, String> all = ServiceEnvironment.of(List.of(service), "ns", true);

        assertThat(all)
                .containsEntry("REDIS_MASTER_SERVICE_HOST", "10.43.0.7")
                .containsEntry("REDIS_MASTER_SERVICE_PORT", "6379")
                .containsEntry("REDIS_MASTER_SERVICE_PORT_MAIN_PORT", "6379")
                .containsEntry("REDIS_MASTER_PORT", "tcp://10.43.0.7:6379")
                .containsEntry("REDIS_MASTER_PORT_6379_TCP", "tcp://10.43.0.7:6379")
                .containsEntry("REDIS_MASTER_PORT_6379_TCP_PROTO", "tcp")
                .containsEntry("REDIS_MASTER_PORT_6379_TCP_ADDR", "10.43.0.7");
        assertThat(ServiceEnvironment.of(List.of(service), "ns", false)).isEmpty();
        assertThat(ServiceEnvironment.of(List.of(service), "other", true)).isEmpty();
    }
}
