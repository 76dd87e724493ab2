// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.print;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.tree.Json;

/** Shows values as Go's plain print does: {@code map[a:1 b:2]}, {@code [x y]}, {@code <nil>}. Pure. */
final class GoFormat {
    private GoFormat() {}

    static String show(JsonNode node) {
        StringBuilder out = new StringBuilder();
        append(out, node);
        return out.toString();
    }

    private static void append(StringBuilder out, JsonNode node) {
        if (node.isObject()) {
            out.append("map[");
            String separator = "";
            for (String key : Json.sortedKeys(node)) {
                out.append(separator).append(key).append(':');
                append(out, node.path(key));
                separator = " ";
            }
            out.append(']');
        } else if (node.isArray()) {
            out.append('[');
            String separator = "";
            for (JsonNode item : node) {
                out.append(separator);
                append(out, item);
                separator = " ";
            }
            out.append(']');
        } else if (node.isNull() || node.isMissingNode()) {
            out.append("<nil>");
        } else {
            out.append(Json.show(node));
        }
    }
}
