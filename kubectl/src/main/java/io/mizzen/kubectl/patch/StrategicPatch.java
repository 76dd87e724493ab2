// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.patch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.schema.Schema;
import io.mizzen.kubectl.tree.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Strategic merge patches: lists that have a merge key in the schema are patched element by element, with the directives of the
 * format ({@code $patch}, {@code $setElementOrder}, {@code $deleteFromPrimitiveList}, {@code $retainKeys}). See the API conventions,
 * "Strategic Merge Patch". Pure.
 */
public final class StrategicPatch {
    private static final String ORDER = "$setElementOrder/";
    private static final String REMOVE = "$deleteFromPrimitiveList/";
    private static final String RETAIN = "$retainKeys";

    private StrategicPatch() {}

    /** Which half of a difference is wanted. */
    private enum Part {
        CHANGES,
        DELETIONS,
        BOTH
    }

    /** The patch for a client-side apply; empty when there is nothing to do. */
    public static ObjectNode threeWay(JsonNode original, JsonNode modified, JsonNode current, @Nullable Schema schema) {
        ObjectNode patch = diff(current, modified, schema, Part.CHANGES);
        ObjectNode deletions = diff(original, modified, schema, Part.DELETIONS);
        join(patch, deletions, schema);
        return patch;
    }

    /** The patch that turns {@code from} into {@code to}. */
    public static ObjectNode twoWay(JsonNode from, JsonNode to, @Nullable Schema schema) {
        return diff(from, to, schema, Part.BOTH);
    }

    private static ObjectNode diff(JsonNode from, JsonNode to, @Nullable Schema schema, Part part) {
        ObjectNode patch = Json.object();
        for (Map.Entry<String, JsonNode> field : to.properties()) {
            String name = field.getKey();
            if (from.has(name)) {
                value(patch, name, from.path(name), field.getValue(), fieldOf(schema, name), part);
            } else if (part != Part.DELETIONS) {
                patch.set(name, field.getValue().deepCopy());
            }
        }
        if (part != Part.CHANGES) {
            for (Map.Entry<String, JsonNode> field : from.properties()) {
                if (!to.has(field.getKey())) {
                    patch.putNull(field.getKey());
                }
            }
        }
        return patch;
    }

    private static @Nullable Schema fieldOf(@Nullable Schema schema, String name) {
        if (schema == null) {
            return null;
        }
        Schema field = schema.property(name);
        return field == null ? schema.additionalProperties() : field;
    }

    private static void value(
            ObjectNode patch, String name, JsonNode before, JsonNode after, @Nullable Schema schema, Part part) {
        boolean merges = schema != null && schema.patchStrategies().contains("merge");
        if (before.isObject() && after.isObject()) {
            ObjectNode inner = diff(before, after, schema, part);
            if (!inner.isEmpty()) {
                if (schema != null && schema.patchStrategies().contains("retainKeys")) {
                    retain(inner, after);
                }
                patch.set(name, inner);
            }
        } else if (before.isArray() && after.isArray() && merges && schema != null) {
            String key = schema.patchMergeKey();
            if (key == null) {
                primitives(patch, name, before, after, part);
            } else {
                elements(patch, name, before, after, schema, key, part);
            }
        } else if (part != Part.DELETIONS && !Same.values(before, after)) {
            patch.set(name, after.deepCopy());
        }
    }

    private static void retain(ObjectNode patch, JsonNode after) {
        ArrayNode keys = patch.putArray(RETAIN);
        for (String key : Json.sortedKeys(after)) {
            if (!after.path(key).isNull()) {
                keys.add(key);
            }
        }
    }

    private static void primitives(ObjectNode patch, String name, JsonNode before, JsonNode after, Part part) {
        ArrayNode added = Json.array();
        ArrayNode removed = Json.array();
        after.forEach(item -> {
            if (!contains(before, item)) {
                added.add(item);
            }
        });
        before.forEach(item -> {
            if (!contains(after, item)) {
                removed.add(item);
            }
        });
        boolean adds = part != Part.DELETIONS && !added.isEmpty();
        boolean removes = part != Part.CHANGES && !removed.isEmpty();
        if (adds) {
            patch.set(name, added);
        }
        if (removes) {
            patch.set(REMOVE + name, removed);
        }
        if (adds || removes) {
            patch.set(ORDER + name, after.deepCopy());
        }
    }

    private static boolean contains(JsonNode list, JsonNode value) {
        for (JsonNode item : list) {
            if (Same.values(item, value)) {
                return true;
            }
        }
        return false;
    }

    private static void elements(
            ObjectNode patch, String name, JsonNode before, JsonNode after, Schema schema, String key, Part part) {
        ArrayNode changes = Json.array();
        for (JsonNode item : after) {
            JsonNode old = byKey(before, key, item);
            if (old == null) {
                if (part != Part.DELETIONS) {
                    changes.add(item.deepCopy());
                }
                continue;
            }
            ObjectNode inner = diff(old, item, schema.items(), part);
            if (!inner.isEmpty()) {
                if (schema.patchStrategies().contains("retainKeys")) {
                    retain(inner, item);
                }
                inner.set(key, item.path(key));
                changes.add(inner);
            }
        }
        if (part != Part.CHANGES) {
            for (JsonNode item : before) {
                if (byKey(after, key, item) == null) {
                    ObjectNode removal = Json.object();
                    removal.put("$patch", "delete");
                    removal.set(key, item.path(key));
                    changes.add(removal);
                }
            }
        }
        if (!changes.isEmpty()) {
            patch.set(name, changes);
            ArrayNode order = patch.putArray(ORDER + name);
            for (JsonNode item : after) {
                ObjectNode place = order.addObject();
                place.set(key, item.path(key));
            }
        }
    }

    private static @Nullable JsonNode byKey(JsonNode list, String key, JsonNode like) {
        for (JsonNode item : list) {
            if (Same.values(item.path(key), like.path(key))) {
                return item;
            }
        }
        return null;
    }

    /** Puts the deletions into the changes; both come from differences to the same wanted object. */
    private static void join(ObjectNode patch, ObjectNode deletions, @Nullable Schema schema) {
        List<String> names = new ArrayList<>(Json.keys(deletions));
        for (String name : names) {
            JsonNode added = deletions.path(name);
            JsonNode there = patch.path(name);
            if (there instanceof ObjectNode into && added instanceof ObjectNode more) {
                join(into, more, fieldOf(schema, name));
            } else if (there instanceof ArrayNode into && added.isArray() && !name.startsWith("$")) {
                Schema field = fieldOf(schema, name);
                joinElements(into, added, field);
            } else if (there.isMissingNode()) {
                patch.set(name, added);
            }
        }
    }

    private static void joinElements(ArrayNode into, JsonNode added, @Nullable Schema schema) {
        String key = schema == null ? null : schema.patchMergeKey();
        for (JsonNode item : added) {
            JsonNode same = key == null ? null : byKey(into, key, item);
            if (same instanceof ObjectNode target && item instanceof ObjectNode more && schema != null) {
                join(target, more, schema.items());
            } else {
                into.add(item);
            }
        }
    }
}
