// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.debug;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.schema.Schema;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.patch.Schemas;
import io.mizzen.kubectl.patch.StrategicLayer;
import io.mizzen.kubectl.tree.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The pods that {@code kubectl debug} asks the server for. Pure. */
final class DebugPods {
    private static final List<String> LISTS = List.of("initContainers", "containers", "ephemeralContainers");

    private DebugPods() {}

    /** The pod with one more ephemeral container. */
    static ObjectNode withEphemeral(ObjectNode pod, DebugRequest request, String name) {
        ObjectNode debugged = pod.deepCopy();
        ObjectNode made = container(request, name);
        if (!request.target().isEmpty()) {
            made.put("targetContainerName", request.target());
        }
        list(Json.child(debugged, "spec"), "ephemeralContainers").add(made);
        finish(debugged, made, request, Profile.Place.POD);
        return debugged;
    }

    /** A pod on a node that sees the node as far as the profile lets it. */
    static ObjectNode onNode(String node, String podName, DebugRequest request, String name) {
        ObjectNode pod = Json.object();
        pod.put("apiVersion", "v1").put("kind", "Pod");
        ObjectNode metadata = pod.putObject("metadata").put("name", podName);
        metadata.putObject("labels").put("app.kubernetes.io/managed-by", "kubectl-debug");
        ObjectNode spec = pod.putObject("spec");
        ObjectNode made = container(request, name);
        spec.putArray("containers").add(made);
        spec.put("nodeName", node).put("restartPolicy", "Never");
        spec.putArray("tolerations").addObject().put("operator", "Exists");
        finish(pod, made, request, Profile.Place.NODE);
        return pod;
    }

    /** The copy of a pod before a debugging container is added: its images changed, on any node. */
    static ObjectNode copy(JsonNode pod, DebugRequest.Copy wanted) {
        ObjectNode copy = Json.object();
        copy.put("apiVersion", "v1").put("kind", "Pod");
        ObjectNode metadata = copy.putObject("metadata").put("name", wanted.name());
        metadata.put("namespace", Json.namespace(pod));
        for (String part : List.of("annotations", "labels")) {
            if (pod.path("metadata").has(part)) {
                metadata.set(part, pod.path("metadata").path(part).deepCopy());
            }
        }
        ObjectNode spec = Json.child(copy, "spec");
        if (pod.path("spec") instanceof ObjectNode original) {
            spec.setAll(original.deepCopy());
        }
        spec.remove("ephemeralContainers");
        if (!wanted.shareProcesses().isEmpty()) {
            spec.put("shareProcessNamespace", Boolean.parseBoolean(wanted.shareProcesses()));
        }
        if (!wanted.sameNode()) {
            spec.remove("nodeName");
        }
        for (JsonNode one : spec.path("containers")) {
            String image = wanted.images()
                    .getOrDefault(Json.text(one, "name"), wanted.images().getOrDefault("*", ""));
            if (!image.isEmpty() && one instanceof ObjectNode container) {
                container.put("image", image);
            }
        }
        return copy;
    }

    /** Whether the pod has a container of this name. */
    static boolean has(JsonNode pod, String name) {
        return find(pod, name) != null;
    }

    /** Makes a container of the copy the debugging one; one of that name is added when there is none. */
    static void debugInCopy(ObjectNode copy, DebugRequest request, DebugRequest.Keep keep, String name) {
        ObjectNode container = find(copy, name);
        if (container == null) {
            if (request.image().isEmpty()) {
                throw CommandFailure.error("you must specify image when creating new container");
            }
            container = Json.object().put("name", name).put("terminationMessagePolicy", "File");
            container.putObject("resources");
            list(Json.child(copy, "spec"), "containers").add(container);
        }
        if (!request.words().isEmpty() && !request.wordsAreArguments()) {
            container.remove("args");
        }
        fill(container, request);
        for (String flag : List.of("stdin", "tty")) {
            if (!(flag.equals("tty") ? request.tty() : request.stdin())) {
                container.remove(flag);
            }
        }
        strip(copy, request.profile(), keep);
        finish(copy, container, request, Profile.Place.COPY);
    }

