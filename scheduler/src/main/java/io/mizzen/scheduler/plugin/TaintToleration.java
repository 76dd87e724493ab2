// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.plugin;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.Toleration;
import io.mizzen.client.selector.Taints;
import io.mizzen.scheduler.framework.ClusterEvent;
import io.mizzen.scheduler.framework.ClusterEvent.Action;
import io.mizzen.scheduler.framework.ClusterEvent.Resource;
import io.mizzen.scheduler.framework.CycleState;
import io.mizzen.scheduler.framework.EventRegistration;
import io.mizzen.scheduler.framework.ExtensionPoint.Filter;
import io.mizzen.scheduler.framework.ExtensionPoint.PreScore;
import io.mizzen.scheduler.framework.ExtensionPoint.Score;
import io.mizzen.scheduler.framework.NodeInfo;
import io.mizzen.scheduler.framework.PodInfo;
import io.mizzen.scheduler.framework.Snapshot;
import io.mizzen.scheduler.framework.Status;
import java.util.List;

/** Leaves out nodes with taints the pod does not tolerate, and prefers those with fewer soft ones. */
public final class TaintToleration implements Filter, PreScore, Score {
    private record Soft(List<Toleration> tolerations) implements CycleState.Data {}

    @Override
    public String name() {
        return "TaintToleration";
    }

    @Override
    public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
        return Taints.firstUntolerated(node.taints(), pod.tolerations(), Taints.HARD) == null
                ? Status.success()
                : Status.unresolvable("node(s) had untolerated taint(s)");
    }

    @Override
    public Status preScore(CycleState state, PodInfo pod, List<NodeInfo> nodes, Snapshot snapshot) {
        state.put(new Soft(pod.tolerations().stream()
                .filter(t -> t.getEffect() == null || t.getEffect().isEmpty() || Taints.SOFT.contains(t.getEffect()))
                .toList()));
        return Status.success();
    }

    @Override
    public long score(CycleState state, PodInfo pod, NodeInfo node) {
        List<Toleration> tolerations = state.get(Soft.class).tolerations();
        long count = 0;
        for (Taint taint : node.taints()) {
            if (Taints.SOFT.contains(taint.getEffect()) && !Taints.isTolerated(taint, tolerations)) {
                count++;
            }
        }
        return count;
    }

    @Override
    public void normalize(CycleState state, PodInfo pod, List<NodeInfo> nodes, long[] scores) {
        Score.scaleToMaximum(scores, true);
    }

    @Override
    public List<EventRegistration> eventsToRegister() {
        return List.of(
                new EventRegistration(
                        ClusterEvent.of(Resource.NODE, Action.ADD, Action.UPDATE_NODE_TAINT),
                        (pod, before, after) -> after instanceof Node node
                                && filter(new CycleState(), pod, NodeInfo.of(node))
                                        .isSuccess()
                                && !(before instanceof Node old
                                        && filter(new CycleState(), pod, NodeInfo.of(old))
                                                .isSuccess())),
                OwnChange.toleration(pod -> true));
    }
}
