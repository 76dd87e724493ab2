// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.framework;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import org.junit.jupiter.api.Test;

class PodRequestsTest {
    private static ContainerBuilder cpu(String name, String amount) {
        return new ContainerBuilder()
                .withName(name)
                .withNewResources()
                .addToRequests("cpu", new Quantity(amount))
                .endResources();
    }

    private static ContainerBuilder sidecar(String name, String amount) {
        return cpu(name, amount).withRestartPolicy("Always");
    }

    private static PodBuilder pod() {
        return new PodBuilder()
                .withNewMetadata()
                .withName("p")
                .endMetadata()
                .withNewSpec()
                .endSpec();
    }

    private static long milliCpu(PodBuilder pod) {
        return PodRequests.requested(pod.build()).milliCpu();
    }

    @Test
    void addsContainersUp() {
        assertThat(milliCpu(pod().editSpec()
                        .withContainers(cpu("a", "100m").build(), cpu("b", "1").build())
                        .endSpec()))
                .isEqualTo(1100);
    }

    @Test
    void takesTheGreatestInitContainerIfItIsMore() {
        assertThat(milliCpu(pod().editSpec()
                        .withInitContainers(
                                cpu("i", "2").build(), cpu("j", "500m").build())
                        .withContainers(cpu("a", "100m").build(), cpu("b", "1").build())
                        .endSpec()))
                .isEqualTo(2000);
    }

    @Test
    void countsSidecarsBesideContainersAndBesideLaterInitContainers() {
        assertThat(milliCpu(pod().editSpec()
                        .withInitContainers(
                                sidecar("s", "300m").build(), cpu("i", "2").build())
                        .withContainers(cpu("a", "1").build())
                        .endSpec()))
                .isEqualTo(2300);
        assertThat(milliCpu(pod().editSpec()
                        .withInitContainers(
                                cpu("i", "500m").build(), sidecar("s", "300m").build())
                        .withContainers(cpu("a", "1").build())
                        .endSpec()))
                .isEqualTo(1300);
    }

    @Test
    void addsOverhead() {
        assertThat(milliCpu(pod().editSpec()
                        .withContainers(cpu("a", "1").build())
                        .addToOverhead("cpu", new Quantity("250m"))
                        .endSpec()))
                .isEqualTo(1250);
    }

    @Test
    void letsRequestsOfThePodStandInForTheSum() {
        Pod pod = pod().editSpec()
                .withContainers(cpu("a", "1").build())
                .withNewResources()
                .addToRequests("cpu", new Quantity("3"))
                .endResources()
                .endSpec()
                .build();

        Resources requested = PodRequests.requested(pod);

        assertThat(requested.milliCpu()).isEqualTo(3000);
        assertThat(PodRequests.nonZero(pod, requested).memory()).isEqualTo(200L << 20);
    }

    @Test
    void fillsMissingRequestsForScoringOnly() {
        Pod pod = pod().editSpec()
                .withContainers(
                        new ContainerBuilder().withName("a").build(),
                        cpu("b", "1").build())
                .endSpec()
                .build();

        Resources requested = PodRequests.requested(pod);

        assertThat(requested).isEqualTo(new Resources(1000, 0, 0, java.util.Map.of()));
        assertThat(PodRequests.nonZero(pod, requested).milliCpu()).isEqualTo(1100);
        assertThat(PodRequests.nonZero(pod, requested).memory()).isEqualTo(400L << 20);
    }

    @Test
    void countsTheLargerOfWantedAndHeldDuringAResize() {
        PodBuilder resizing = pod().editSpec()
                .withContainers(cpu("a", "1").build())
                .endSpec()
                .withNewStatus()
                .addNewContainerStatus()
                .withName("a")
                .addToAllocatedResources("cpu", new Quantity("2"))
                .endContainerStatus()
                .endStatus();

        assertThat(milliCpu(resizing)).isEqualTo(2000);
    }
}