    private static void strip(ObjectNode copy, Profile profile, DebugRequest.Keep keep) {
        ObjectNode metadata = Json.child(copy, "metadata");
        if (profile == Profile.LEGACY) {
            metadata.remove("labels");
            return;
        }
        if (!keep.labels()) {
            metadata.remove("labels");
        }
        if (!keep.annotations()) {
            metadata.remove("annotations");
        }
        if (!keep.initContainers()) {
            Json.child(copy, "spec").remove("initContainers");
        }
        for (JsonNode one : copy.path("spec").path("containers")) {
            if (one instanceof ObjectNode container) {
                drop(container, "livenessProbe", keep.liveness());
                drop(container, "readinessProbe", keep.readiness());
                drop(container, "startupProbe", keep.startup());
            }
        }
    }

    private static void drop(ObjectNode container, String probe, boolean kept) {
        if (!kept) {
            container.remove(probe);
        }
    }

    private static ObjectNode container(DebugRequest request, String name) {
        ObjectNode container = Json.object().put("name", name);
        fill(container, request);
        container.putObject("resources");
        container.put("terminationMessagePolicy", "File");
        return container;
    }

    private static void fill(ObjectNode container, DebugRequest request) {
        if (!request.image().isEmpty()) {
            container.put("image", request.image());
        }
        if (!request.words().isEmpty()) {
            ArrayNode words = container.putArray(request.wordsAreArguments() ? "args" : "command");
            request.words().forEach(words::add);
        }
        if (!request.environment().isEmpty()) {
            ArrayNode variables = container.putArray("env");
            request.environment()
                    .forEach((name, value) ->
                            variables.addObject().put("name", name).put("value", value));
        }
        if (!request.pullPolicy().isEmpty()) {
            container.put("imagePullPolicy", request.pullPolicy());
        }
        if (request.stdin()) {
            container.put("stdin", true);
        }
        if (request.tty()) {
            container.put("tty", true);
        }
    }

    private static void finish(ObjectNode pod, ObjectNode container, DebugRequest request, Profile.Place place) {
        request.profile().apply(pod, container, place);
        if (request.custom().isObject()) {
            StrategicLayer.lay(container, request.custom(), containerSchema());
        }
    }

    private static @Nullable Schema containerSchema() {
        Schema pod = Schemas.of("v1", "Pod");
        Schema spec = pod == null ? null : pod.property("spec");
        Schema containers = spec == null ? null : spec.property("containers");
        return containers == null ? null : containers.items();
    }

    /**
     * Whether the container's user will most likely be unable to use what the profile grants: capabilities come with the user 0, and
     * the pod says that all its containers run as somebody else.
     */
    static boolean isPowerless(JsonNode pod, String container) {
        ObjectNode found = find(pod, container);
        JsonNode context = found == null ? MissingNode.getInstance() : found.path("securityContext");
        boolean rootless = Json.number(pod, "spec", "securityContext", "runAsUser") != 0;
        boolean root = context.has("runAsUser") && Json.number(context, "runAsUser") == 0;
        boolean granted = context.path("privileged").asBoolean(false)
                || !context.path("capabilities").path("add").isEmpty();
        return rootless && !root && granted;
    }

    private static @Nullable ObjectNode find(JsonNode pod, String name) {
        for (String list : LISTS) {
            for (JsonNode one : pod.path("spec").path(list)) {
                if (one instanceof ObjectNode container
                        && Json.text(container, "name").equals(name)) {
                    return container;
                }
            }
        }
        return null;
    }

    private static ArrayNode list(ObjectNode spec, String name) {
        return spec.path(name) instanceof ArrayNode there ? there : spec.putArray(name);
    }
}
