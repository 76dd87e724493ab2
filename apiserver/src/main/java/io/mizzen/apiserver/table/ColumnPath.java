// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.table;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The part of Kubernetes' JSONPath dialect that columns may use (API page "JSONPath Support"): fields, quoted fields,
 * indexes, slices, wildcards, recursive descent and filters that compare a path with a value. Immutable.
 */
final class ColumnPath {

    /** Goes from one set of nodes to the next. */
    private sealed interface Step {
        void apply(JsonNode node, List<JsonNode> out);
    }

    private record Field(String name) implements Step {
        @Override
        public void apply(JsonNode node, List<JsonNode> out) {
            if (node.has(name)) {
                out.add(node.get(name));
            }
        }
    }

    private record Wildcard() implements Step {
        @Override
        public void apply(JsonNode node, List<JsonNode> out) {
            node.forEach(out::add);
        }
    }

    private record Descent() implements Step {
        @Override
        public void apply(JsonNode node, List<JsonNode> out) {
            out.add(node);
            node.forEach(child -> apply(child, out));
        }
    }

    /** Elements from {@code start} up to {@code end}; negative positions count from the end. */
    private record Slice(@Nullable Integer start, @Nullable Integer end, int step, boolean single) implements Step {
        @Override
        public void apply(JsonNode node, List<JsonNode> out) {
            if (!node.isArray()) {
                return;
            }
            int size = node.size();
            int from = start == null ? 0 : start < 0 ? start + size : start;
            int to = end == null ? size : end < 0 ? end + size : end;
            if (single) {
                to = from + 1;
            }
            for (int i = Math.max(from, 0); i < Math.min(to, size); i += step) {
                if (from >= 0) {
                    out.add(node.get(i));
                }
            }
        }
    }

    private record Filter(ColumnPath left, String operator, String right) implements Step {
        @Override
        public void apply(JsonNode node, List<JsonNode> out) {
            for (JsonNode element : node) {
                JsonNode found = left.first(element);
                if (found != null && holds(found)) {
                    out.add(element);
                }
            }
        }

        private boolean holds(JsonNode found) {
            if (operator.isEmpty()) {
                return true;
            }
            int order;
            try {
                order = found.isNumber()
                        ? Double.compare(found.doubleValue(), Double.parseDouble(right))
                        : found.asText().compareTo(right);
            } catch (NumberFormatException notComparable) {
                return operator.equals("!=");
            }
            return switch (operator) {
                case "==" -> order == 0;
                case "!=" -> order != 0;
                case "<" -> order < 0;
                case "<=" -> order <= 0;
                case ">" -> order > 0;
                default -> order >= 0;
            };
        }
    }

    private static final List<String> OPERATORS = List.of("==", "!=", "<=", ">=", "<", ">");

    private final List<Step> steps;

    private ColumnPath(List<Step> steps) {
        this.steps = List.copyOf(steps);
    }

    /** A path such as {@code .status.conditions[?(@.type=="Ready")].status}; null when it cannot be read. */
    static @Nullable ColumnPath parseOrNull(String text) {
        try {
            return new ColumnPath(new Parser(text).steps());
        } catch (IllegalArgumentException malformed) {
            return null;
        }
    }

    /** Everything at the path. */
    List<JsonNode> find(JsonNode root) {
        List<JsonNode> nodes = List.of(root);
        for (Step step : steps) {
            List<JsonNode> next = new ArrayList<>();
            nodes.forEach(node -> step.apply(node, next));
            nodes = next;
        }
        return nodes;
    }

    /** The first node at the path, or null. */
    @Nullable
    JsonNode first(JsonNode root) {
        List<JsonNode> found = find(root);
        return found.isEmpty() ? null : found.getFirst();
    }

    /** Reads a path from left to right. */
    private static final class Parser {
        private final String text;
        private int position;

        Parser(String text) {
            String trimmed = text.strip();
            boolean braces = trimmed.startsWith("{") && trimmed.endsWith("}");
            this.text = braces ? trimmed.substring(1, trimmed.length() - 1) : trimmed;
        }

        List<Step> steps() {
            List<Step> steps = new ArrayList<>();
            if (text.startsWith("$") || text.startsWith("@")) {
                position++;
            }
            while (position < text.length()) {
                char c = text.charAt(position);
                if (c == '[') {
                    steps.add(bracket(inside()));
                } else if (c == '.') {
                    position++;
                    if (position < text.length() && text.charAt(position) == '.') {
                        steps.add(new Descent());
                        position++;
                    }
                    field(steps);
                } else {
                    field(steps);
                }
            }
            return steps;
        }

        private void field(List<Step> steps) {
            StringBuilder name = new StringBuilder();
            while (position < text.length() && ".[".indexOf(text.charAt(position)) < 0) {
                if (text.charAt(position) == '\\' && position + 1 < text.length()) {
                    position++;
                }
                name.append(text.charAt(position++));
            }
            if (name.toString().equals("*")) {
                steps.add(new Wildcard());
            } else if (!name.isEmpty()) {
                steps.add(new Field(name.toString()));
            }
        }

        /** The text between the brackets that open here. */
        private String inside() {
            int start = ++position;
            int depth = 1;
            char quote = 0;
            while (position < text.length()) {
                char c = text.charAt(position++);
                if (quote != 0) {
                    quote = c == quote ? 0 : quote;
                } else if (c == '\'' || c == '"') {
                    quote = c;
                } else if (c == '[') {
                    depth++;
                } else if (c == ']' && --depth == 0) {
                    return text.substring(start, position - 1).strip();
                }
            }
            throw new IllegalArgumentException("unterminated bracket in " + text);
        }

        private static Step bracket(String content) {
            if (content.equals("*")) {
                return new Wildcard();
            }
            if (content.startsWith("?(") && content.endsWith(")")) {
                return filter(content.substring(2, content.length() - 1).strip());
            }
            if (content.startsWith("'") || content.startsWith("\"")) {
                return new Field(unquoted(content));
            }
            String[] parts = content.split(":", -1);
            int step = parts.length > 2 && !parts[2].isEmpty() ? Integer.parseInt(parts[2]) : 1;
            if (step < 1 || parts.length > 3) {
                throw new IllegalArgumentException("bad slice " + content);
            }
            return new Slice(number(parts[0]), parts.length > 1 ? number(parts[1]) : null, step, parts.length == 1);
        }

        private static @Nullable Integer number(String text) {
            return text.isBlank() ? null : Integer.valueOf(text.strip());
        }

        private static Step filter(String condition) {
            for (String operator : OPERATORS) {
                int at = condition.indexOf(operator);
                if (at > 0) {
                    String left = condition.substring(0, at).strip();
                    String right = condition.substring(at + operator.length()).strip();
                    return new Filter(new ColumnPath(new Parser(left).steps()), operator, unquoted(right));
                }
            }
            return new Filter(new ColumnPath(new Parser(condition).steps()), "", "");
        }

        private static String unquoted(String text) {
            boolean quoted = text.length() >= 2
                    && (text.startsWith("'") || text.startsWith("\""))
                    && text.charAt(0) == text.charAt(text.length() - 1);
            return quoted ? text.substring(1, text.length() - 1) : text;
        }
    }
}
