// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.describe;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.print.Tables;
import io.mizzen.kubectl.tree.Json;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Descriptions of pod templates and of the containers in pods and templates. Pure. */
public final class PodTemplates {
    private PodTemplates() {}

    /** A template with the heading {@code Pod Template:}. */
    public static void describe(Description out, JsonNode template) {
        out.line(0, "Pod Template:");
        JsonNode spec = template.path("spec");
        out.labels("  Labels", template.path("metadata").path("labels"));
        JsonNode annotations = template.path("metadata").path("annotations");
        if (!annotations.isEmpty()) {
            out.annotations("  Annotations", annotations);
        }
        out.optional(1, "Service Account", Json.text(spec, "serviceAccountName"));
        JsonNode none = Json.array();
        if (!spec.path("initContainers").isEmpty()) {
            containers(out, "Init Containers", spec.path("initContainers"), none, none, "  ");
        }
        containers(out, "Containers", spec.path("containers"), none, none, "  ");
        Volumes.describe(out, spec.path("volumes"), "  ");
        topology(out, spec, "  ");
        out.optional(1, "Priority Class Name", Json.text(spec, "priorityClassName"));
        out.labels("  Node-Selectors", spec.path("nodeSelector"));
        tolerations(out, "  Tolerations", spec.path("tolerations"));
    }

    static void topology(Description out, JsonNode spec, String space) {
        JsonNode constraints = spec.path("topologySpreadConstraints");
        if (constraints.isEmpty()) {
            return;
        }
        List<JsonNode> sorted = new ArrayList<>();
        constraints.forEach(sorted::add);
        sorted.sort(Comparator.comparing(one -> Json.text(one, "topologyKey")));
        out.append(space + "Topology Spread Constraints:");
        for (JsonNode one : sorted) {
            out.append("\t" + Json.text(one, "topologyKey") + ":" + Json.text(one, "whenUnsatisfiable")
                    + " when max skew " + Json.text(one, "maxSkew") + " is exceeded");
            if (one.has("labelSelector")) {
                out.append(" for selector " + Services.selector(one.path("labelSelector")));
            }
            out.append("\n");
        }
    }

    static void tolerations(Description out, String title, JsonNode tolerations) {
        out.append(title + ":\t");
        if (tolerations.isEmpty()) {
            out.append("<none>\n");
        }
        List<JsonNode> sorted = new ArrayList<>();
        tolerations.forEach(sorted::add);
        sorted.sort(Comparator.comparing(one -> Json.text(one, "key")));
        String indent = "";
        for (JsonNode one : sorted) {
            String key = Json.text(one, "key");
            String value = Json.text(one, "value");
            String effect = Json.text(one, "effect");
            StringBuilder line = new StringBuilder(key);
            line.append(value.isEmpty() ? "" : "=" + value).append(effect.isEmpty() ? "" : ":" + effect);
            if (Json.text(one, "operator").equals("Exists") && value.isEmpty()) {
                line.append(key.isEmpty() && effect.isEmpty() ? "op=Exists" : " op=Exists");
            }
            if (one.has("tolerationSeconds")) {
                line.append(" for ").append(Json.text(one, "tolerationSeconds")).append('s');
            }
            out.append(indent + line + "\n");
            indent = "\t";
        }
    }

    /** @param pod the pod that fields of the downward API are read from; an empty node for a template */
    static void containers(
            Description out, String label, JsonNode containers, JsonNode statuses, JsonNode pod, String space) {
        out.line(0, space + label + ":" + (containers.isEmpty() ? "\t<none>" : ""));
        for (JsonNode container : containers) {
            JsonNode status = statuses.path("none");
            for (JsonNode one : statuses) {
                if (Json.text(one, "name").equals(Json.text(container, "name"))) {
                    status = one;
                }
            }
            container(out, container, status, pod, space);
        }
    }

