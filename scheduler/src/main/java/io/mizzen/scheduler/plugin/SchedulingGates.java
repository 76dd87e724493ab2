// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.plugin;

import io.fabric8.kubernetes.api.model.PodSchedulingGate;
import io.mizzen.scheduler.framework.ClusterEvent;
import io.mizzen.scheduler.framework.ClusterEvent.Action;
import io.mizzen.scheduler.framework.ClusterEvent.Resource;
import io.mizzen.scheduler.framework.EventRegistration;
import io.mizzen.scheduler.framework.ExtensionPoint.PreEnqueue;
import io.mizzen.scheduler.framework.PodInfo;
import io.mizzen.scheduler.framework.Status;
import java.util.List;

/** Keeps pods with {@code spec.schedulingGates} out of the queue (KEP-3521). */
public final class SchedulingGates implements PreEnqueue {
    @Override
    public String name() {
        return "SchedulingGates";
    }

    @Override
    public Status preEnqueue(PodInfo pod) {
        List<PodSchedulingGate> gates = pod.pod().getSpec().getSchedulingGates();
        return gates.isEmpty()
                ? Status.success()
                : Status.unresolvable("waiting for scheduling gates: ["
                        + String.join(
                                " ",
                                gates.stream().map(PodSchedulingGate::getName).toList()) + "]");
    }

    @Override
    public List<EventRegistration> eventsToRegister() {
        return List.of(new EventRegistration(
                ClusterEvent.of(Resource.POD, Action.UPDATE_POD_SCHEDULING_GATES_ELIMINATED),
                (pod, before, after) ->
                        after instanceof PodInfo changed && changed.uid().equals(pod.uid())));
    }
}
