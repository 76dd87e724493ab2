// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.node;

import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.NodeStatus;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Which turns of a node its events tell of; pure. */
final class NodeTurns {
    private NodeTurns() {}

    /**
     * Reasons of the events, in upstream's order. The first status tells of each kind of pressure that is or is not there, as
     * upstream's does at each start of a kubelet, and of readiness only where there is one.
     *
     * @param told the status told last; null before the first
     */
    static List<String> reasons(
            @Nullable NodeStatus told, NodeStatus status, boolean wasUnschedulable, boolean isUnschedulable) {
        List<String> reasons = new ArrayList<>();
        for (NodeCondition condition : status.getConditions()) {
            String before = told == null ? firstOf(condition) : statusOf(told, condition.getType());
            if (!condition.getStatus().equals(before)) {
                reasons.add(condition.getReason().replaceFirst("^Kubelet", "Node"));
            }
        }
        if (isUnschedulable != wasUnschedulable) {
            reasons.add(isUnschedulable ? "NodeNotSchedulable" : "NodeSchedulable");
        }
        return reasons;
    }

    private static String firstOf(NodeCondition condition) {
        return condition.getType().equals("Ready") ? "False" : "Unknown";
    }

    private static String statusOf(NodeStatus status, String type) {
        return status.getConditions().stream()
                .filter(condition -> condition.getType().equals(type))
                .map(NodeCondition::getStatus)
                .findFirst()
                .orElse("Unknown");
    }
}
