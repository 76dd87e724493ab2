// SPDX-License-Identifier: Apache-2.0
package io.mizzen.api.meta;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Accessors for an API object held as a JSON tree. Reading never changes the tree; writers say what they create. */
public final class ObjectTree {
    private ObjectTree() {}

    /** The metadata, created when absent. */
    public static ObjectNode metadata(ObjectNode object) {
        return object.get("metadata") instanceof ObjectNode metadata ? metadata : object.putObject("metadata");
    }

    /** A child object, created when absent or of another type. */
    public static ObjectNode child(ObjectNode object, String field) {
        return object.get(field) instanceof ObjectNode child ? child : object.putObject(field);
    }

    /** A child list, created when absent or of another type. */
    public static ArrayNode list(ObjectNode object, String field) {
        return object.get(field) instanceof ArrayNode child ? child : object.putArray(field);
    }

    public static String name(JsonNode object) {
        return object.path("metadata").path("name").asText("");
    }

    public static String namespace(JsonNode object) {
        return object.path("metadata").path("namespace").asText("");
    }

    public static String uid(JsonNode object) {
        return object.path("metadata").path("uid").asText("");
    }

    public static String resourceVersion(JsonNode object) {
        return object.path("metadata").path("resourceVersion").asText("");
    }

    /** Whether a deletion has begun. */
    public static boolean isTerminating(JsonNode object) {
        return object.path("metadata").hasNonNull("deletionTimestamp");
    }

    public static Map<String, String> labels(JsonNode object) {
        return strings(object.path("metadata").path("labels"));
    }

    public static Map<String, String> annotations(JsonNode object) {
        return strings(object.path("metadata").path("annotations"));
    }

    /** A JSON object of strings as a map in its own order; other values become their text. */
    public static Map<String, String> strings(JsonNode node) {
        Map<String, String> map = new LinkedHashMap<>();
        node.properties()
                .forEach(entry -> map.put(entry.getKey(), entry.getValue().asText()));
        return map;
    }

    /** A JSON list of strings. */
    public static List<String> texts(JsonNode node) {
        List<String> texts = new ArrayList<>();
        node.forEach(text -> texts.add(text.asText()));
        return texts;
    }

    /** The node at a path of field names; a missing node when there is none. */
    public static JsonNode at(JsonNode object, String... path) {
        JsonNode node = object;
        for (String field : path) {
            node = node.path(field);
        }
        return node;
    }

    /** The text at a path of field names, empty when there is none. */
    public static String text(JsonNode object, String... path) {
        return at(object, path).asText("");
    }

    /** Sets a field to a value, or removes it when the value is null. */
    public static void setOrRemove(ObjectNode object, String field, @Nullable JsonNode value) {
        if (value == null || value.isMissingNode() || value.isNull()) {
            object.remove(field);
        } else {
            object.set(field, value);
        }
    }

    /** The condition of a type in {@code status.conditions}, or null. */
    public static @Nullable JsonNode condition(JsonNode object, String type) {
        for (JsonNode condition : object.path("status").path("conditions")) {
            if (condition.path("type").asText().equals(type)) {
                return condition;
            }
        }
        return null;
    }
}
