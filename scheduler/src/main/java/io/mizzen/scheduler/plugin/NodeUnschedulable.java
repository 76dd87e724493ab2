// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.plugin;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.TaintBuilder;
import io.mizzen.client.selector.Taints;
import io.mizzen.scheduler.framework.ClusterEvent;
import io.mizzen.scheduler.framework.ClusterEvent.Action;
import io.mizzen.scheduler.framework.ClusterEvent.Resource;
import io.mizzen.scheduler.framework.CycleState;
import io.mizzen.scheduler.framework.EventRegistration;
import io.mizzen.scheduler.framework.ExtensionPoint.Filter;
import io.mizzen.scheduler.framework.NodeInfo;
import io.mizzen.scheduler.framework.PodInfo;
import io.mizzen.scheduler.framework.Status;
import java.util.List;

/** Leaves out cordoned nodes, unless the pod tolerates the taint that goes with it. */
public final class NodeUnschedulable implements Filter {
    private static final Taint TAINT = new TaintBuilder()
            .withKey("node.kubernetes.io/unschedulable")
            .withEffect("NoSchedule")
            .build();

    @Override
    public String name() {
        return "NodeUnschedulable";
    }

    @Override
    public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
        return !node.isUnschedulable() || Taints.isTolerated(TAINT, pod.tolerations())
                ? Status.success()
                : Status.unresolvable("node(s) were unschedulable");
    }

    @Override
    public List<EventRegistration> eventsToRegister() {
        return List.of(
                new EventRegistration(
                        ClusterEvent.of(Resource.NODE, Action.ADD, Action.UPDATE_NODE_TAINT),
                        (pod, before, after) -> after instanceof Node node
                                && filter(new CycleState(), pod, NodeInfo.of(node))
                                        .isSuccess()),
                OwnChange.toleration(pod -> Taints.isTolerated(TAINT, pod.tolerations())));
    }
}
