// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.describe;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.tree.Json;
import java.util.Locale;
import java.util.Map;

/** Any kind that has no description of its own: its fields as a tree. Pure. */
final class Generic {
    private Generic() {}

    static void describe(Description out, JsonNode object) {
        out.field(0, "Name", Json.name(object));
        out.field(0, "Namespace", Json.namespace(object));
        out.metadata(object);
        fields(out, object, 0, true);
    }

    private static void fields(Description out, JsonNode object, int depth, boolean top) {
        for (String key : Json.sortedKeys(object)) {
            JsonNode value = object.path(key);
            if (top && key.equals("metadata")) {
                out.line(0, "Metadata:");
                com.fasterxml.jackson.databind.node.ObjectNode rest = value.deepCopy();
                for (String shown : java.util.List.of("name", "namespace", "labels", "annotations", "managedFields")) {
                    rest.remove(shown);
                }
                fields(out, rest, 1, false);
            } else {
                value(out, label(key), value, depth);
            }
        }
    }

    private static void value(Description out, String label, JsonNode value, int depth) {
        if (value.isObject()) {
            out.line(depth, label + ":");
            fields(out, value, depth + 1, false);
        } else if (value.isArray()) {
            out.line(depth, label + ":");
            boolean first = true;
            for (JsonNode item : value) {
                if (item.isObject()) {
                    if (!first && hasScalars(item)) {
                        // Neighbouring objects are told apart by their first key alone, as upstream's are.
                        first = false;
                    }
                    fields(out, item, depth + 1, false);
                } else {
                    out.line(depth + 1, Json.show(item));
                }
                first = false;
            }
        } else {
            out.field(depth, label, value.isNull() ? "<nil>" : Json.show(value));
        }
    }

    private static boolean hasScalars(JsonNode item) {
        for (Map.Entry<String, JsonNode> field : item.properties()) {
            if (field.getValue().isValueNode()) {
                return true;
            }
        }
        return false;
    }

    /** {@code lastTransitionTime} as {@code Last Transition Time}; short all-capital words stay as they are. */
    private static String label(String key) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < key.length(); i++) {
            char c = key.charAt(i);
            boolean lowerBefore = i > 0 && Character.isLowerCase(key.charAt(i - 1));
            boolean wordEnds = i > 0
                    && i + 1 < key.length()
                    && Character.isUpperCase(key.charAt(i - 1))
                    && Character.isLowerCase(key.charAt(i + 1));
            if (Character.isUpperCase(c) && (lowerBefore || wordEnds)) {
                out.append(' ');
            }
            out.append(i == 0 ? String.valueOf(c).toUpperCase(Locale.ROOT) : String.valueOf(c));
        }
        String text = out.toString();
        return text.equals("Api Version") ? "API Version" : text.equals("Uid") ? "UID" : text;
    }
}
