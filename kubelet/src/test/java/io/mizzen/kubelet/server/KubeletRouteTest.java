// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class KubeletRouteTest {
    @Test
    void readsThePathsOfTheNodeApi() {
        assertThat(KubeletRoute.parse("/containerLogs/ns/p/c")).contains(new KubeletRoute.Logs("ns", "p", "c"));
        assertThat(KubeletRoute.parse("/exec/ns/p/c"))
                .contains(new KubeletRoute.Stream(KubeletRoute.Stream.Kind.EXEC, "ns", "p", Optional.empty(), "c"));
        assertThat(KubeletRoute.parse("/attach/ns/p/uid/c"))
                .contains(new KubeletRoute.Stream(KubeletRoute.Stream.Kind.ATTACH, "ns", "p", Optional.of("uid"), "c"));
        assertThat(KubeletRoute.parse("/portForward/ns/p"))
                .contains(new KubeletRoute.Stream(
                        KubeletRoute.Stream.Kind.PORT_FORWARD, "ns", "p", Optional.empty(), ""));
        assertThat(KubeletRoute.parse("/metrics/resource"))
                .contains(new KubeletRoute.Metrics(KubeletRoute.Metrics.Subject.RESOURCE));
        assertThat(KubeletRoute.parse("/run/ns/p/c")).isEmpty();
        assertThat(KubeletRoute.parse("/logs/")).isEmpty();
        assertThat(KubeletRoute.parse("/")).isEmpty();
    }
}
