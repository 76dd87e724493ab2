// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.plugin;

import io.fabric8.kubernetes.api.model.Node;
import io.mizzen.scheduler.framework.ClusterEvent;
import io.mizzen.scheduler.framework.ClusterEvent.Action;
import io.mizzen.scheduler.framework.ClusterEvent.Resource;
import io.mizzen.scheduler.framework.CycleState;
import io.mizzen.scheduler.framework.EventRegistration;
import io.mizzen.scheduler.framework.ExtensionPoint.Filter;
import io.mizzen.scheduler.framework.ExtensionPoint.PreFilter;
import io.mizzen.scheduler.framework.ExtensionPoint.PreFilterResult;
import io.mizzen.scheduler.framework.ExtensionPoint.Score;
import io.mizzen.scheduler.framework.NodeInfo;
import io.mizzen.scheduler.framework.PodInfo;
import io.mizzen.scheduler.framework.Resources;
import io.mizzen.scheduler.framework.Snapshot;
import io.mizzen.scheduler.framework.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Leaves out nodes without enough of a resource; scores by LeastAllocated over CPU and memory, both with weight 1. */
public final class NodeResourcesFit implements PreFilter, Filter, Score {
    @Override
    public String name() {
        return "NodeResourcesFit";
    }

    @Override
    public PreFilterResult preFilter(CycleState state, PodInfo pod, Snapshot snapshot) {
        return PreFilterResult.of(Status.success());
    }

    @Override
    public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
        List<String> reasons = new ArrayList<>();
        boolean isHopeless = false;
        if (node.pods().size() + 1 > node.allowedPods()) {
            reasons.add("Too many pods");
        }
        Resources wanted = pod.requests();
        if (!wanted.isZero()) {
            isHopeless |= check("cpu", wanted, node, reasons);
            isHopeless |= check("memory", wanted, node, reasons);
            isHopeless |= check("ephemeral-storage", wanted, node, reasons);
            for (Map.Entry<String, Long> scalar : wanted.scalars().entrySet()) {
                isHopeless |= check(scalar.getKey(), wanted, node, reasons);
            }
        }
        if (reasons.isEmpty()) {
            return Status.success();
        }
        String[] texts = reasons.toArray(String[]::new);
        return isHopeless ? Status.unresolvable(texts) : Status.unschedulable(texts);
    }

    @Override
    public long score(CycleState state, PodInfo pod, NodeInfo node) {
        long sum = 0;
        long weights = 0;
        for (String resource : List.of("cpu", "memory")) {
            long allocatable = node.allocatable().get(resource);
            if (allocatable == 0) {
                continue;
            }
            long requested = node.nonZeroRequested().get(resource)
                    + pod.nonZeroRequests().get(resource);
            sum += requested > allocatable ? 0 : (allocatable - requested) * MAX_SCORE / allocatable;
            weights++;
        }
        return weights == 0 ? 0 : sum / weights;
    }

    @Override
    public List<EventRegistration> eventsToRegister() {
        return List.of(
                new EventRegistration(
                        ClusterEvent.of(Resource.POD, Action.DELETE, Action.UPDATE_POD_SCALE_DOWN),
                        NodeResourcesFit::mayFree),
                new EventRegistration(
                        ClusterEvent.of(Resource.NODE, Action.ADD, Action.UPDATE_NODE_ALLOCATABLE),
                        (pod, before, after) -> after instanceof Node node
                                && filter(new CycleState(), pod, NodeInfo.of(node))
                                        .isSuccess()));
    }

    /** A pod that leaves, or asks for less, helps if it held something that the waiting pod wants. */
    private static boolean mayFree(
            PodInfo pod,
            @org.jspecify.annotations.Nullable Object before,
            @org.jspecify.annotations.Nullable Object after) {
        if (!(before instanceof PodInfo old)) {
            return false;
        }
        if (after == null) {
            return old.nodeName() != null;
        }
        if (!(after instanceof PodInfo changed)) {
            return false;
        }
        if (changed.uid().equals(pod.uid())) {
            return true;
        }
        Resources freed = old.requests().minus(changed.requests());
        Resources wanted = pod.requests();
        return (freed.milliCpu() > 0 && wanted.milliCpu() > 0)
                || (freed.memory() > 0 && wanted.memory() > 0)
                || (freed.ephemeralStorage() > 0 && wanted.ephemeralStorage() > 0)
                || wanted.scalars().keySet().stream().anyMatch(name -> freed.get(name) > 0);
    }

    private static boolean check(String resource, Resources wanted, NodeInfo node, List<String> reasons) {
        long amount = wanted.get(resource);
        long allocatable = node.allocatable().get(resource);
        if (amount > 0 && amount > allocatable - node.requested().get(resource)) {
            reasons.add("Insufficient " + resource);
            return amount > allocatable;
        }
        return false;
    }
}
