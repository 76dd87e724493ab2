// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.resource;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirementsBuilder;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ResourceFiguresTest {
    private static Pod pod(Map<String, String> requests, Map<String, String> limits) {
        return new PodBuilder()
                .withNewMetadata()
                .withUid("u")
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("a")
                .withResources(new ResourceRequirementsBuilder()
                        .withRequests(quantities(requests))
                        .withLimits(quantities(limits))
                        .build())
                .endContainer()
                .endSpec()
                .build();
    }

    private static Map<String, Quantity> quantities(Map<String, String> texts) {
        Map<String, Quantity> out = new TreeMap<>();
        texts.forEach((k, v) -> out.put(k, new Quantity(v)));
        return out;
    }

    @Test
    void convertsCpuAsTheKernelWantsIt() {
        assertThat(ResourceFigures.milliCpu(quantities(Map.of("cpu", "0.1")))).isEqualTo(100);
        assertThat(ResourceFigures.milliCpu(quantities(Map.of("cpu", "1500m")))).isEqualTo(1500);
        assertThat(ResourceFigures.sharesOf(0)).isEqualTo(2);
        assertThat(ResourceFigures.sharesOf(1)).isEqualTo(2);
        assertThat(ResourceFigures.sharesOf(1000)).isEqualTo(1024);
        assertThat(ResourceFigures.sharesOf(1_000_000)).isEqualTo(262_144);
        assertThat(ResourceFigures.quotaOf(0)).isZero();
        assertThat(ResourceFigures.quotaOf(1)).isEqualTo(1000);
        assertThat(ResourceFigures.quotaOf(250)).isEqualTo(25_000);
        assertThat(ResourceFigures.weightOf(2)).isEqualTo(1);
        assertThat(ResourceFigures.weightOf(262_144)).isEqualTo(10_000);
        assertThat(ResourceFigures.bytes(quantities(Map.of("memory", "64Mi")), "memory"))
                .isEqualTo(64L << 20);
    }

    @Test
    void classifiesPods() {
        assertThat(QosClass.of(pod(Map.of(), Map.of()))).isEqualTo(QosClass.BEST_EFFORT);
        assertThat(QosClass.of(pod(Map.of("cpu", "1"), Map.of()))).isEqualTo(QosClass.BURSTABLE);
        assertThat(QosClass.of(pod(Map.of("cpu", "1", "memory", "1Gi"), Map.of("cpu", "1000m", "memory", "1Gi"))))
                .isEqualTo(QosClass.GUARANTEED);
    }

    @Test
    void scoresByClassAndRequest() {
        long node = 1L << 30;
        assertThat(score(pod(Map.of(), Map.of()), node)).isEqualTo(1000);
        assertThat(score(pod(Map.of("memory", "512Mi"), Map.of()), node)).isEqualTo(500);
        assertThat(score(pod(Map.of("cpu", "1"), Map.of()), node)).isEqualTo(999);
        assertThat(score(pod(Map.of("memory", "1Gi"), Map.of()), node)).isEqualTo(3);
        Map<String, String> all = Map.of("cpu", "1", "memory", "1Mi");
        assertThat(score(pod(all, all), node)).isEqualTo(-997);
    }

    private static int score(Pod pod, long node) {
        return ResourceFigures.oomScoreAdj(pod, pod.getSpec().getContainers().getFirst(), node);
    }

    @Test
    void placesPodsBelowTheirClass() {
        assertThat(PodCgroup.of(pod(Map.of(), Map.of()), "/").path()).isEqualTo("/kubepods/besteffort/podu");
        Map<String, String> all = Map.of("cpu", "500m", "memory", "1Mi");
        assertThat(PodCgroup.of(pod(all, all), "/x"))
                .isEqualTo(new PodCgroup("/x/kubepods/podu", 512, 50_000, 1 << 20));
        assertThat(PodCgroup.of(pod(Map.of("cpu", "500m"), Map.of()), "/"))
                .isEqualTo(new PodCgroup("/kubepods/burstable/podu", 512, 0, 0));
    }

    @Test
    void takesThePeakOfInitialisationIntoAccount() {
        Pod pod = new PodBuilder(pod(Map.of("cpu", "1"), Map.of()))
                .editSpec()
                .addNewInitContainer()
                .withName("side")
                .withRestartPolicy("Always")
                .withNewResources()
                .addToRequests("cpu", new Quantity("1"))
                .endResources()
                .endInitContainer()
                .addNewInitContainer()
                .withName("once")
                .withNewResources()
                .addToRequests("cpu", new Quantity("3"))
                .endResources()
                .endInitContainer()
                .endSpec()
                .build();

        assertThat(ResourceFigures.milliCpu(PodResources.of(pod).getRequests())).isEqualTo(4000);
    }
}