    private static void container(Description out, JsonNode container, JsonNode status, JsonNode pod, String space) {
        out.line(1, (space.isEmpty() ? "" : " ") + Json.text(container, "name") + ":");
        if (!status.isMissingNode()) {
            out.field(2, "Container ID", Json.text(status, "containerID"));
        }
        out.field(2, "Image", Json.text(container, "image"));
        if (!status.isMissingNode()) {
            out.field(2, "Image ID", Json.text(status, "imageID"));
        }
        ports(out, "Port", "containerPort", container);
        ports(out, "Host Port", "hostPort", container);
        JsonNode seccomp = container.path("securityContext").path("seccompProfile");
        if (seccomp.isObject()) {
            out.field(2, "SeccompProfile", Json.text(seccomp, "type"));
            out.optional(3, "LocalhostProfile", Json.text(seccomp, "localhostProfile"));
        }
        words(out, "Command", container.path("command"));
        words(out, "Args", container.path("args"));
        if (!status.isMissingNode()) {
            state(out, "State", status.path("state"));
            if (status.path("lastState").has("terminated")) {
                state(out, "Last State", status.path("lastState"));
            }
            out.field(2, "Ready", status.path("ready").asBoolean(false) ? "True" : "False");
            out.field(2, "Restart Count", Long.toString(Json.number(status, "restartCount")));
        }
        resources(out, container.path("resources"), 2);
        probe(out, "Liveness", container.path("livenessProbe"));
        probe(out, "Readiness", container.path("readinessProbe"));
        probe(out, "Startup", container.path("startupProbe"));
        environmentFrom(out, container.path("envFrom"));
        Environment.describe(out, container, pod);
        mounts(out, container);
    }

    private static void ports(Description out, String label, String key, JsonNode container) {
        StringBuilder text = new StringBuilder();
        for (JsonNode port : container.path("ports")) {
            text.append(text.isEmpty() ? "" : ", ")
                    .append(Json.number(port, key))
                    .append('/');
            String protocol = Json.text(port, "protocol");
            text.append(protocol);
            String name = Json.text(port, "name");
            text.append(name.isEmpty() ? "" : " (" + name + ")");
        }
        boolean several = text.indexOf(",") >= 0;
        out.field(2, several ? label + "s" : label, Description.orNone(text.toString()));
    }

    private static void words(Description out, String label, JsonNode words) {
        if (words.isEmpty()) {
            return;
        }
        out.line(2, label + ":");
        for (JsonNode word : words) {
            for (String line : word.asText().split("\n", -1)) {
                out.line(3, line);
            }
        }
    }

    private static void state(Description out, String label, JsonNode state) {
        if (state.has("running")) {
            out.field(2, label, "Running");
            out.field(3, "Started", Description.time(Json.text(state, "running", "startedAt")));
        } else if (state.has("terminated")) {
            JsonNode ended = state.path("terminated");
            out.field(2, label, "Terminated");
            out.optional(3, "Reason", Json.text(ended, "reason"));
            out.optional(3, "Message", Json.text(ended, "message"));
            out.field(3, "Exit Code", Long.toString(Json.number(ended, "exitCode")));
            if (Json.number(ended, "signal") > 0) {
                out.field(3, "Signal", Json.text(ended, "signal"));
            }
            out.field(3, "Started", Description.time(Json.text(ended, "startedAt")));
            out.field(3, "Finished", Description.time(Json.text(ended, "finishedAt")));
        } else {
            out.field(2, label, "Waiting");
            out.optional(3, "Reason", Json.text(state, "waiting", "reason"));
        }
    }

    static void resources(Description out, JsonNode resources, int depth) {
        for (String part : List.of("limits", "requests")) {
            JsonNode amounts = resources.path(part);
            if (!amounts.isEmpty()) {
                out.line(depth, part.equals("limits") ? "Limits:" : "Requests:");
                for (String name : Json.sortedKeys(amounts)) {
                    out.field(depth + 1, name, Json.text(amounts, name));
                }
            }
        }
    }

