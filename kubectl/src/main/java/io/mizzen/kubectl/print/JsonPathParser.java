// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.print;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.tree.Json;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** Parses {@link JsonPath}. Used once. */
final class JsonPathParser {
    /** A part of a parsed template. */
    sealed interface Node {}

    /** Text to print as it is. */
    record Text(String text) implements Node {}

    /** Steps from the current value or, {@code fromRoot}, from the object. */
    record Path(boolean fromRoot, List<Node> steps) implements Node {}

    /** {@code {range path}body{end}}. */
    record Range(Path path, List<Node> body) implements Node {}

    /** {@code .name}. */
    record Field(String name) implements Node {}

    /** {@code .*} and {@code [*]}. */
    record Wildcard() implements Node {}

    /** {@code ..name}; an empty name means every value below. */
    record Descent(String name) implements Node {}

    /** {@code [from:to:step]}, or one index. */
    record Slice(String from, String to, String step, boolean single) implements Node {}

    /** {@code [?(left operator right)]}. */
    record Filter(Path left, String operator, Path right) implements Node {}

    /** {@code [a,b]}. */
    record Union(List<Path> parts) implements Node {}

    /** A constant inside a filter. */
    record Literal(JsonNode value) implements Node {}

    private final String text;
    private int at;

    JsonPathParser(String text) {
        this.text = text;
    }

    private CommandFailure failure(String message) {
        return CommandFailure.error("error parsing jsonpath " + text + ", " + message);
    }

    List<Node> parse() {
        Deque<List<Node>> bodies = new ArrayDeque<>();
        Deque<Path> ranges = new ArrayDeque<>();
        List<Node> nodes = new ArrayList<>();
        while (at < text.length()) {
            int open = text.indexOf('{', at);
            if (open < 0) {
                nodes.add(new Text(text.substring(at)));
                break;
            }
            if (open > at) {
                nodes.add(new Text(text.substring(at, open)));
            }
            at = open + 1;
            String inside = text.substring(at, closing());
            String trimmed = inside.strip();
            if (trimmed.equals("end")) {
                if (bodies.isEmpty()) {
                    throw failure("not in range, nothing to end");
                }
                Range range = new Range(ranges.pop(), nodes);
                nodes = bodies.pop();
                nodes.add(range);
            } else if (trimmed.startsWith("range ") || trimmed.startsWith("range\t")) {
                ranges.push(path(trimmed.substring(6)));
                bodies.push(nodes);
                nodes = new ArrayList<>();
            } else {
                inside(trimmed, nodes);
            }
            at = closing() + 1;
        }
        // A range that is never ended covers what is left, as upstream's parser has it.
        while (!bodies.isEmpty()) {
            Range range = new Range(ranges.pop(), nodes);
            nodes = bodies.pop();
            nodes.add(range);
        }
        return nodes;
    }

    private int closing() {
        char quote = 0;
        for (int i = at; i < text.length(); i++) {
            char c = text.charAt(i);
            if (quote != 0) {
                if (c == '\\') {
                    i++;
                } else if (c == quote) {
                    quote = 0;
                }
            } else if (c == '"' || c == '\'') {
                quote = c;
            } else if (c == '}') {
                return i;
            }
        }
        throw failure("unclosed action");
    }

    /** What stands between braces may be several paths and quoted texts in a row. */
    private void inside(String inside, List<Node> nodes) {
        PathReader reader = new PathReader(inside);
        if (inside.isEmpty()) {
            nodes.add(new Path(false, List.of()));
        }
        while (!reader.ended()) {
            if (reader.peek() == '"' || reader.peek() == '\'') {
                nodes.add(new Text(reader.quoted()));
            } else {
                nodes.add(reader.path());
            }
            reader.blanks();
        }
    }

    private Path path(String source) {
        return new PathReader(source.strip()).path();
    }

    /** Reads the steps of paths from what stands between braces. */
    private final class PathReader {
        private final String source;
        private int pos;

        PathReader(String source) {
            this.source = source;
        }

        boolean ended() {
            return pos >= source.length();
        }

        char peek() {
            return ended() ? 0 : source.charAt(pos);
        }

        void blanks() {
            while (!ended() && Character.isWhitespace(peek())) {
                pos++;
            }
        }

        String quoted() {
            char quote = source.charAt(pos++);
            StringBuilder value = new StringBuilder();
            while (!ended() && peek() != quote) {
                char c = source.charAt(pos++);
                if (c == '\\' && !ended()) {
                    c = source.charAt(pos++);
                    c = switch (c) {
                        case 'n' -> '\n';
                        case 't' -> '\t';
                        case 'r' -> '\r';
                        default -> c;
                    };
                }
                value.append(c);
            }
            if (ended()) {
                throw failure("unterminated quoted string");
            }
            pos++;
            return value.toString();
        }

