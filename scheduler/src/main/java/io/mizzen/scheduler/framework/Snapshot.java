// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.framework;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All nodes as they were when the cycle began, interleaved by zone. Owned by the scheduling thread; the cache renews it in place
 * and touches only what changed.
 */
public final class Snapshot {
    private final List<NodeInfo> nodes = new ArrayList<>();
    private final Map<String, Integer> indexByName = new HashMap<>();
    private final Map<String, Integer> nodesByImage = new HashMap<>();
    private final BitSet withAffinity = new BitSet();
    private final BitSet withAntiAffinity = new BitSet();
    private long generation;

    /** A snapshot of these nodes, in this order. */
    public static Snapshot of(Collection<NodeInfo> nodes) {
        Snapshot snapshot = new Snapshot();
        snapshot.replaceAll(List.copyOf(nodes));
        return snapshot;
    }

    /** All nodes, in scheduling order. */
    public List<NodeInfo> nodes() {
        return Collections.unmodifiableList(nodes);
    }

    /** How many nodes there are. */
    public int size() {
        return nodes.size();
    }

    /** A node by name. */
    public @Nullable NodeInfo node(String name) {
        Integer index = indexByName.get(name);
        return index == null ? null : nodes.get(index);
    }

    /** The nodes with pods that say something about other pods. */
    public List<NodeInfo> nodesWithAffinity() {
        return withAffinity.stream().mapToObj(nodes::get).toList();
    }

    /** The nodes with pods that keep others away. */
    public List<NodeInfo> nodesWithRequiredAntiAffinity() {
        return withAntiAffinity.stream().mapToObj(nodes::get).toList();
    }

    /** How many nodes have an image of this name. */
    public int nodesWithImage(String image) {
        return nodesByImage.getOrDefault(image, 0);
    }

    /** Grows with every renewal that changed something. */
    public long generation() {
        return generation;
    }

    /** Puts a changed node in its old place. */
    public void replace(NodeInfo changed) {
        Integer index = indexByName.get(changed.name());
        if (index == null) {
            throw new IllegalStateException("node " + changed.name() + " is not in the snapshot");
        }
        NodeInfo before = nodes.set(index, changed);
        if (before.node() != changed.node()) {
            countImages(before, -1);
            countImages(changed, 1);
        }
        withAffinity.set(index, changed.hasPodsWithAffinity());
        withAntiAffinity.set(index, changed.hasPodsWithRequiredAntiAffinity());
        generation++;
    }

    /** Starts anew with these nodes, in this order: nodes came or went. */
    public void replaceAll(List<NodeInfo> all) {
        nodes.clear();
        indexByName.clear();
        nodesByImage.clear();
        withAffinity.clear();
        withAntiAffinity.clear();
        for (NodeInfo node : all) {
            int index = nodes.size();
            nodes.add(node);
            indexByName.put(node.name(), index);
            countImages(node, 1);
            withAffinity.set(index, node.hasPodsWithAffinity());
            withAntiAffinity.set(index, node.hasPodsWithRequiredAntiAffinity());
        }
        generation++;
    }

    private void countImages(NodeInfo node, int change) {
        for (String image : node.imageSizes().keySet()) {
            nodesByImage.merge(image, change, (a, b) -> a + b == 0 ? null : a + b);
        }
    }
}
