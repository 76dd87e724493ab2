// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.mizzen.scheduler.framework.NodeInfo;
import io.mizzen.scheduler.framework.PodInfo;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Pods and nodes for tests. */
public final class Objects {
    private Objects() {}

    public static PodInfo pod(String name) {
        return pod(name, builder -> builder);
    }

    public static PodInfo pod(String name, UnaryOperator<PodBuilder> change) {
        PodBuilder builder = new PodBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(name)
                .withUid("uid-" + name)
                .endMetadata()
                .withNewSpec()
                .withSchedulerName("default-scheduler")
                .addNewContainer()
                .withName("main")
                .withImage("app")
                .endContainer()
                .endSpec();
        return PodInfo.of(change.apply(builder).build());
    }

    public static UnaryOperator<PodBuilder> requests(String cpu, String memory) {
        return builder -> builder.editSpec()
                .editFirstContainer()
                .withNewResources()
                .addToRequests("cpu", new Quantity(cpu))
                .addToRequests("memory", new Quantity(memory))
                .endResources()
                .endContainer()
                .endSpec();
    }

    public static UnaryOperator<PodBuilder> priority(int priority) {
        return builder -> builder.editSpec().withPriority(priority).endSpec();
    }

    public static UnaryOperator<PodBuilder> labels(Map<String, String> labels) {
        return builder -> builder.editMetadata().withLabels(labels).endMetadata();
    }

    public static UnaryOperator<PodBuilder> all(java.util.List<UnaryOperator<PodBuilder>> changes) {
        return builder -> {
            PodBuilder result = builder;
            for (UnaryOperator<PodBuilder> change : changes) {
                result = change.apply(result);
            }
            return result;
        };
    }

    public static PodInfo onNode(PodInfo pod, String node) {
        Pod bound = pod.pod().edit().editSpec().withNodeName(node).endSpec().build();
        return PodInfo.of(bound);
    }

    public static Node node(String name, String cpu, String memory) {
        return node(name, cpu, memory, builder -> builder);
    }

    public static Node node(String name, String cpu, String memory, UnaryOperator<NodeBuilder> change) {
        NodeBuilder builder = new NodeBuilder()
                .withNewMetadata()
                .withName(name)
                .addToLabels("kubernetes.io/hostname", name)
                .endMetadata()
                .withNewSpec()
                .endSpec()
                .withNewStatus()
                .addToAllocatable("cpu", new Quantity(cpu))
                .addToAllocatable("memory", new Quantity(memory))
                .addToAllocatable("pods", new Quantity("110"))
                .endStatus();
        return change.apply(builder).build();
    }

    public static NodeInfo nodeInfo(String name, String cpu, String memory) {
        return NodeInfo.of(node(name, cpu, memory));
    }
}
