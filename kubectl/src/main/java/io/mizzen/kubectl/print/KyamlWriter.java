// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.print;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.tree.Json;

/** KYAML, the strict flow-style YAML of KEP 5295: braces, double quotes, a comma after each item. Pure. */
final class KyamlWriter {
    private KyamlWriter() {}

    static String write(JsonNode node, boolean sorted) {
        StringBuilder out = new StringBuilder();
        value(out, node, 0, sorted);
        return out.append('\n').toString();
    }

    private static void value(StringBuilder out, JsonNode node, int depth, boolean sorted) {
        if (node.isObject()) {
            object(out, node, depth, sorted);
        } else if (node.isArray()) {
            array(out, node, depth, sorted);
        } else if (node.isTextual()) {
            Json.quote(out, node.textValue());
        } else {
            out.append(Json.show(node));
        }
    }

    private static void object(StringBuilder out, JsonNode node, int depth, boolean sorted) {
        if (node.isEmpty()) {
            out.append("{}");
            return;
        }
        out.append("{\n");
        for (String key : sorted ? Json.sortedKeys(node) : Json.keys(node)) {
            out.repeat("  ", depth + 1).append(key(key)).append(": ");
            value(out, node.path(key), depth + 1, sorted);
            out.append(",\n");
        }
        out.repeat("  ", depth).append('}');
    }

    private static void array(StringBuilder out, JsonNode node, int depth, boolean sorted) {
        if (node.isEmpty()) {
            out.append("[]");
            return;
        }
        if (!node.path(0).isContainerNode()) {
            out.append("[\n");
            for (JsonNode item : node) {
                out.repeat("  ", depth + 1);
                value(out, item, depth + 1, sorted);
                out.append(",\n");
            }
            out.repeat("  ", depth).append(']');
            return;
        }
        out.append('[');
        String separator = "";
        for (JsonNode item : node) {
            out.append(separator);
            value(out, item, depth, sorted);
            separator = ", ";
        }
        out.append(']');
    }

    private static String key(String key) {
        boolean plain =
                key.matches("[A-Za-z_][A-Za-z0-9_.-]*") && !key.matches("(?i)y|n|yes|no|on|off|true|false|null");
        if (plain) {
            return key;
        }
        StringBuilder quoted = new StringBuilder();
        Json.quote(quoted, key);
        return quoted.toString();
    }
}
