// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.cache;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.fabric8.kubernetes.api.model.Node;
import io.mizzen.scheduler.framework.NodeInfo;
import io.mizzen.scheduler.framework.PodInfo;
import io.mizzen.scheduler.framework.Snapshot;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Nodes with the pods on them: those the API server told of, and those assumed to be there because a binding is under way.
 *
 * <p>An assumed pod stays until the API server confirms it ({@link #addPod}) or the binding fails ({@link #forget}). A node that
 * is deleted while pods still name it is kept for their sake but is not in snapshots. Thread-safe.
 */
public final class SchedulerCache {
    private record Placed(PodInfo pod, String nodeName, boolean isAssumed) {}

    /**
     * Sizes for metrics.
     *
     * @param nodes nodes
     * @param pods pods, the assumed ones included
     * @param assumedPods assumed pods
     */
    public record Sizes(int nodes, int pods, int assumedPods) {}

    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Map<String, NodeInfo> nodes = new LinkedHashMap<>();

    @GuardedBy("lock")
    private final Map<String, Placed> pods = new HashMap<>();

    @GuardedBy("lock")
    private final Set<String> changedNodes = new HashSet<>();

    @GuardedBy("lock")
    private boolean haveNodesComeOrGone = true;

    /** Puts a pod onto a node before its binding is written. */
    public void assume(PodInfo pod, String nodeName) {
        lock.lock();
        try {
            if (pods.containsKey(pod.uid())) {
                throw new IllegalStateException("pod " + pod + " is in the cache, so can't be assumed");
            }
            put(new Placed(pod, nodeName, true));
        } finally {
            lock.unlock();
        }
    }

    /** Takes an assumption back; does nothing if the pod has been confirmed meanwhile. */
    public void forget(PodInfo pod) {
        lock.lock();
        try {
            Placed placed = pods.get(pod.uid());
            if (placed != null && placed.isAssumed()) {
                take(placed);
            }
        } finally {
            lock.unlock();
        }
    }

    /** A pod with a node was seen; confirms an assumption, and corrects it if the node is another one. */
    public void addPod(PodInfo pod) {
        String nodeName = pod.nodeName();
        if (nodeName == null) {
            return;
        }
        lock.lock();
        try {
            Placed placed = pods.get(pod.uid());
            if (placed != null) {
                take(placed);
            }
            put(new Placed(pod, nodeName, false));
        } finally {
            lock.unlock();
        }
    }

    /** A pod is gone or finished. */
    public void removePod(String uid) {
        lock.lock();
        try {
            Placed placed = pods.get(uid);
            if (placed != null) {
                take(placed);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Whether a pod is only assumed. */
    public boolean isAssumed(String uid) {
        lock.lock();
        try {
            Placed placed = pods.get(uid);
            return placed != null && placed.isAssumed();
        } finally {
            lock.unlock();
        }
    }

    /** The pod as the cache knows it, or null. */
    public @Nullable PodInfo pod(String uid) {
        lock.lock();
        try {
            Placed placed = pods.get(uid);
            return placed == null ? null : placed.pod();
        } finally {
            lock.unlock();
        }
    }

    /** The node a pod is on or assumed to be on, or null. */
    public @Nullable String nodeOf(String uid) {
        lock.lock();
        try {
            Placed placed = pods.get(uid);
            return placed == null ? null : placed.nodeName();
        } finally {
            lock.unlock();
        }
    }

    /** A node was created or changed. */
    public void putNode(Node node) {
        String name = node.getMetadata().getName();
        lock.lock();
        try {
            NodeInfo before = nodes.get(name);
            NodeInfo after = before == null ? NodeInfo.of(node) : before.withNode(node);
            haveNodesComeOrGone |=
                    before == null || before.node() == null || !before.zone().equals(after.zone());
            nodes.put(name, after);
            changedNodes.add(name);
        } finally {
            lock.unlock();
        }
    }

    /** A node was deleted. */
    public void removeNode(String name) {
        lock.lock();
        try {
            NodeInfo before = nodes.remove(name);
            if (before == null) {
                return;
            }
            haveNodesComeOrGone = true;
            if (!before.pods().isEmpty()) {
                nodes.put(name, before.withNode(null));
            }
        } finally {
            lock.unlock();
        }
    }

    /** Brings a snapshot up to date, touching only what changed since the last call. One snapshot a cache. */
    public void updateSnapshot(Snapshot snapshot) {
        lock.lock();
        try {
            if (haveNodesComeOrGone) {
                snapshot.replaceAll(interleavedByZone());
            } else {
                for (String name : changedNodes) {
                    NodeInfo node = nodes.get(name);
                    if (node != null && node.node() != null) {
                        snapshot.replace(node);
                    }
                }
            }
            haveNodesComeOrGone = false;
            changedNodes.clear();
        } finally {
            lock.unlock();
        }
    }

    /** How much there is. */
    public Sizes sizes() {
        lock.lock();
        try {
            int assumed = (int) pods.values().stream().filter(Placed::isAssumed).count();
            return new Sizes(nodes.size(), pods.size(), assumed);
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void put(Placed placed) {
        pods.put(placed.pod().uid(), placed);
        NodeInfo node = nodes.get(placed.nodeName());
        nodes.put(placed.nodeName(), (node == null ? NodeInfo.unknown(placed.nodeName()) : node).withPod(placed.pod()));
        changedNodes.add(placed.nodeName());
    }

    @GuardedBy("lock")
    private void take(Placed placed) {
        pods.remove(placed.pod().uid());
        NodeInfo node = nodes.get(placed.nodeName());
        if (node == null) {
            return;
        }
        NodeInfo after = node.withoutPod(placed.pod().uid());
        if (after.node() == null && after.pods().isEmpty()) {
            nodes.remove(placed.nodeName());
        } else {
            nodes.put(placed.nodeName(), after);
        }
        changedNodes.add(placed.nodeName());
    }

    /** One node of each zone in turn, so that a cut search still sees all zones. */
    @GuardedBy("lock")
    private List<NodeInfo> interleavedByZone() {
        Map<String, List<NodeInfo>> zones = new LinkedHashMap<>();
        int total = 0;
        for (NodeInfo node : nodes.values()) {
            if (node.node() != null) {
                zones.computeIfAbsent(node.zone(), zone -> new ArrayList<>()).add(node);
                total++;
            }
        }
        List<NodeInfo> ordered = new ArrayList<>(total);
        for (int round = 0; ordered.size() < total; round++) {
            for (List<NodeInfo> zone : zones.values()) {
                if (round < zone.size()) {
                    ordered.add(zone.get(round));
                }
            }
        }
        return ordered;
    }
}
