// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.print;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.tree.Json;
import java.util.ArrayList;
import java.util.List;

/**
 * Kubernetes' own dialect of JSONPath: a template of text and {@code {…}} with fields, indices and slices, wildcards, recursive
 * descent, filters, unions, {@code range … end} and quoted text. Parsed once, then used on any number of objects. Immutable.
 */
public final class JsonPath {
    private final String source;
    private final List<JsonPathParser.Node> nodes;

    private JsonPath(String source, List<JsonPathParser.Node> nodes) {
        this.source = source;
        this.nodes = nodes;
    }

    /** Parses a template. @throws CommandFailure when it is malformed */
    public static JsonPath parse(String template) {
        return new JsonPath(template, new JsonPathParser(template).parse());
    }

    /** Parses a lone path with or without braces and leading dot, as columns and sort keys take it. */
    public static JsonPath relaxed(String path) {
        if (path.isEmpty()) {
            return parse("{}");
        }
        String inner = path.startsWith("{") && path.endsWith("}") ? path.substring(1, path.length() - 1) : path;
        if (inner.indexOf('{') >= 0 || inner.indexOf('}') >= 0) {
            throw CommandFailure.error(
                    "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or"
                            + " '{.name1.name2}'");
        }
        return parse("{" + (inner.startsWith(".") || inner.startsWith("[") ? inner : "." + inner) + "}");
    }

    /** The values that a lone path finds. */
    public List<JsonNode> find(JsonNode root) {
        List<List<JsonNode>> results = new ArrayList<>();
        Walk walk = new Walk(root, true, results, new StringBuilder());
        walk.run(nodes, List.of(root));
        List<JsonNode> all = new ArrayList<>();
        results.forEach(all::addAll);
        return all;
    }

    /**
     * The template filled from an object.
     *
     * @param allowMissing whether a field that is not there counts as empty; else it is a failure
     */
    public String fill(JsonNode root, boolean allowMissing) {
        StringBuilder out = new StringBuilder();
        try {
            new Walk(root, allowMissing, new ArrayList<>(), out).run(nodes, List.of(root));
        } catch (Missing e) {
            throw CommandFailure.error("error executing jsonpath \"" + source.replace("\"", "\\\"")
                    + "\": Error executing template: " + e.getMessage()
                    + ". Printing more information for debugging the template:\n\ttemplate was:\n\t\t" + source
                    + "\n\tobject given to jsonpath engine was:\n\t\t" + GoFormat.show(root) + "\n\n");
        }
        return out.toString();
    }

    /** Fills the template with every result as indented JSON, a list of all ({@code jsonpath-as-json}). */
    public String fillAsJson(JsonNode root) {
        List<List<JsonNode>> results = new ArrayList<>();
        new Walk(root, true, results, new StringBuilder()).run(nodes, List.of(root));
        StringBuilder out = new StringBuilder();
        for (List<JsonNode> result : results) {
            var array = Json.array();
            result.forEach(array::add);
            out.append(Json.pretty(array, true)).append('\n');
        }
        return out.toString();
    }

