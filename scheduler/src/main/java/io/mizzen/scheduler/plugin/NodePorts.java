// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.plugin;

import io.mizzen.scheduler.framework.ClusterEvent;
import io.mizzen.scheduler.framework.ClusterEvent.Action;
import io.mizzen.scheduler.framework.ClusterEvent.Resource;
import io.mizzen.scheduler.framework.CycleState;
import io.mizzen.scheduler.framework.EventRegistration;
import io.mizzen.scheduler.framework.ExtensionPoint.Filter;
import io.mizzen.scheduler.framework.ExtensionPoint.PreFilter;
import io.mizzen.scheduler.framework.ExtensionPoint.PreFilterResult;
import io.mizzen.scheduler.framework.HostPort;
import io.mizzen.scheduler.framework.NodeInfo;
import io.mizzen.scheduler.framework.PodInfo;
import io.mizzen.scheduler.framework.Snapshot;
import io.mizzen.scheduler.framework.Status;
import java.util.List;

/** Leaves out nodes where a host port that the pod wants is taken. */
public final class NodePorts implements PreFilter, Filter {
    @Override
    public String name() {
        return "NodePorts";
    }

    @Override
    public PreFilterResult preFilter(CycleState state, PodInfo pod, Snapshot snapshot) {
        return PreFilterResult.of(pod.hostPorts().isEmpty() ? Status.skip() : Status.success());
    }

    @Override
    public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
        for (PodInfo other : node.pods()) {
            if (conflict(pod, other)) {
                return Status.unschedulable("node(s) didn't have free ports for the requested pod ports");
            }
        }
        return Status.success();
    }

    @Override
    public List<EventRegistration> eventsToRegister() {
        return List.of(
                new EventRegistration(
                        ClusterEvent.of(Resource.POD, Action.DELETE),
                        (pod, before, after) -> before instanceof PodInfo gone && conflict(pod, gone)),
                EventRegistration.always(ClusterEvent.of(Resource.NODE, Action.ADD)));
    }

    private static boolean conflict(PodInfo pod, PodInfo other) {
        for (HostPort wanted : pod.hostPorts()) {
            for (HostPort taken : other.hostPorts()) {
                if (wanted.conflictsWith(taken)) {
                    return true;
                }
            }
        }
        return false;
    }
}
