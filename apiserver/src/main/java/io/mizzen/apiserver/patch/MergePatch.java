// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.patch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.status.StatusException;
import io.mizzen.apiserver.schema.Numbers;
import java.util.Map;

/** JSON Merge Patch, RFC 7386. As upstream's library does, nulls inside new values are left out. Pure. */
public final class MergePatch {

    private MergePatch() {}

    /**
     * The target with the patch merged into it.
     *
     * @throws StatusException BadRequest when the patch is neither an object nor a list
     */
    public static JsonNode apply(JsonNode target, JsonNode patch) {
        if (!patch.isContainerNode()) {
            throw StatusException.badRequest("Invalid JSON Patch");
        }
        return merge(Numbers.copy(target), patch);
    }

    /** {@code target} may be changed. */
    private static JsonNode merge(JsonNode target, JsonNode patch) {
        if (!(target instanceof ObjectNode object) || !patch.isObject()) {
            return withoutNulls(patch);
        }
        for (Map.Entry<String, JsonNode> entry : patch.properties()) {
            String name = entry.getKey();
            JsonNode value = entry.getValue();
            if (value.isNull()) {
                object.remove(name);
            } else {
                JsonNode current = object.get(name);
                object.set(name, current == null ? withoutNulls(value) : merge(current, value));
            }
        }
        return object;
    }

    /** A copy without the members that are null, at any depth; null elements of lists stay. */
    private static JsonNode withoutNulls(JsonNode value) {
        if (value.isObject()) {
            ObjectNode copy = JsonNodeFactory.instance.objectNode();
            value.properties().forEach(entry -> {
                if (!entry.getValue().isNull()) {
                    copy.set(entry.getKey(), withoutNulls(entry.getValue()));
                }
            });
            return copy;
        }
        if (value.isArray()) {
            ArrayNode copy = JsonNodeFactory.instance.arrayNode(value.size());
            value.forEach(element -> copy.add(withoutNulls(element)));
            return copy;
        }
        return Numbers.whole(value);
    }
}
