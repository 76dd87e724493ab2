// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.plugin;

import io.fabric8.kubernetes.api.model.Node;
import io.mizzen.client.selector.NodeMatcher;
import io.mizzen.scheduler.framework.ClusterEvent;
import io.mizzen.scheduler.framework.ClusterEvent.Action;
import io.mizzen.scheduler.framework.ClusterEvent.Resource;
import io.mizzen.scheduler.framework.CycleState;
import io.mizzen.scheduler.framework.EventRegistration;
import io.mizzen.scheduler.framework.ExtensionPoint.Filter;
import io.mizzen.scheduler.framework.ExtensionPoint.PreFilter;
import io.mizzen.scheduler.framework.ExtensionPoint.PreFilterResult;
import io.mizzen.scheduler.framework.ExtensionPoint.PreScore;
import io.mizzen.scheduler.framework.ExtensionPoint.Score;
import io.mizzen.scheduler.framework.NodeInfo;
import io.mizzen.scheduler.framework.PodInfo;
import io.mizzen.scheduler.framework.Snapshot;
import io.mizzen.scheduler.framework.Status;
import java.util.List;
import java.util.Set;

/** {@code nodeSelector} and node affinity: required terms filter, preferred terms score. */
public final class NodeAffinity implements PreFilter, Filter, PreScore, Score {
    static final String MISMATCH = "node(s) didn't match Pod's node affinity/selector";

    @Override
    public String name() {
        return "NodeAffinity";
    }

    @Override
    public PreFilterResult preFilter(CycleState state, PodInfo pod, Snapshot snapshot) {
        NodeMatcher matcher = pod.nodeMatcher();
        if (!matcher.hasRequirements()) {
            return PreFilterResult.of(Status.skip());
        }
        Set<String> names = matcher.nodeNames();
        return names != null && names.isEmpty()
                ? PreFilterResult.of(Status.unresolvable("pod affinity terms conflict"))
                : new PreFilterResult(Status.success(), names);
    }

    @Override
    public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
        return pod.nodeMatcher().matches(node.name(), node.labels()) ? Status.success() : Status.unresolvable(MISMATCH);
    }

    @Override
    public Status preScore(CycleState state, PodInfo pod, List<NodeInfo> nodes, Snapshot snapshot) {
        return pod.nodeMatcher().preferred().isEmpty() ? Status.skip() : Status.success();
    }

    @Override
    public long score(CycleState state, PodInfo pod, NodeInfo node) {
        long sum = 0;
        for (NodeMatcher.Preferred preferred : pod.nodeMatcher().preferred()) {
            if (preferred.term().matches(node.name(), node.labels())) {
                sum += preferred.weight();
            }
        }
        return sum;
    }

    @Override
    public void normalize(CycleState state, PodInfo pod, List<NodeInfo> nodes, long[] scores) {
        Score.scaleToMaximum(scores, false);
    }

    @Override
    public List<EventRegistration> eventsToRegister() {
        return List.of(new EventRegistration(
                ClusterEvent.of(Resource.NODE, Action.ADD, Action.UPDATE_NODE_LABEL),
                (pod, before, after) -> after instanceof Node node
                        && isMatch(pod, node)
                        && !(before instanceof Node old && isMatch(pod, old))));
    }

    private static boolean isMatch(PodInfo pod, Node node) {
        NodeInfo info = NodeInfo.of(node);
        return pod.nodeMatcher().matches(info.name(), info.labels());
    }
}
