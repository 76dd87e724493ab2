// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.pod;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.mizzen.client.ApiClient;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.Patches;
import io.mizzen.controller.condition.Timestamps;
import java.time.Instant;
import java.util.List;

/** Writes the condition DisruptionTarget, by which a pod says why it is about to go (KEP-3329). */
public final class PodDisruption {

    private PodDisruption() {}

    /** Marks a pod; nothing is sent when it is marked already. */
    public static void mark(ApiClient api, Pod pod, String reason, String message, Instant now) {
        boolean marked = Pods.condition(pod, "DisruptionTarget")
                .map(c -> "True".equals(c.getStatus()) && reason.equals(c.getReason()))
                .orElse(false);
        if (!marked) {
            api.patchStatus(Pod.class, ObjectKey.of(pod), patch(pod, reason, message, now));
        }
    }

    /** Marks a pod and, if it has not ended, sets its phase to Failed. */
    public static void fail(ApiClient api, Pod pod, String reason, String message, Instant now) {
        if (Pods.isTerminal(pod)) {
            return;
        }
        ObjectNode patch = patch(pod, reason, message, now);
        ((ObjectNode) patch.get("status")).put("phase", "Failed");
        api.patchStatus(Pod.class, ObjectKey.of(pod), patch);
    }

    /** Sets the phase of a pod that was never run to Failed, for those who wait for its end. */
    public static void fail(ApiClient api, Pod pod) {
        if (!Pods.isTerminal(pod)) {
            ObjectNode patch = Patches.guarded(pod);
            patch.putObject("status").put("phase", "Failed");
            api.patchStatus(Pod.class, ObjectKey.of(pod), patch);
        }
    }

    /** A merge patch replaces the whole list, so it holds the other conditions too, at the version they were read. */
    private static ObjectNode patch(Pod pod, String reason, String message, Instant now) {
        ObjectNode patch = Patches.guarded(pod);
        ArrayNode conditions = patch.putObject("status").putArray("conditions");
        List<PodCondition> present = pod.getStatus() == null || pod.getStatus().getConditions() == null
                ? List.of()
                : pod.getStatus().getConditions();
        for (PodCondition condition : present) {
            if (!"DisruptionTarget".equals(condition.getType())) {
                conditions.add(Json.<ObjectNode>tree(condition));
            }
        }
        conditions
                .addObject()
                .put("type", "DisruptionTarget")
                .put("status", "True")
                .put("reason", reason)
                .put("message", message)
                .put("lastTransitionTime", Timestamps.text(now));
        return patch;
    }
}
