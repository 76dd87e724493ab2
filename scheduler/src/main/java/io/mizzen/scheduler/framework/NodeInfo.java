// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.framework;

import io.fabric8.kubernetes.api.model.ContainerImage;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Taint;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A node with the pods on it, assumed ones included. Immutable: a change makes a new one with a higher generation, so that a
 * snapshot and a "what if" of preemption need no copies.
 */
public final class NodeInfo {
    private final String name;
    private final @Nullable Node node;
    private final Resources allocatable;
    private final long allowedPods;
    private final Map<String, Long> imageSizes;
    private final List<PodInfo> pods;
    private final Resources requested;
    private final Resources nonZeroRequested;
    private final int podsWithAffinity;
    private final int podsWithRequiredAntiAffinity;
    private final long generation;

    private NodeInfo(
            NodeInfo facts,
            List<PodInfo> pods,
            Resources requested,
            Resources nonZeroRequested,
            int podsWithAffinity,
            int podsWithRequiredAntiAffinity) {
        this.name = facts.name;
        this.node = facts.node;
        this.allocatable = facts.allocatable;
        this.allowedPods = facts.allowedPods;
        this.imageSizes = facts.imageSizes;
        this.pods = pods;
        this.requested = requested;
        this.nonZeroRequested = nonZeroRequested;
        this.podsWithAffinity = podsWithAffinity;
        this.podsWithRequiredAntiAffinity = podsWithRequiredAntiAffinity;
        this.generation = facts.generation + 1;
    }

    private NodeInfo(String name, @Nullable Node node, @Nullable NodeInfo before) {
        this.name = name;
        this.node = node;
        Map<String, Quantity> amounts = node == null || node.getStatus() == null
                ? Map.of()
                : node.getStatus().getAllocatable() == null
                        ? Map.of()
                        : node.getStatus().getAllocatable();
        this.allocatable = Resources.of(amounts);
        Quantity podCount = amounts.get("pods");
        this.allowedPods = podCount == null ? 0 : Resources.amount("pods", podCount);
        this.imageSizes = imageSizes(node);
        this.pods = before == null ? List.of() : before.pods;
        this.requested = before == null ? Resources.ZERO : before.requested;
        this.nonZeroRequested = before == null ? Resources.ZERO : before.nonZeroRequested;
        this.podsWithAffinity = before == null ? 0 : before.podsWithAffinity;
        this.podsWithRequiredAntiAffinity = before == null ? 0 : before.podsWithRequiredAntiAffinity;
        this.generation = before == null ? 0 : before.generation + 1;
    }

    /** A node that so far is known only by pods that name it. */
    public static NodeInfo unknown(String name) {
        return new NodeInfo(name, null, null);
    }

    /** A node without pods. */
    public static NodeInfo of(Node node) {
        return new NodeInfo(node.getMetadata().getName(), node, null);
    }

    /** The same pods on a newer (or vanished: null) node. */
    public NodeInfo withNode(@Nullable Node newer) {
        return new NodeInfo(name, newer, this);
    }

    /** With one pod more. */
    public NodeInfo withPod(PodInfo pod) {
        List<PodInfo> more = new ArrayList<>(pods.size() + 1);
        more.addAll(pods);
        more.add(pod);
        return new NodeInfo(
                this,
                more,
                requested.plus(pod.requests()),
                nonZeroRequested.plus(pod.nonZeroRequests()),
                podsWithAffinity + (pod.hasPodAffinity() ? 1 : 0),
                podsWithRequiredAntiAffinity + (pod.requiredAntiAffinity().isEmpty() ? 0 : 1));
    }

    /** Without the pod of this uid; the same object if it is not here. */
    public NodeInfo withoutPod(String uid) {
        for (int i = 0; i < pods.size(); i++) {
            PodInfo pod = pods.get(i);
            if (pod.uid().equals(uid)) {
                List<PodInfo> fewer = new ArrayList<>(pods);
                fewer.remove(i);
                return new NodeInfo(
                        this,
                        fewer,
                        requested.minus(pod.requests()),
                        nonZeroRequested.minus(pod.nonZeroRequests()),
                        podsWithAffinity - (pod.hasPodAffinity() ? 1 : 0),
                        podsWithRequiredAntiAffinity
                                - (pod.requiredAntiAffinity().isEmpty() ? 0 : 1));
            }
        }
        return this;
    }

    /** The node's name. */
    public String name() {
        return name;
    }

    /** The object, null while only pods know the node. */
    public @Nullable Node node() {
        return node;
    }

    /** Labels, empty where there are none. */
    public Map<String, String> labels() {
        return node == null || node.getMetadata().getLabels() == null
                ? Map.of()
                : node.getMetadata().getLabels();
    }

    /** Taints, empty where there are none. */
    public List<Taint> taints() {
        return node == null || node.getSpec() == null
                ? List.of()
                : node.getSpec().getTaints();
    }

    /** Whether the node is cordoned. */
    public boolean isUnschedulable() {
        return node != null
                && node.getSpec() != null
                && Boolean.TRUE.equals(node.getSpec().getUnschedulable());
    }

    /** What pods may take in all. */
    public Resources allocatable() {
        return allocatable;
    }

    /** How many pods may be here. */
    public long allowedPods() {
        return allowedPods;
    }

    /** Bytes of each image on the node, by each of its names. */
    public Map<String, Long> imageSizes() {
        return imageSizes;
    }

    /** The pods here, in the order they came. */
    public List<PodInfo> pods() {
        return pods;
    }

    /** What the pods here ask for. */
    public Resources requested() {
        return requested;
    }

    /** What the pods here count for when nodes are scored. */
    public Resources nonZeroRequested() {
        return nonZeroRequested;
    }

    /** Whether some pod here says something about other pods. */
    public boolean hasPodsWithAffinity() {
        return podsWithAffinity > 0;
    }

    /** Whether some pod here keeps others away. */
    public boolean hasPodsWithRequiredAntiAffinity() {
        return podsWithRequiredAntiAffinity > 0;
    }

    /** Grows with every change of this node. */
    public long generation() {
        return generation;
    }

    /** The node's zone as one text, empty where it has none: region and zone labels together. */
    public String zone() {
        Map<String, String> labels = labels();
        String region = labels.getOrDefault("topology.kubernetes.io/region", "");
        String zone = labels.getOrDefault("topology.kubernetes.io/zone", "");
        return region.isEmpty() && zone.isEmpty() ? "" : region + "\0" + zone;
    }

    private static Map<String, Long> imageSizes(@Nullable Node node) {
        if (node == null || node.getStatus() == null) {
            return Map.of();
        }
        Map<String, Long> sizes = new HashMap<>();
        for (ContainerImage image : node.getStatus().getImages()) {
            long size = image.getSizeBytes() == null ? 0 : image.getSizeBytes();
            image.getNames().forEach(imageName -> sizes.put(imageName, size));
        }
        return sizes.isEmpty() ? Map.of() : Map.copyOf(sizes);
    }
}
