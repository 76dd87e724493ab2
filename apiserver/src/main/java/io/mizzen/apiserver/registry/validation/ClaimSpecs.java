// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry.validation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * Shows how two specs of claims differ, as upstream's refusal does: by the names and the order that the fields have in its source, in
 * the form of a unified diff. Pure.
 */
final class ClaimSpecs {
    private static final int CONTEXT = 3;

    private ClaimSpecs() {}

    static String difference(JsonNode before, JsonNode now) {
        return unified(lines(named(before)), lines(named(now)));
    }

    private static ObjectNode named(JsonNode spec) {
        ObjectNode named = JsonNodeFactory.instance.objectNode();
        set(named, "AccessModes", spec.path("accessModes"));
        set(named, "Selector", spec.path("selector"));
        ObjectNode resources = named.putObject("Resources");
        set(resources, "Limits", sorted(spec.path("resources").path("limits")));
        set(resources, "Requests", sorted(spec.path("resources").path("requests")));
        named.put("VolumeName", spec.path("volumeName").asText(""));
        set(named, "StorageClassName", spec.path("storageClassName"));
        set(named, "VolumeMode", spec.path("volumeMode"));
        set(named, "DataSource", source(spec.path("dataSource"), false));
        set(named, "DataSourceRef", source(spec.path("dataSourceRef"), true));
        set(named, "VolumeAttributesClassName", spec.path("volumeAttributesClassName"));
        return named;
    }

    private static void set(ObjectNode target, String field, JsonNode value) {
        if (Values.absent(value)) {
            target.putNull(field);
        } else {
            target.set(field, value);
        }
    }

    private static JsonNode sorted(JsonNode amounts) {
        TreeMap<String, JsonNode> sorted = new TreeMap<>();
        amounts.properties().forEach(entry -> sorted.put(entry.getKey(), entry.getValue()));
        return sorted.isEmpty()
                ? JsonNodeFactory.instance.nullNode()
                : new ObjectNode(JsonNodeFactory.instance, sorted);
    }

    private static JsonNode source(JsonNode source, boolean hasNamespace) {
        if (Values.absent(source)) {
            return source;
        }
        ObjectNode named = JsonNodeFactory.instance.objectNode();
        set(named, "APIGroup", source.path("apiGroup"));
        named.put("Kind", source.path("kind").asText(""))
                .put("Name", source.path("name").asText(""));
        if (hasNamespace) {
            set(named, "Namespace", source.path("namespace"));
        }
        return named;
    }

    private static List<String> lines(JsonNode value) {
        List<String> lines = new ArrayList<>();
        print(lines, "", "", value, "");
        return lines;
    }

    private static void print(List<String> lines, String indent, String label, JsonNode value, String comma) {
        if (!value.isContainerNode() || value.isEmpty()) {
            lines.add(indent + label + value + comma);
            return;
        }
        lines.add(indent + label + (value.isObject() ? "{" : "["));
        int left = value.size();
        for (var entry : value.properties()) {
            print(
                    lines,
                    indent + " ",
                    TextNode.valueOf(entry.getKey()) + ": ",
                    entry.getValue(),
                    --left > 0 ? "," : "");
        }
        if (value.isArray()) {
            for (JsonNode element : value) {
                print(lines, indent + " ", "", element, --left > 0 ? "," : "");
            }
        }
        lines.add(indent + (value.isObject() ? "}" : "]") + comma);
    }

    /** One line of either side or of both. */
    private record Line(char mark, String text, int before, int now) {}

    private static String unified(List<String> before, List<String> now) {
        List<Line> script = script(before, now);
        StringBuilder text = new StringBuilder();
        int from = 0;
        while (from < script.size()) {
            if (script.get(from).mark() == ' ') {
                from++;
                continue;
            }
            int end = from + 1;
            for (int i = end; i < script.size() && i < end + 2 * CONTEXT + 1; i++) {
                end = script.get(i).mark() == ' ' ? end : i + 1;
            }
            hunk(text, script.subList(Math.max(0, from - CONTEXT), Math.min(script.size(), end + CONTEXT)));
            from = end;
        }
        return text.toString();
    }

    private static void hunk(StringBuilder text, List<Line> lines) {
        long before = lines.stream().filter(line -> line.mark() != '+').count();
        long now = lines.stream().filter(line -> line.mark() != '-').count();
        Line first = lines.getFirst();
        text.append("@@ -").append(range(first.before(), before));
        text.append(" +").append(range(first.now(), now)).append(" @@\n");
        lines.forEach(line -> text.append(line.mark()).append(line.text()).append('\n'));
    }

    private static String range(int start, long count) {
        if (count == 1) {
            return Integer.toString(start + 1);
        }
        return (count == 0 ? start : start + 1) + "," + count;
    }

    /** The shortest way from one to the other: what goes stands before what comes. */
    private static List<Line> script(List<String> before, List<String> now) {
        int[][] common = new int[before.size() + 1][now.size() + 1];
        for (int i = before.size() - 1; i >= 0; i--) {
            for (int j = now.size() - 1; j >= 0; j--) {
                common[i][j] = before.get(i).equals(now.get(j))
                        ? common[i + 1][j + 1] + 1
                        : Math.max(common[i + 1][j], common[i][j + 1]);
            }
        }
        List<Line> script = new ArrayList<>();
        int i = 0;
        int j = 0;
        while (i < before.size() || j < now.size()) {
            if (i < before.size() && j < now.size() && before.get(i).equals(now.get(j))) {
                script.add(new Line(' ', before.get(i), i++, j++));
            } else if (i < before.size() && (j == now.size() || common[i + 1][j] >= common[i][j + 1])) {
                script.add(new Line('-', before.get(i), i++, j));
            } else {
                script.add(new Line('+', now.get(j), i, j++));
            }
        }
        return script;
    }
}
