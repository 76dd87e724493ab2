// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.write;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.tree.Json;
import java.util.List;

/**
 * What an object that was applied by the client so far needs when the server applies it: the fields that the client's manager owns
 * go to the one that applies now, else a field left out of the manifest would stay for ever; the last-applied annotation gets
 * an owner of its own, so that the object can go back to client-side apply. See KEP-555 and "Server-Side Apply, upgrading from
 * client-side apply". Stateless.
 */
final class ApplyMigration {
    static final String ANNOTATION_MANAGER = "kubectl-last-applied";

    private ApplyMigration() {}

    /** Whether the annotation is there and no manager that applies owns it. */
    static boolean needsAnnotationOwner(JsonNode object) {
        return !LastApplied.of(object).isMissingNode()
                && entries(object).stream().noneMatch(entry -> isBy("Apply", entry) && ownsAnnotation(entry));
    }

    /** The object with nothing in it but the annotation as it is. */
    static ObjectNode annotationOnly(JsonNode object) {
        ObjectNode only = Json.object();
        only.set("apiVersion", object.path("apiVersion"));
        only.set("kind", object.path("kind"));
        ObjectNode metadata = Json.child(only, "metadata");
        for (String key : List.of("name", "namespace")) {
            if (object.path("metadata").has(key)) {
                metadata.set(key, object.path("metadata").path(key));
            }
        }
        Json.child(metadata, "annotations")
                .set(
                        LastApplied.KEY,
                        object.path("metadata").path("annotations").path(LastApplied.KEY));
        return only;
    }

    /**
     * A JSON patch that moves what clients' managers own to {@code manager}, and fails when the object has changed meanwhile; empty
     * when there is nothing to move.
     */
    static ArrayNode patch(JsonNode object, String manager) {
        ArrayNode patch = Json.array();
        List<JsonNode> clients = entries(object).stream()
                .filter(entry -> isBy("Update", entry) && ownsAnnotation(entry))
                .toList();
        if (clients.isEmpty()) {
            return patch;
        }
        ArrayNode entries = Json.array();
        ObjectNode target = null;
        for (JsonNode entry : entries(object)) {
            if (isBy("Apply", entry) && manager.equals(Json.text(entry, "manager"))) {
                target = entry.deepCopy();
                entries.add(target);
            } else if (!clients.contains(entry)) {
                entries.add(entry);
            }
        }
        if (target == null) {
            target = clients.getLast().deepCopy();
            target.put("manager", manager).put("operation", "Apply");
            entries.add(target);
        }
        for (JsonNode client : clients) {
            union(Json.child(target, "fieldsV1"), client.path("fieldsV1"));
        }
        patch.addObject()
                .put("op", "replace")
                .put("path", "/metadata/managedFields")
                .set("value", entries);
        patch.addObject()
                .put("op", "replace")
                .put("path", "/metadata/resourceVersion")
                .put("value", Json.text(object, "metadata", "resourceVersion"));
        return patch;
    }

    private static List<JsonNode> entries(JsonNode object) {
        return object.path("metadata").path("managedFields").valueStream().toList();
    }

    private static boolean isBy(String operation, JsonNode entry) {
        return operation.equals(Json.text(entry, "operation"))
                && Json.text(entry, "subresource").isEmpty();
    }

    private static boolean ownsAnnotation(JsonNode entry) {
        return entry.path("fieldsV1").path("f:metadata").path("f:annotations").has("f:" + LastApplied.KEY);
    }

    private static void union(ObjectNode into, JsonNode from) {
        from.properties().forEach(field -> union(Json.child(into, field.getKey()), field.getValue()));
    }
}
