// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.endpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.name.GroupVersionKind;
import io.mizzen.api.status.StatusCause;
import io.mizzen.api.status.StatusException;
import io.mizzen.api.status.StatusReason;
import io.mizzen.apiserver.endpoint.RequestBody.Parsed;
import io.mizzen.apiserver.http.ApiResponse;
import io.mizzen.apiserver.http.MediaType;
import io.mizzen.apiserver.patch.JsonPatch;
import io.mizzen.apiserver.patch.ManagedFields;
import io.mizzen.apiserver.patch.MergePatch;
import io.mizzen.apiserver.patch.StrategicMergePatch;
import io.mizzen.apiserver.registry.ManagerTracking;
import io.mizzen.apiserver.registry.ObjectStore;
import io.mizzen.apiserver.registry.ServedResource;
import io.mizzen.apiserver.schema.Decoder;
import io.mizzen.apiserver.schema.GoText;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** PATCH in its four forms. Thread-safe. */
final class PatchVerb {
    private static final String JSON_PATCH = "application/json-patch+json";
    private static final String MERGE_PATCH = "application/merge-patch+json";
    private static final String STRATEGIC_PATCH = "application/strategic-merge-patch+json";
    private static final String APPLY_PATCH = "application/apply-patch+yaml";

    private static final GroupVersionKind NO_KIND = new GroupVersionKind("", "", "");

    private final ObjectStore store;

    PatchVerb(ObjectStore store) {
        this.store = store;
    }

    ApiResponse patch(ResourceRequest request) {
        WriteVerbs.checkDryRun(request);
        String type = MediaType.parse(request.http().header("Content-Type")).type();
        return switch (type) {
            case JSON_PATCH, MERGE_PATCH -> patch(request, type);
            case STRATEGIC_PATCH -> {
                if (request.resource().definition().custom()) {
                    throw unsupported(request);
                }
                yield patch(request, type);
            }
            case APPLY_PATCH -> apply(request);
            default -> throw unsupported(request);
        };
    }

    static StatusException unsupported(ResourceRequest request) {
        String known = request.resource().definition().custom()
                ? "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"
                : "application/json-patch+json, application/merge-patch+json, "
                        + "application/strategic-merge-patch+json, application/apply-patch+yaml";
        return StatusException.of(
                StatusReason.UnsupportedMediaType,
                "the body of the request was in an unknown format - accepted media types include: " + known);
    }

    private ApiResponse patch(ResourceRequest request, String type) {
        ServedResource resource = request.resource();
        Parsed patch = RequestBody.json(request.http().body());
        boolean namesState = patch.tree().path("metadata").has("resourceVersion") || type.equals(JSON_PATCH);
        ObjectStore.Changed changed =
                store.update(request.writeContext(false), resource, request.namespace(), request.name(), current -> {
                    if (current == null) {
                        throw StatusException.notFound(resource.groupResource(), request.name());
                    }
                    JsonNode patched = patched(current, patch.tree(), type, resource);
                    Parsed result = new Parsed(patched, patch.duplicateFields());
                    String shown = type.equals(STRATEGIC_PATCH) ? GoText.value(patch.tree()) : patched.toString();
                    ObjectNode object = decoded(request, result, shown);
                    RequestBody.placeAt(object, request, true);
                    boolean sameState = ObjectTree.resourceVersion(object).equals(ObjectTree.resourceVersion(current));
                    if (!namesState || sameState && type.equals(JSON_PATCH)) {
                        // The client has not named a state: a write that came between is no conflict.
                        ObjectTree.metadata(object).remove("resourceVersion");
                    }
                    return object;
                });
        return WriteVerbs.answer(request, 200, changed.object());
    }

    /** A patch that leaves what is no object of the kind is itself invalid; {@code shown} is what upstream quotes of it. */
    private static ObjectNode decoded(ResourceRequest request, Parsed result, String shown) {
        try {
            return RequestBody.object(request, result);
        } catch (StatusException refused) {
            if (refused.reason() != StatusReason.BadRequest) {
                throw refused;
            }
            String detail = Decoder.detail(request.resource().kind(), refused);
            throw StatusException.invalid(
                    NO_KIND,
                    "",
                    List.of(new StatusCause(
                            "FieldValueInvalid", "Invalid value: " + GoText.quote(shown) + ": " + detail, "patch")));
        }
    }

    private static JsonNode patched(ObjectNode current, JsonNode patch, String type, ServedResource resource) {
        return switch (type) {
            case JSON_PATCH -> JsonPatch.apply(current, patch);
            case MERGE_PATCH -> MergePatch.apply(current, patch);
            default -> {
                if (!(patch instanceof ObjectNode object)) {
                    throw StatusException.badRequest("a strategic merge patch must be an object");
                }
                yield StrategicMergePatch.apply(current, object, resource.schema());
            }
        };
    }

    private ApiResponse apply(ResourceRequest request) {
        String manager = request.query().text("fieldManager");
        ServedResource resource = request.resource();
        if (manager.isEmpty()) {
            throw StatusException.invalid(
                    new GroupVersionKind("meta.k8s.io", "v1", "PatchOptions"),
                    "",
                    List.of(new StatusCause(
                            "FieldValueRequired", "Required value: is required for apply patch", "fieldManager")));
        }
        Parsed body = RequestBody.yaml(request.http().body());
        ObjectNode config = RequestBody.intent(request, body);
        RequestBody.placeAt(config, request, true);
        if (config.path("metadata").has("managedFields")) {
            throw StatusException.badRequest("metadata.managedFields must be nil");
        }
        ManagedFields.Request how = new ManagedFields.Request(
                manager,
                resource.apiVersion(),
                request.info().subresource(),
                request.query().flag("force"),
                request.now(),
                ManagerTracking.resetFields(resource, request.info().subresource()));
        ObjectStore.Changed changed = store.update(
                request.writeContext(true),
                resource,
                request.namespace(),
                request.name(),
                current -> applied(request, current, config, how));
        return WriteVerbs.answer(request, changed.created() ? 201 : 200, changed.object());
    }

    private static ObjectNode applied(
            ResourceRequest request, @Nullable ObjectNode current, ObjectNode config, ManagedFields.Request how) {
        ServedResource resource = request.resource();
        if (current == null && config.path("metadata").has("uid")) {
            throw StatusException.conflict(
                    resource.groupResource(),
                    request.name(),
                    "uid mismatch: the provided object specified uid " + ObjectTree.uid(config)
                            + ", and no existing object was found");
        }
        ObjectNode merged = ManagedFields.apply(current, config, resource.schema(), how);
        Parsed parsed = new Parsed(merged, List.of());
        ObjectNode object = RequestBody.object(request, parsed);
        if (!config.path("metadata").has("resourceVersion")) {
            ObjectTree.metadata(object).remove("resourceVersion");
        }
        return object;
    }
}