    private static final class Missing extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Missing(String message) {
            super(message, null, false, false);
        }
    }

    /** One evaluation: collects the results and the text. */
    private static final class Walk {
        private final JsonNode root;
        private final boolean allowMissing;
        private final List<List<JsonNode>> results;
        private final StringBuilder out;

        Walk(JsonNode root, boolean allowMissing, List<List<JsonNode>> results, StringBuilder out) {
            this.root = root;
            this.allowMissing = allowMissing;
            this.results = results;
            this.out = out;
        }

        void run(List<JsonPathParser.Node> program, List<JsonNode> current) {
            for (JsonPathParser.Node node : program) {
                switch (node) {
                    case JsonPathParser.Text text -> out.append(text.text());
                    case JsonPathParser.Range range -> {
                        for (JsonNode value : eval(range.path(), current)) {
                            run(range.body(), List.of(value));
                        }
                    }
                    case JsonPathParser.Path path -> emit(eval(path, current));
                    default -> throw new IllegalStateException("not a statement: " + node);
                }
            }
        }

        private void emit(List<JsonNode> values) {
            results.add(values);
            String separator = "";
            for (JsonNode value : values) {
                out.append(separator);
                if (value.isContainerNode()) {
                    out.append(Json.compact(value));
                } else {
                    out.append(value.isNull() ? "null" : Json.show(value));
                }
                separator = " ";
            }
        }

        private List<JsonNode> eval(JsonPathParser.Path path, List<JsonNode> current) {
            List<JsonNode> values = path.fromRoot() ? List.of(root) : current;
            for (JsonPathParser.Node step : path.steps()) {
                values = step(step, values);
            }
            return values;
        }

        private List<JsonNode> step(JsonPathParser.Node step, List<JsonNode> values) {
            List<JsonNode> next = new ArrayList<>();
            switch (step) {
                case JsonPathParser.Field field -> field(field.name(), values, next);
                case JsonPathParser.Wildcard _ -> values.forEach(value -> value.forEach(next::add));
                case JsonPathParser.Descent descent -> {
                    for (JsonNode value : values) {
                        descend(value, descent.name(), next);
                    }
                }
                case JsonPathParser.Slice slice -> values.forEach(value -> slice(slice, value, next));
                case JsonPathParser.Filter filter -> {
                    for (JsonNode value : values) {
                        for (JsonNode item : value) {
                            if (holds(filter, item)) {
                                next.add(item);
                            }
                        }
                    }
                }
                case JsonPathParser.Union union -> {
                    for (JsonPathParser.Path part : union.parts()) {
                        next.addAll(eval(part, values));
                    }
                }
                case JsonPathParser.Literal literal -> next.add(literal.value());
                default -> throw new IllegalStateException("not a step: " + step);
            }
            return next;
        }

        private void field(String name, List<JsonNode> values, List<JsonNode> next) {
            for (JsonNode value : values) {
                JsonNode found = value.isObject() ? value.path(name) : value.path(-1);
                if (!found.isMissingNode()) {
                    next.add(found);
                }
            }
            if (next.isEmpty() && !allowMissing) {
                throw new Missing(name + " is not found");
            }
        }

        private static void descend(JsonNode value, String name, List<JsonNode> next) {
            if (name.isEmpty()) {
                next.add(value);
            } else if (value.isObject() && value.has(name)) {
                next.add(value.path(name));
            }
            for (JsonNode inner : value) {
                descend(inner, name, next);
            }
        }

        private void slice(JsonPathParser.Slice slice, JsonNode value, List<JsonNode> next) {
            if (!value.isArray()) {
                if (!value.isNull()) {
                    throw CommandFailure.error("error executing jsonpath: Error executing template: "
                            + GoFormat.show(value) + " is not array or slice");
                }
                return;
            }
            int size = value.size();
            int from = slice.from().isEmpty() ? 0 : Integer.parseInt(slice.from());
            from = from < 0 ? from + size : from;
            if (slice.single()) {
                if (from >= 0 && from < size) {
                    next.add(value.path(from));
                } else if (!allowMissing) {
                    throw new Missing("array index out of bounds: index " + from + ", length " + size);
                }
                return;
            }
            int to = slice.to().isEmpty() ? size : Integer.parseInt(slice.to());
            to = Math.min(to < 0 ? to + size : to, size);
            int step = slice.step().isEmpty() ? 1 : Math.max(1, Integer.parseInt(slice.step()));
            for (int i = Math.max(0, from); i < to; i += step) {
                next.add(value.path(i));
            }
        }

        private boolean holds(JsonPathParser.Filter filter, JsonNode item) {
            List<JsonNode> left = quiet(filter.left(), item);
            if (filter.operator().equals("exists")) {
                return !left.isEmpty();
            }
            List<JsonNode> right = quiet(filter.right(), item);
            if (left.isEmpty() || right.isEmpty()) {
                return false;
            }
            return compare(left.getFirst(), right.getFirst(), filter.operator());
        }

        private List<JsonNode> quiet(JsonPathParser.Path path, JsonNode item) {
            return new Walk(root, true, new ArrayList<>(), new StringBuilder()).eval(path, List.of(item));
        }

        private static boolean compare(JsonNode left, JsonNode right, String operator) {
            boolean numbers = left.isNumber() && right.isNumber();
            int order = numbers
                    ? Double.compare(left.doubleValue(), right.doubleValue())
                    : Json.show(left).compareTo(Json.show(right));
            return switch (operator) {
                case "==" -> order == 0;
                case "!=" -> order != 0;
                case "<" -> order < 0;
                case "<=" -> order <= 0;
                case ">" -> order > 0;
                case ">=" -> order >= 0;
                default -> false;
            };
        }
    }
}
