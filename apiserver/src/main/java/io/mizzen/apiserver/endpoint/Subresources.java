// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.endpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.catalog.Catalog;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.name.GroupVersionKind;
import io.mizzen.api.schema.Schema;
import io.mizzen.api.selector.LabelSelector;
import io.mizzen.api.status.StatusCause;
import io.mizzen.api.status.StatusException;
import io.mizzen.apiserver.http.ApiResponse;
import io.mizzen.apiserver.http.MediaType;
import io.mizzen.apiserver.patch.JsonPatch;
import io.mizzen.apiserver.patch.MergePatch;
import io.mizzen.apiserver.patch.StrategicMergePatch;
import io.mizzen.apiserver.registry.Metadata;
import io.mizzen.apiserver.registry.ObjectStore;
import io.mizzen.apiserver.registry.ServedResource;
import java.util.List;
import java.util.Objects;

/** Subresources that show or change an object in another shape: scale, binding, finalize. Thread-safe. */
final class Subresources {
    private static final GroupVersionKind SCALE = new GroupVersionKind("autoscaling", "v1", "Scale");
    private static final GroupVersionKind BINDING = new GroupVersionKind("", "v1", "Binding");

    private final ObjectStore store;
    private final Schema scaleSchema = Objects.requireNonNull(Catalog.builtIn().schemaOf(SCALE));
    private final Schema bindingSchema =
            Objects.requireNonNull(Catalog.builtIn().schemaOf(BINDING));

    Subresources(ObjectStore store) {
        this.store = store;
    }

    /** GET of a scale. */
    ApiResponse getScale(ResourceRequest request) {
        ObjectNode object = store.get(request.resource(), request.namespace(), request.name());
        return WriteVerbs.json(200, ScaleView.of(request.resource(), object));
    }

    /** PUT or PATCH of a scale. */
    ApiResponse writeScale(ResourceRequest request) {
        WriteVerbs.checkDryRun(request);
        ServedResource resource = request.resource();
        boolean put = request.http().method().equals("PUT");
        RequestBody.Parsed body = put
                ? RequestBody.parse(request.http())
                : RequestBody.json(request.http().body());
        ObjectStore.Changed changed = store.update(
                request.writeContext(false).withSubresource("scale"),
                resource,
                request.namespace(),
                request.name(),
                current -> {
                    if (current == null) {
                        throw StatusException.notFound(resource.groupResource(), request.name());
                    }
                    ObjectNode present = ScaleView.of(resource, current);
                    JsonNode wanted = put ? body.tree() : patched(request, present, body.tree());
                    ObjectNode scale = RequestBody.object(
                            request, new RequestBody.Parsed(wanted, body.duplicateFields()), SCALE, scaleSchema);
                    String version = put || body.tree().path("metadata").has("resourceVersion")
                            ? ObjectTree.resourceVersion(scale)
                            : "";
                    return ScaleView.applied(resource, current, scale, version);
                });
        return WriteVerbs.json(200, ScaleView.of(resource, changed.object()));
    }

    private JsonNode patched(ResourceRequest request, ObjectNode present, JsonNode patch) {
        String type = MediaType.parse(request.http().header("Content-Type")).type();
        return switch (type) {
            case "application/json-patch+json" -> JsonPatch.apply(present, patch);
            case "application/merge-patch+json" -> MergePatch.apply(present, patch);
            case "application/strategic-merge-patch+json", "application/apply-patch+yaml" -> {
                if (type.startsWith("application/strategic")
                        && request.resource().definition().custom()) {
                    throw PatchVerb.unsupported(request);
                }
                yield StrategicMergePatch.apply(present, (ObjectNode) patch, scaleSchema);
            }
            default -> throw PatchVerb.unsupported(request);
        };
    }

    /** POST of a binding: gives a pod its node, once. */
    ApiResponse bind(ResourceRequest request, String podName) {
        WriteVerbs.checkDryRun(request);
        ServedResource pods = request.resource();
        ObjectNode binding = RequestBody.object(request, RequestBody.parse(request.http()), BINDING, bindingSchema);
        String node = ObjectTree.text(binding, "target", "name");
        String kind = ObjectTree.text(binding, "target", "kind");
        if (node.isEmpty() || !kind.isEmpty() && !kind.equals("Node")) {
            String field = node.isEmpty() ? "target.name" : "target.kind";
            String message = node.isEmpty()
                    ? "Required value"
                    : "Unsupported value: \"" + kind + "\": supported values: \"Node\"";
            throw StatusException.invalid(
                    BINDING,
                    podName,
                    List.of(new StatusCause(
                            node.isEmpty() ? "FieldValueRequired" : "FieldValueNotSupported", message, field)));
        }
        store.update(
                request.writeContext(false).withSubresource("binding"),
                pods,
                request.namespace(),
                podName,
                current -> bound(request, current, binding, podName, node));
        ObjectNode status = JsonNodeFactory.instance.objectNode();
        status.put("kind", "Status").put("apiVersion", "v1");
        status.putObject("metadata");
        status.put("status", "Success").put("code", 201);
        return WriteVerbs.json(201, status);
    }

