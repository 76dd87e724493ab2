// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.plugin;

import io.mizzen.scheduler.framework.CycleState;
import io.mizzen.scheduler.framework.ExtensionPoint.PreScore;
import io.mizzen.scheduler.framework.ExtensionPoint.Score;
import io.mizzen.scheduler.framework.NodeInfo;
import io.mizzen.scheduler.framework.PodInfo;
import io.mizzen.scheduler.framework.Snapshot;
import io.mizzen.scheduler.framework.Status;
import java.util.List;

/** Prefers nodes where CPU and memory would be used to similar shares. */
public final class NodeResourcesBalancedAllocation implements PreScore, Score {
    @Override
    public String name() {
        return "NodeResourcesBalancedAllocation";
    }

    @Override
    public Status preScore(CycleState state, PodInfo pod, List<NodeInfo> nodes, Snapshot snapshot) {
        return pod.requests().milliCpu() == 0 && pod.requests().memory() == 0 ? Status.skip() : Status.success();
    }

    @Override
    public long score(CycleState state, PodInfo pod, NodeInfo node) {
        double cpu = share(pod, node, "cpu");
        double memory = share(pod, node, "memory");
        double deviation = cpu < 0 || memory < 0 ? 0 : Math.abs(cpu - memory) / 2;
        return (long) ((1 - deviation) * MAX_SCORE);
    }

    /** The share used with the pod there, at most 1; negative where the node has none of the resource. */
    private static double share(PodInfo pod, NodeInfo node, String resource) {
        long allocatable = node.allocatable().get(resource);
        if (allocatable == 0) {
            return -1;
        }
        double requested = node.requested().get(resource) + pod.requests().get(resource);
        return Math.min(1, requested / allocatable);
    }
}
