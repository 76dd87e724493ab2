// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import org.junit.jupiter.api.Test;

class EventSinkTest {
    @Test
    void namesTheListThatAContainerStandsIn() {
        Pod pod = new PodBuilder()
                .withNewSpec()
                .addToInitContainers(named("i"))
                .addToContainers(named("c"))
                .addNewEphemeralContainer()
                .withName("e")
                .endEphemeralContainer()
                .endSpec()
                .build();

        assertThat(EventSink.fieldPath(pod, named("i"))).isEqualTo("spec.initContainers{i}");
        assertThat(EventSink.fieldPath(pod, named("c"))).isEqualTo("spec.containers{c}");
        assertThat(EventSink.fieldPath(pod, named("e"))).isEqualTo("spec.ephemeralContainers{e}");
    }

    private static Container named(String name) {
        return new ContainerBuilder().withName(name).build();
    }
}
