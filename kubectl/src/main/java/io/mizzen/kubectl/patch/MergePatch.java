// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.patch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.tree.Json;
import java.util.Map;

/** JSON merge patches (RFC 7386) between versions of an object. Pure. */
public final class MergePatch {
    private MergePatch() {}

    /** The patch that turns {@code from} into {@code to}; empty when they are equal. */
    public static ObjectNode twoWay(JsonNode from, JsonNode to) {
        ObjectNode patch = changes(from, to);
        addDeletions(patch, from, to);
        return patch;
    }

    /**
     * The patch for a client-side apply: what {@code modified} has and {@code current} has not or has otherwise, and what
     * {@code original} (last applied) had and {@code modified} has no more.
     */
    public static ObjectNode threeWay(JsonNode original, JsonNode modified, JsonNode current) {
        ObjectNode patch = changes(current, modified);
        addDeletions(patch, original, modified);
        return patch;
    }

    private static ObjectNode changes(JsonNode from, JsonNode to) {
        ObjectNode patch = Json.object();
        for (Map.Entry<String, JsonNode> field : to.properties()) {
            JsonNode before = from.path(field.getKey());
            JsonNode after = field.getValue();
            if (before.isObject() && after.isObject()) {
                ObjectNode inner = changes(before, after);
                if (!inner.isEmpty()) {
                    patch.set(field.getKey(), inner);
                }
            } else if (!Same.values(before, after)) {
                patch.set(field.getKey(), after.deepCopy());
            }
        }
        return patch;
    }

    private static void addDeletions(ObjectNode patch, JsonNode from, JsonNode to) {
        for (Map.Entry<String, JsonNode> field : from.properties()) {
            String name = field.getKey();
            JsonNode after = to.path(name);
            if (after.isMissingNode()) {
                patch.putNull(name);
            } else if (field.getValue().isObject() && after.isObject()) {
                ObjectNode inner = patch.path(name) instanceof ObjectNode object ? object : Json.object();
                addDeletions(inner, field.getValue(), after);
                if (!inner.isEmpty()) {
                    patch.set(name, inner);
                }
            }
        }
    }
}