    private static ObjectNode bound(
            ResourceRequest request,
            @org.jspecify.annotations.Nullable ObjectNode pod,
            ObjectNode binding,
            String name,
            String node) {
        ServedResource pods = request.resource();
        if (pod == null) {
            throw StatusException.notFound(pods.groupResource(), name);
        }
        String uid = ObjectTree.uid(binding);
        if (!uid.isEmpty() && !uid.equals(ObjectTree.uid(pod))) {
            throw StatusException.conflict(
                    pods.groupResource(),
                    name,
                    "Precondition failed: UID in precondition: " + uid + ", UID in object meta: "
                            + ObjectTree.uid(pod));
        }
        if (ObjectTree.isTerminating(pod)) {
            throw conflict(request, name, "pod " + name + " is being deleted, cannot be assigned to a host");
        }
        String present = ObjectTree.text(pod, "spec", "nodeName");
        if (!present.isEmpty()) {
            throw conflict(request, name, "pod " + name + " is already assigned to node \"" + present + "\"");
        }
        if (!pod.path("spec").path("schedulingGates").isEmpty()) {
            throw conflict(request, name, "pod " + name + " has non-empty .spec.schedulingGates");
        }
        ObjectTree.child(pod, "spec").put("nodeName", node);
        ObjectNode annotations = ObjectTree.child(ObjectTree.metadata(pod), "annotations");
        annotations.setAll(ObjectTree.child(ObjectTree.metadata(binding), "annotations"));
        if (annotations.isEmpty()) {
            ObjectTree.metadata(pod).remove("annotations");
        }
        PodConditions.set(pod, "PodScheduled", "True", Metadata.time(request.now()));
        ObjectTree.metadata(pod).remove("resourceVersion");
        return pod;
    }

    private static StatusException conflict(ResourceRequest request, String name, String detail) {
        return StatusException.conflict(
                new io.mizzen.api.name.GroupResource(
                        "", request.resource().definition().plural() + "/binding"),
                name,
                detail);
    }

    /** PUT of a namespace's finalizers. */
    ApiResponse finalizeNamespace(ResourceRequest request) {
        ServedResource resource = request.resource();
        ObjectNode wanted = RequestBody.object(request, RequestBody.parse(request.http()));
        RequestBody.placeAt(wanted, request, true);
        ObjectStore.Changed changed = store.update(
                request.writeContext(false).withSubresource("finalize"), resource, "", request.name(), current -> {
                    if (current == null) {
                        throw StatusException.notFound(resource.groupResource(), request.name());
                    }
                    ObjectTree.setOrRemove(current, "spec", wanted.get("spec"));
                    ObjectTree.metadata(current).put("resourceVersion", ObjectTree.resourceVersion(wanted));
                    return current;
                });
        return WriteVerbs.answer(request, 200, changed.object());
    }

    /** The Scale that stands for an object, and back. Pure. */
    static final class ScaleView {
        private ScaleView() {}

        static ObjectNode of(ServedResource resource, ObjectNode object) {
            ObjectNode scale = JsonNodeFactory.instance.objectNode();
            scale.put("kind", "Scale").put("apiVersion", SCALE.apiVersion());
            ObjectNode metadata = scale.putObject("metadata");
            for (String field : List.of("name", "namespace", "uid", "resourceVersion", "creationTimestamp")) {
                ObjectTree.setOrRemove(metadata, field, object.path("metadata").get(field));
            }
            var paths = paths(resource);
            ObjectNode spec = scale.putObject("spec");
            int replicas = at(object, paths.specReplicas()).asInt(0);
            if (replicas != 0) {
                spec.put("replicas", replicas);
            }
            ObjectNode status = scale.putObject("status");
            status.put("replicas", at(object, paths.statusReplicas()).asInt(0));
            String selector = selector(resource, object);
            if (!selector.isEmpty()) {
                status.put("selector", selector);
            }
            return scale;
        }

        private static io.mizzen.api.catalog.ResourceDefinition.ScalePaths paths(ServedResource resource) {
            var subresource = resource.definition().subresources().get("scale");
            var paths = subresource == null ? null : subresource.scale();
            return paths != null
                    ? paths
                    : new io.mizzen.api.catalog.ResourceDefinition.ScalePaths(
                            ".spec.replicas", ".status.replicas", null);
        }

        private static JsonNode at(JsonNode object, String path) {
            return ObjectTree.at(object, path.substring(1).split("\\."));
        }

        private static String selector(ServedResource resource, ObjectNode object) {
            if (resource.definition().custom()) {
                String path = paths(resource).labelSelector();
                return path == null ? "" : at(object, path).asText("");
            }
            JsonNode selector = object.path("spec").path("selector");
            if (selector.isMissingNode()) {
                return "";
            }
            boolean structured = selector.has("matchLabels") || selector.has("matchExpressions");
            return structured
                    ? LabelSelector.ofObject(selector).toString()
                    : LabelSelector.ofLabels(ObjectTree.strings(selector)).toString();
        }

        static ObjectNode applied(
                ServedResource resource, ObjectNode current, ObjectNode scale, String resourceVersion) {
            int replicas = scale.path("spec").path("replicas").asInt(0);
            if (replicas < 0) {
                throw StatusException.invalid(
                        SCALE,
                        ObjectTree.name(current),
                        List.of(new StatusCause(
                                "FieldValueInvalid",
                                "Invalid value: " + replicas + ": must be greater than or equal to 0",
                                "spec.replicas")));
            }
            String[] path = paths(resource).specReplicas().substring(1).split("\\.");
            ObjectNode parent = current;
            for (int i = 0; i < path.length - 1; i++) {
                parent = ObjectTree.child(parent, path[i]);
            }
            parent.put(path[path.length - 1], replicas);
            ObjectTree.metadata(current).put("resourceVersion", resourceVersion);
            return current;
        }
    }
}
