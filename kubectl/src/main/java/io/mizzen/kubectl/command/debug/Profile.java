// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.debug;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.tree.Json;

/** What a debugging container may do and see, see KEP-1441. Pure. */
enum Profile {
    /** Nothing of its own, as before there were profiles. */
    LEGACY,
    /** May trace processes; on a node sees the host. */
    GENERAL,
    /** What the Pod Security level of that name allows. */
    BASELINE,
    /** What the Pod Security level of that name allows. */
    RESTRICTED,
    /** May change the network. */
    NETADMIN,
    /** Is privileged. */
    SYSADMIN;

    /** Where the debugging container runs. */
    enum Place {
        /** As an ephemeral container of the pod itself. */
        POD,
        /** In a copy of the pod. */
        COPY,
        /** In a pod of its own on a node. */
        NODE
    }

    private static final String HOST_ROOT = "host-root";

    static Profile of(String name) {
        return switch (name) {
            case "legacy" -> LEGACY;
            case "general" -> GENERAL;
            case "baseline" -> BASELINE;
            case "restricted" -> RESTRICTED;
            case "netadmin" -> NETADMIN;
            case "sysadmin" -> SYSADMIN;
            default -> throw CommandFailure.error("unknown profile: " + name);
        };
    }

    /** Changes {@code pod} and its debugging container as the profile says. */
    void apply(ObjectNode pod, ObjectNode container, Place place) {
        switch (this) {
            case LEGACY -> {}
            case GENERAL -> {
                if (place == Place.NODE) {
                    container.remove("securityContext");
                } else {
                    addCapability(container, "SYS_PTRACE");
                }
            }
            case BASELINE -> container.remove("securityContext");
            case RESTRICTED -> restrict(container);
            case NETADMIN -> {
                addCapability(container, "NET_ADMIN");
                addCapability(container, "NET_RAW");
            }
            case SYSADMIN -> Json.child(container, "securityContext").put("privileged", true);
        }
        switch (place) {
            case POD -> {}
            case COPY -> {
                if (this != LEGACY && !pod.path("spec").has("shareProcessNamespace")) {
                    Json.child(pod, "spec").put("shareProcessNamespace", true);
                }
            }
            case NODE -> openNode(Json.child(pod, "spec"), container);
        }
    }

    private static void restrict(ObjectNode container) {
        ObjectNode context = container.putObject("securityContext");
        context.put("allowPrivilegeEscalation", false);
        context.putObject("capabilities").putArray("drop").add("ALL");
        context.put("runAsNonRoot", true);
        context.putObject("seccompProfile").put("type", "RuntimeDefault");
    }

    private static void addCapability(ObjectNode container, String capability) {
        ObjectNode capabilities = Json.child(container, "securityContext", "capabilities");
        JsonNode added = capabilities.path("add");
        ArrayNode list = added instanceof ArrayNode there ? there : capabilities.putArray("add");
        list.add(capability);
    }

    private void openNode(ObjectNode spec, ObjectNode container) {
        if (this == BASELINE || this == RESTRICTED) {
            return;
        }
        spec.put("hostNetwork", true).put("hostPID", true).put("hostIPC", true);
        if (this != NETADMIN) {
            spec.putArray("volumes")
                    .addObject()
                    .put("name", HOST_ROOT)
                    .putObject("hostPath")
                    .put("path", "/");
            container
                    .putArray("volumeMounts")
                    .addObject()
                    .put("name", HOST_ROOT)
                    .put("mountPath", "/host");
        }
    }
}
