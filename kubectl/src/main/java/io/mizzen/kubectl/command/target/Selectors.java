// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.target;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.tree.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Label selectors: matching on this side, and the text form of an object's selector. Pure. */
public final class Selectors {
    private Selectors() {}

    /** Whether an object's labels satisfy {@code a=b,c!=d,e in (f,g),!h}. */
    public static boolean matches(String selector, JsonNode object) {
        JsonNode labels = object.path("metadata").path("labels");
        for (String term : terms(selector)) {
            if (!holds(term.strip(), labels)) {
                return false;
            }
        }
        return true;
    }

    private static List<String> terms(String selector) {
        List<String> terms = new ArrayList<>();
        int depth = 0;
        int start = 0;
        for (int i = 0; i < selector.length(); i++) {
            char c = selector.charAt(i);
            depth += c == '(' ? 1 : c == ')' ? -1 : 0;
            if (c == ',' && depth == 0) {
                terms.add(selector.substring(start, i));
                start = i + 1;
            }
        }
        terms.add(selector.substring(start));
        return terms;
    }

    private static boolean holds(String term, JsonNode labels) {
        if (term.isEmpty()) {
            return true;
        }
        int open = term.indexOf('(');
        if (open > 0) {
            String[] head = term.substring(0, open).strip().split("\\s+");
            List<String> values = new ArrayList<>();
            for (String value : term.substring(open + 1, term.lastIndexOf(')')).split(",", -1)) {
                values.add(value.strip());
            }
            boolean in = labels.has(head[0]) && values.contains(Json.text(labels, head[0]));
            return head.length > 1 && head[1].equals("notin") != in;
        }
        int unequal = term.indexOf("!=");
        if (unequal > 0) {
            String key = term.substring(0, unequal).strip();
            return !labels.has(key)
                    || !Json.text(labels, key)
                            .equals(term.substring(unequal + 2).strip());
        }
        int equals = term.indexOf('=');
        if (equals > 0) {
            String key = term.substring(0, equals).strip();
            String value = term.substring(term.startsWith("==", equals) ? equals + 2 : equals + 1)
                    .strip();
            return labels.has(key) && Json.text(labels, key).equals(value);
        }
        return term.startsWith("!") ? !labels.has(term.substring(1).strip()) : labels.has(term);
    }

    /** A {@code LabelSelector} object, or a plain map of labels, in text form; empty when it selects all. */
    public static String text(JsonNode selector) {
        boolean structured = selector.has("matchLabels") || selector.has("matchExpressions");
        List<String> terms = new ArrayList<>();
        JsonNode labels = structured ? selector.path("matchLabels") : selector;
        for (Map.Entry<String, JsonNode> label : labels.properties()) {
            terms.add(label.getKey() + "=" + label.getValue().asText());
        }
        if (structured) {
            for (JsonNode expression : selector.path("matchExpressions")) {
                terms.add(expression(expression));
            }
        }
        terms.sort(null);
        return String.join(",", terms);
    }

    private static String expression(JsonNode expression) {
        String key = Json.text(expression, "key");
        List<String> values = new ArrayList<>();
        expression.path("values").forEach(value -> values.add(value.asText()));
        values.sort(null);
        return switch (Json.text(expression, "operator")) {
            case "In" -> key + " in (" + String.join(",", values) + ")";
            case "NotIn" -> key + " notin (" + String.join(",", values) + ")";
            case "DoesNotExist" -> "!" + key;
            default -> key;
        };
    }
}