        Path path() {
            boolean root = false;
            if (peek() == '$') {
                root = true;
                pos++;
            } else if (peek() == '@') {
                pos++;
            }
            List<Node> steps = new ArrayList<>();
            while (!ended() && !Character.isWhitespace(peek())) {
                char c = peek();
                if (c == '.') {
                    pos++;
                    if (peek() == '.') {
                        pos++;
                        steps.add(new Descent(peek() == '[' ? "" : name()));
                    } else if (peek() != '[' && !ended() && !Character.isWhitespace(peek())) {
                        steps.add(field(name()));
                    }
                } else if (c == '[') {
                    steps.add(bracket());
                } else if (steps.isEmpty() && !root) {
                    String word = name();
                    if (word.isEmpty()) {
                        throw failure("unrecognized character in action: U+" + String.format("%04X", (int) c) + " '" + c
                                + "'");
                    }
                    throw failure("unrecognized identifier " + word);
                } else {
                    throw failure(
                            "unrecognized character in action: U+" + String.format("%04X", (int) c) + " '" + c + "'");
                }
            }
            return new Path(root, steps);
        }

        private Node field(String name) {
            return name.equals("*") ? new Wildcard() : new Field(name);
        }

        private String name() {
            StringBuilder name = new StringBuilder();
            while (!ended()) {
                char c = peek();
                if (c == '\\' && pos + 1 < source.length()) {
                    name.append(source.charAt(pos + 1));
                    pos += 2;
                    continue;
                }
                if (Character.isWhitespace(c) || ".[]{}()$@|,<>=!'\"".indexOf(c) >= 0) {
                    break;
                }
                name.append(c);
                pos++;
            }
            return name.toString();
        }

        private Node bracket() {
            String inner = bracketText();
            String trimmed = inner.strip();
            if (trimmed.startsWith("?(") && trimmed.endsWith(")")) {
                return filter(trimmed.substring(2, trimmed.length() - 1));
            }
            if (trimmed.equals("*")) {
                return new Wildcard();
            }
            List<String> parts = Quoted.split(trimmed, ',');
            if (parts.size() > 1) {
                List<Path> paths = new ArrayList<>();
                for (String part : parts) {
                    paths.add(new Path(false, List.of(element(part.strip()))));
                }
                return new Union(paths);
            }
            return element(trimmed);
        }

        private Node element(String part) {
            if (part.startsWith("'") || part.startsWith("\"")) {
                return new Field(new PathReader(part).quoted());
            }
            String[] bounds = part.split(":", -1);
            for (String bound : bounds) {
                if (!bound.matches("-?\\d*") || bound.equals("-")) {
                    throw failure("invalid array index " + part);
                }
            }
            if (part.isEmpty() || bounds.length > 3) {
                throw failure("invalid array index " + part);
            }
            return new Slice(
                    bounds[0],
                    bounds.length > 1 ? bounds[1] : "",
                    bounds.length > 2 ? bounds[2] : "",
                    bounds.length == 1);
        }

        private String bracketText() {
            int depth = 0;
            char quote = 0;
            int start = pos + 1;
            for (; pos < source.length(); pos++) {
                char c = source.charAt(pos);
                if (quote != 0) {
                    quote = c == quote ? 0 : quote;
                } else if (c == '\'' || c == '"') {
                    quote = c;
                } else if (c == '[') {
                    depth++;
                } else if (c == ']' && --depth == 0) {
                    return source.substring(start, pos++);
                }
            }
            throw failure("unterminated array");
        }

        private Node filter(String condition) {
            int depth = 0;
            char quote = 0;
            for (int i = 0; i < condition.length(); i++) {
                char c = condition.charAt(i);
                if (quote != 0) {
                    quote = c == quote ? 0 : quote;
                } else if (c == '\'' || c == '"') {
                    quote = c;
                } else if (c == '[' || c == '(') {
                    depth++;
                } else if (c == ']' || c == ')') {
                    depth--;
                } else if (depth == 0 && "=!<>".indexOf(c) >= 0) {
                    boolean two = i + 1 < condition.length() && condition.charAt(i + 1) == '=';
                    String operator = condition.substring(i, i + (two ? 2 : 1));
                    return new Filter(
                            operand(condition.substring(0, i)),
                            operator,
                            operand(condition.substring(i + operator.length())));
                }
            }
            return new Filter(operand(condition), "exists", new Path(false, List.of()));
        }

        private Path operand(String source) {
            String word = source.strip();
            if (word.startsWith("'") || word.startsWith("\"")) {
                String value = new PathReader(word).quoted();
                return new Path(false, List.of(new Literal(Json.NODES.textNode(value))));
            }
            if (word.equals("true") || word.equals("false")) {
                return new Path(false, List.of(new Literal(Json.NODES.booleanNode(word.equals("true")))));
            }
            if (word.matches("-?\\d+(\\.\\d+)?")) {
                JsonNode value = word.indexOf('.') < 0
                        ? Json.NODES.numberNode(Long.parseLong(word))
                        : Json.NODES.numberNode(Double.parseDouble(word));
                return new Path(false, List.of(new Literal(value)));
            }
            return new PathReader(word).path();
        }
    }
}
