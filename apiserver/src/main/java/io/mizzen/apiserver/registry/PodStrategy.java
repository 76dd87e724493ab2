// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.quantity.Quantity;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Pods: initial status, quality of service, graceful deletion. */
final class PodStrategy implements Strategy {

    @Override
    public boolean countsGenerations() {
        return true;
    }

    @Override
    public void applyDefaults(ObjectNode pod) {
        PodDefaults.pod(pod);
    }

    @Override
    public void prepareForCreate(WriteContext context, ObjectNode pod) {
        ObjectNode status = ObjectTree.child(pod, "status");
        status.removeAll();
        status.put("phase", "Pending").put("qosClass", qosClass(pod.path("spec")));
        if (!pod.path("spec").path("schedulingGates").isEmpty()) {
            ObjectNode condition = status.putArray("conditions").addObject();
            condition.put("type", "PodScheduled").put("status", "False").put("reason", "SchedulingGated");
            condition.put("message", "Scheduling is blocked due to non-empty scheduling gates");
            condition.put("lastTransitionTime", Metadata.time(context.now()));
        }
    }

    /** {@code Guaranteed}, {@code Burstable} or {@code BestEffort} (API page "Pod Quality of Service Classes"). */
    static String qosClass(JsonNode spec) {
        boolean any = false;
        boolean guaranteed = true;
        Set<String> wanted = Set.of("cpu", "memory");
        if (spec.has("resources")) {
            return qosOfPodResources(spec.path("resources"));
        }
        for (String list : List.of("containers", "initContainers")) {
            for (JsonNode container : spec.path(list)) {
                JsonNode resources = container.path("resources");
                Set<String> limited = new HashSet<>();
                for (String name : wanted) {
                    Quantity request = quantity(resources.path("requests").path(name));
                    Quantity limit = quantity(resources.path("limits").path(name));
                    any |= !request.isZero() || !limit.isZero();
                    if (!limit.isZero()) {
                        limited.add(name);
                        guaranteed &= request.isZero() || request.compareTo(limit) == 0;
                    }
                }
                guaranteed &= limited.equals(wanted);
            }
        }
        if (!any) {
            return "BestEffort";
        }
        return guaranteed ? "Guaranteed" : "Burstable";
    }

    private static String qosOfPodResources(JsonNode resources) {
        boolean any = false;
        boolean guaranteed = true;
        for (String name : List.of("cpu", "memory")) {
            Quantity request = quantity(resources.path("requests").path(name));
            Quantity limit = quantity(resources.path("limits").path(name));
            any |= !request.isZero() || !limit.isZero();
            guaranteed &= !limit.isZero() && request.compareTo(limit) == 0;
        }
        if (!any) {
            return "BestEffort";
        }
        return guaranteed ? "Guaranteed" : "Burstable";
    }

    private static Quantity quantity(JsonNode node) {
        return node.isMissingNode() ? Quantity.ZERO : Quantity.parse(node.asText());
    }

    @Override
    public void prepareForUpdate(WriteContext context, ObjectNode pod, ObjectNode old) {
        // The quality of service is decided once (KEP-753).
        ObjectTree.child(pod, "status").put("qosClass", ObjectTree.text(old, "status", "qosClass"));
    }

    @Override
    public Long gracePeriodSeconds(ObjectNode pod, @Nullable Long requested) {
        long period = requested != null
                ? requested
                : pod.path("spec").path("terminationGracePeriodSeconds").asLong(30);
        String phase = ObjectTree.text(pod, "status", "phase");
        boolean unscheduled = ObjectTree.text(pod, "spec", "nodeName").isEmpty();
        if (unscheduled || phase.equals("Failed") || phase.equals("Succeeded")) {
            return 0L;
        }
        // A negative period has stood for one second since it was allowed.
        return period < 0 ? 1 : period;
    }

    @Override
    public boolean returnsDeletedObject() {
        return true;
    }
}
