// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.patch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.schema.Schema;
import io.mizzen.kubectl.tree.Json;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Lays a partial object over a whole one as a strategic merge patch does: objects field by field, lists with a merge key element by
 * element, everything else is replaced, null removes. Directives are not read: the layer is an object, not a patch. Pure.
 */
public final class StrategicLayer {
    private StrategicLayer() {}

    /** Changes {@code target}. */
    public static void lay(ObjectNode target, JsonNode layer, @Nullable Schema schema) {
        for (Map.Entry<String, JsonNode> field : layer.properties()) {
            String name = field.getKey();
            JsonNode value = field.getValue();
            Schema inner = schema == null ? null : schema.property(name);
            JsonNode there = target.path(name);
            if (value.isNull()) {
                target.remove(name);
            } else if (there instanceof ObjectNode object && value.isObject()) {
                lay(object, value, inner);
            } else if (there instanceof ArrayNode list && value.isArray() && keyOf(inner) instanceof String key) {
                target.set(name, elements(list, value, inner, key));
            } else {
                target.set(name, value.deepCopy());
            }
        }
    }

    private static @Nullable String keyOf(@Nullable Schema list) {
        return list != null && list.patchStrategies().contains("merge") ? list.patchMergeKey() : null;
    }

    private static ArrayNode elements(ArrayNode there, JsonNode layer, @Nullable Schema schema, String key) {
        ArrayNode merged = Json.array();
        int kept = 0;
        for (JsonNode item : layer) {
            int at = place(there, key, item);
            kept = addUnnamed(merged, there, kept, at, layer, key);
            JsonNode made = item.deepCopy();
            if (at >= 0 && there.path(at).deepCopy() instanceof ObjectNode old) {
                lay(old, item, schema == null ? null : schema.items());
                made = old;
            }
            merged.add(made);
        }
        addUnnamed(merged, there, kept, there.size(), layer, key);
        return merged;
    }

    /** Adds the elements before {@code end} that the layer does not name: they stay before those that followed them. */
    private static int addUnnamed(ArrayNode merged, ArrayNode there, int from, int end, JsonNode layer, String key) {
        int next = from;
        for (; next < end; next++) {
            if (place(layer, key, there.path(next)) < 0) {
                merged.add(there.path(next));
            }
        }
        return next;
    }

    private static int place(JsonNode list, String key, JsonNode like) {
        for (int i = 0; i < list.size(); i++) {
            if (Same.values(list.path(i).path(key), like.path(key))) {
                return i;
            }
        }
        return -1;
    }
}
