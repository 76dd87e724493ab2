// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.endpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;

/** Sets conditions of a pod's status; changes the pod it is given. */
final class PodConditions {
    private PodConditions() {}

    /** Sets a condition without reason; the transition time moves only when the status changes. */
    static void set(ObjectNode pod, String type, String status, String now) {
        var conditions = ObjectTree.list(ObjectTree.child(pod, "status"), "conditions");
        for (JsonNode condition : conditions) {
            if (condition.path("type").asText().equals(type) && condition instanceof ObjectNode object) {
                if (!object.path("status").asText().equals(status)) {
                    object.put("lastTransitionTime", now);
                }
                object.put("status", status);
                object.remove("reason");
                object.remove("message");
                return;
            }
        }
        conditions
                .addObject()
                .put("type", type)
                .put("status", status)
                .putNull("lastProbeTime")
                .put("lastTransitionTime", now);
    }
}
