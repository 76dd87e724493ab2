// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.patch;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.TextNode;
import io.mizzen.api.schema.Schema;
import io.mizzen.api.schema.Schema.ListType;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The texts of path elements (KEP-555, FieldsV1), and how a list element is named by its schema. */
final class PathElements {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private PathElements() {}

    static String field(String name) {
        return "f:" + name;
    }

    static String byValue(JsonNode value) {
        return "v:" + value;
    }

    /** Names an element by the members of {@code keys}, which are put in order. */
    static String byKeys(JsonNode keys) {
        Map<String, JsonNode> sorted = new TreeMap<>();
        keys.properties().forEach(entry -> sorted.put(entry.getKey(), entry.getValue()));
        return byKeys(sorted);
    }

    private static String byKeys(Map<String, JsonNode> sorted) {
        StringBuilder text = new StringBuilder("k:{");
        sorted.forEach((name, value) -> text.append(text.length() > 3 ? "," : "")
                .append(TextNode.valueOf(name))
                .append(':')
                .append(value));
        return text.append('}').toString();
    }

    /**
     * The element of a list of type set or map.
     *
     * @throws IllegalArgumentException in upstream's words when the element has no name
     */
    static String of(JsonNode element, Schema list) {
        return list.listType() == ListType.SET ? ofSet(element) : ofMap(element, list);
    }

    private static String ofSet(JsonNode element) {
        return switch (element.getNodeType()) {
            case OBJECT ->
                throw new IllegalArgumentException("associative list without keys has an element that's a map type");
            case ARRAY -> throw new IllegalArgumentException("not supported: associative list with lists as elements");
            case NULL ->
                throw new IllegalArgumentException(
                        "associative list without keys has an element that's an explicit null");
            default -> byValue(element);
        };
    }

    private static String ofMap(JsonNode element, Schema list) {
        if (element.isNull()) {
            throw new IllegalArgumentException("associative list with keys may not have a null element");
        }
        if (!element.isObject()) {
            throw new IllegalArgumentException("associative list with keys may not have non-map elements");
        }
        Map<String, JsonNode> keys = new TreeMap<>();
        for (String name : list.mapKeys()) {
            JsonNode value = element.get(name);
            JsonNode known = value != null ? value : keyDefault(list.items(), name);
            if (known != null) {
                keys.put(name, known);
            }
        }
        if (keys.isEmpty()) {
            String names = list.mapKeys().stream()
                    .map(name -> TextNode.valueOf(name).toString())
                    .collect(Collectors.joining(" "));
            throw new IllegalArgumentException("associative list with keys has an element that omits all key fields ["
                    + names + "] (and doesn't have default values for any key fields)");
        }
        return byKeys(keys);
    }

    private static @Nullable JsonNode keyDefault(@Nullable Schema items, String key) {
        Schema field = items == null ? null : items.property(key);
        return field == null ? null : field.defaultValue();
    }

    /** A path as messages show it: {@code .spec.containers[name="a"].image}. */
    static String show(List<String> path) {
        StringBuilder text = new StringBuilder();
        path.forEach(element -> text.append(show(element)));
        return text.toString();
    }

    static String show(String element) {
        String rest = element.substring(2);
        return switch (element.charAt(0)) {
            case 'f' -> "." + rest;
            case 'v' -> "[=" + rest + "]";
            case 'i' -> "[" + rest + "]";
            default -> showKeys(rest);
        };
    }

    private static String showKeys(String json) {
        try {
            return MAPPER.readTree(json).properties().stream()
                    .map(entry -> entry.getKey() + "=" + entry.getValue())
                    .collect(Collectors.joining(",", "[", "]"));
        } catch (JsonProcessingException malformed) {
            throw new IllegalStateException("a path element is not JSON: " + json, malformed);
        }
    }
}