    private static void probe(Description out, String label, JsonNode probe) {
        if (!probe.isObject()) {
            return;
        }
        String figures = "delay=" + Json.number(probe, "initialDelaySeconds") + "s timeout="
                + Json.number(probe, "timeoutSeconds") + "s period=" + Json.number(probe, "periodSeconds")
                + "s #success=" + Json.number(probe, "successThreshold") + " #failure="
                + Json.number(probe, "failureThreshold");
        String what = "unknown";
        if (probe.has("exec")) {
            List<String> words = new ArrayList<>();
            probe.path("exec").path("command").forEach(word -> words.add(word.asText()));
            what = "exec [" + String.join(" ", words) + "]";
        } else if (probe.has("httpGet")) {
            JsonNode get = probe.path("httpGet");
            String path = Json.text(get, "path");
            String scheme = Json.text(get, "scheme").toLowerCase(Locale.ROOT);
            what = "http-get " + (scheme.isEmpty() ? "" : scheme + ":") + "//" + Json.text(get, "host") + ":"
                    + Json.text(get, "port") + (path.startsWith("/") || path.isEmpty() ? path : "/" + path);
        } else if (probe.has("tcpSocket")) {
            JsonNode socket = probe.path("tcpSocket");
            what = "tcp-socket " + Json.text(socket, "host") + ":" + Json.text(socket, "port");
        } else if (probe.has("grpc")) {
            what = "grpc <pod>:" + Json.text(probe, "grpc", "port") + " " + Json.text(probe, "grpc", "service");
        }
        out.field(2, label, what + " " + figures);
    }

    private static void environmentFrom(Description out, JsonNode sources) {
        if (sources.isEmpty()) {
            return;
        }
        out.line(2, "Environment Variables from:");
        for (JsonNode source : sources) {
            boolean map = source.has("configMapRef");
            JsonNode reference = map ? source.path("configMapRef") : source.path("secretRef");
            String prefix = Json.text(source, "prefix");
            out.line(
                    3,
                    Json.text(reference, "name") + "\t" + (map ? "ConfigMap" : "Secret")
                            + (prefix.isEmpty() ? "" : " with prefix '" + prefix + "'") + "\tOptional: "
                            + reference.path("optional").asBoolean(false));
        }
    }

    private static void mounts(Description out, JsonNode container) {
        JsonNode mounts = container.path("volumeMounts");
        out.line(2, "Mounts:" + (mounts.isEmpty() ? "\t<none>" : ""));
        List<JsonNode> sorted = new ArrayList<>();
        mounts.forEach(sorted::add);
        sorted.sort(Comparator.comparing(mount -> Json.text(mount, "mountPath")));
        for (JsonNode mount : sorted) {
            String flags = mount.path("readOnly").asBoolean(false) ? "ro" : "rw";
            String subPath = Json.text(mount, "subPath");
            out.line(
                    3,
                    Json.text(mount, "mountPath") + " from " + Json.text(mount, "name") + " (" + flags
                            + (subPath.isEmpty() ? "" : ",path=\"" + subPath + "\"") + ")");
        }
        JsonNode devices = container.path("volumeDevices");
        if (!devices.isEmpty()) {
            out.line(2, "Devices:");
            for (JsonNode device : devices) {
                out.line(3, Json.text(device, "devicePath") + " from " + Json.text(device, "name"));
            }
        }
    }

    /** Conditions with type, status and reason, as workloads show them. */
    static void conditions(Description out, JsonNode status) {
        JsonNode conditions = status.path("conditions");
        if (conditions.isEmpty()) {
            return;
        }
        out.append("Conditions:\n  Type\tStatus\tReason\n");
        out.line(1, "----\t------\t------");
        for (JsonNode one : conditions) {
            out.line(1, Json.text(one, "type") + " \t" + Json.text(one, "status") + "\t" + Json.text(one, "reason"));
        }
    }

    /** The age of a time, for descriptions. */
    static String age(String timestamp) {
        return Tables.age(timestamp, java.time.Instant.now());
    }
}
