// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.describe;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.tree.Json;

/** Pods. Pure. */
final class Pods {
    private Pods() {}

    static void describe(Description out, JsonNode pod) {
        JsonNode spec = pod.path("spec");
        JsonNode status = pod.path("status");
        out.head(pod);
        out.optional(0, "Priority", Json.text(spec, "priority"));
        out.optional(0, "Priority Class Name", Json.text(spec, "priorityClassName"));
        out.optional(0, "Runtime Class Name", Json.text(spec, "runtimeClassName"));
        out.optional(0, "Service Account", Json.text(spec, "serviceAccountName"));
        String node = Json.text(spec, "nodeName");
        out.field(0, "Node", node.isEmpty() ? "<none>" : node + "/" + Json.text(status, "hostIP"));
        if (status.has("startTime")) {
            out.field(0, "Start Time", Description.time(Json.text(status, "startTime")));
        }
        out.metadata(pod);
        phase(out, pod);
        out.optional(0, "Reason", Json.text(status, "reason"));
        out.optional(0, "Message", Json.text(status, "message"));
        JsonNode seccomp = spec.path("securityContext").path("seccompProfile");
        if (seccomp.isObject()) {
            out.field(0, "SeccompProfile", Json.text(seccomp, "type"));
            out.optional(0, "LocalhostProfile", Json.text(seccomp, "localhostProfile"));
        }
        out.field(0, "IP", Json.text(status, "podIP"));
        addresses(out, status.path("podIPs"));
        out.optional(0, "Controlled By", Description.controller(pod));
        out.optional(0, "NominatedNodeName", Json.text(status, "nominatedNodeName"));
        if (spec.path("resources").isObject()) {
            out.line(0, "Resources:");
            PodTemplates.resources(out, spec.path("resources"), 1);
        }
        if (!spec.path("initContainers").isEmpty()) {
            PodTemplates.containers(
                    out, "Init Containers", spec.path("initContainers"), status.path("initContainerStatuses"), pod, "");
        }
        PodTemplates.containers(out, "Containers", spec.path("containers"), status.path("containerStatuses"), pod, "");
        if (!spec.path("ephemeralContainers").isEmpty()) {
            PodTemplates.containers(
                    out,
                    "Ephemeral Containers",
                    spec.path("ephemeralContainers"),
                    status.path("ephemeralContainerStatuses"),
                    pod,
                    "");
        }
        readinessGates(out, spec.path("readinessGates"), status.path("conditions"));
        if (!status.path("conditions").isEmpty()) {
            out.append("Conditions:\n  Type\tStatus\n");
            for (JsonNode one : status.path("conditions")) {
                out.line(1, Json.text(one, "type") + " \t" + Json.text(one, "status") + " ");
            }
        }
        Volumes.describe(out, spec.path("volumes"), "");
        out.field(0, "QoS Class", Json.text(status, "qosClass"));
        out.labels("Node-Selectors", spec.path("nodeSelector"));
        PodTemplates.tolerations(out, "Tolerations", spec.path("tolerations"));
        PodTemplates.topology(out, spec, "");
    }

    private static void phase(Description out, JsonNode pod) {
        String phase = Json.text(pod, "status", "phase");
        JsonNode metadata = pod.path("metadata");
        boolean ended = phase.equals("Failed") || phase.equals("Succeeded");
        if (metadata.has("deletionTimestamp") && !ended) {
            out.field(
                    0,
                    "Status",
                    "Terminating (lasts " + PodTemplates.age(Json.text(metadata, "deletionTimestamp")) + ")");
            out.field(0, "Termination Grace Period", Json.text(metadata, "deletionGracePeriodSeconds") + "s");
        } else {
            out.field(0, "Status", phase);
        }
    }

    private static void addresses(Description out, JsonNode addresses) {
        out.line(0, "IPs:" + (addresses.isEmpty() ? "\t<none>" : ""));
        for (JsonNode address : addresses) {
            out.field(1, "IP", Json.text(address, "ip"));
        }
    }

    private static void readinessGates(Description out, JsonNode gates, JsonNode conditions) {
        if (gates.isEmpty()) {
            return;
        }
        out.append("Readiness Gates:\n  Type\tStatus\n");
        for (JsonNode gate : gates) {
            String type = Json.text(gate, "conditionType");
            String status = "<none>";
            for (JsonNode one : conditions) {
                if (Json.text(one, "type").equals(type)) {
                    status = Json.text(one, "status");
                }
            }
            out.line(1, type + " \t" + status + " ");
        }
    }
}
