// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.print;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.tree.Json;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The part of Go's text templates that people use with {@code -o go-template}: fields, pipelines, variables, {@code if}, {@code with},
 * {@code range}, {@code else}, trimming marks, and the usual functions. {@code template}, {@code define} and {@code block} are refused.
 * Parsed once; each {@link #fill} stands alone.
 */
public final class GoTemplate {
    /** A piece of a parsed template. */
    sealed interface Piece {}

    record Text(String text) implements Piece {}

    record Action(String pipeline) implements Piece {}

    record Block(String keyword, String pipeline, List<Piece> body, List<Piece> otherwise) implements Piece {}

    private final String source;
    private final List<Piece> pieces;

    private GoTemplate(String source, List<Piece> pieces) {
        this.source = source;
        this.pieces = pieces;
    }

    /** Parses. @throws CommandFailure when the template is malformed */
    public static GoTemplate parse(String source) {
        return new GoTemplate(source, new Parser(source).parse());
    }

    static CommandFailure failure(String source, String message) {
        return CommandFailure.error("error parsing template " + source + ", template: output:1: " + message);
    }

    /** Fills the template from an object; a key that is not there shows as {@code <no value>}. */
    public String fill(JsonNode data) {
        StringBuilder out = new StringBuilder();
        Map<String, JsonNode> variables = new HashMap<>();
        variables.put("$", data);
        try {
            run(pieces, data, variables, out);
        } catch (Stop e) {
            // break or continue outside a range ends the template.
            return out.toString();
        }
        return out.toString();
    }

    /** {@code break} and {@code continue}. */
    private static final class Stop extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final boolean all;

        Stop(boolean all) {
            super("", null, false, false);
            this.all = all;
        }
    }

    private void run(List<Piece> program, JsonNode dot, Map<String, JsonNode> variables, StringBuilder out) {
        for (Piece piece : program) {
            switch (piece) {
                case Text text -> out.append(text.text());
                case Action action -> action(action.pipeline(), dot, variables, out);
                case Block block -> block(block, dot, variables, out);
            }
        }
    }

    private void action(String pipeline, JsonNode dot, Map<String, JsonNode> variables, StringBuilder out) {
        if (pipeline.equals("break") || pipeline.equals("continue")) {
            throw new Stop(pipeline.equals("break"));
        }
        String[] assignment = assignment(pipeline);
        JsonNode value = eval(assignment[1], dot, variables);
        if (assignment[0].isEmpty()) {
            out.append(value.isMissingNode() ? "<no value>" : GoFormat.show(value));
        } else {
            variables.put(assignment[0], value);
        }
    }

    /** Splits {@code $x := pipeline}; the first part is empty when nothing is assigned. */
    private static String[] assignment(String pipeline) {
        if (pipeline.startsWith("$")) {
            int sign = pipeline.indexOf(":=");
            int width = 2;
            if (sign < 0) {
                sign = pipeline.indexOf(" = ") + 1;
                width = 1;
            }
            if (sign > 0 && pipeline.substring(0, sign).strip().matches("\\$\\w*(\\s*,\\s*\\$\\w+)?")) {
                return new String[] {
                    pipeline.substring(0, sign).strip(),
                    pipeline.substring(sign + width).strip()
                };
            }
        }
        return new String[] {"", pipeline};
    }

    private JsonNode eval(String pipeline, JsonNode dot, Map<String, JsonNode> variables) {
        return new GoTemplateExpression(source, pipeline, dot, variables).evaluate();
    }

    private void block(Block block, JsonNode dot, Map<String, JsonNode> variables, StringBuilder out) {
        String[] assignment = assignment(block.pipeline());
        JsonNode value = eval(assignment[1], dot, variables);
        Map<String, JsonNode> scope = new HashMap<>(variables);
        switch (block.keyword()) {
            case "if" -> {
                assign(assignment[0], value, scope);
                run(isTrue(value) ? block.body() : block.otherwise(), dot, scope, out);
            }
            case "with" -> {
                assign(assignment[0], value, scope);
                if (isTrue(value)) {
                    run(block.body(), value, scope, out);
                } else {
                    run(block.otherwise(), dot, scope, out);
                }
            }
            default -> range(block, assignment[0], value, dot, scope, out);
        }
        for (String name : variables.keySet()) {
            JsonNode changed = scope.get(name);
            if (changed != null) {
                variables.put(name, changed);
            }
        }
    }

    private static void assign(String name, JsonNode value, Map<String, JsonNode> scope) {
        if (!name.isEmpty()) {
            scope.put(name, value);
        }
    }

    private void range(
            Block block, String names, JsonNode value, JsonNode dot, Map<String, JsonNode> scope, StringBuilder out) {
        if (value.isEmpty()) {
            run(block.otherwise(), dot, scope, out);
            return;
        }
        String[] variables = names.isEmpty() ? new String[0] : names.split("\\s*,\\s*");
        List<String> keys = value.isObject() ? Json.sortedKeys(value) : List.of();
        for (int i = 0; i < value.size(); i++) {
            JsonNode item = value.isObject() ? value.path(keys.get(i)) : value.path(i);
            if (variables.length == 1) {
                scope.put(variables[0], item);
            } else if (variables.length == 2) {
                scope.put(variables[0], value.isObject() ? Json.NODES.textNode(keys.get(i)) : Json.NODES.numberNode(i));
                scope.put(variables[1], item);
            }
            try {
                run(block.body(), item, scope, out);
            } catch (Stop e) {
                if (e.all) {
                    return;
                }
            }
        }
    }

    /** Go's truth: not false, not 0, not empty, there at all. */
    static boolean isTrue(JsonNode value) {
        if (value.isMissingNode() || value.isNull()) {
            return false;
        }
        if (value.isBoolean()) {
            return value.booleanValue();
        }
        if (value.isNumber()) {
            return value.doubleValue() != 0;
        }
        return value.isTextual() ? !value.textValue().isEmpty() : !value.isEmpty();
    }

    private static final class Parser {
        private final String source;
        private int at;

        Parser(String source) {
            this.source = source;
        }

        List<Piece> parse() {
            List<Piece> pieces = new ArrayList<>();
            String end = body(pieces);
            if (!end.isEmpty()) {
                throw failure(source, "unexpected {{" + end + "}}");
            }
            return pieces;
        }

        /** Reads until an {@code end} or {@code else} and returns that word with what follows it; empty at the end. */
        private String body(List<Piece> pieces) {
            while (at < source.length()) {
                int open = source.indexOf("{{", at);
                if (open < 0) {
                    pieces.add(new Text(source.substring(at)));
                    at = source.length();
                    return "";
                }
                int close = close(open + 2);
                String inside = source.substring(open + 2, close);
                String before = source.substring(at, open);
                if (inside.startsWith("-") && inside.length() > 1 && Character.isWhitespace(inside.charAt(1))) {
                    before = before.stripTrailing();
                    inside = inside.substring(1);
                }
                at = close + 2;
                if (inside.endsWith("-")
                        && inside.length() > 1
                        && Character.isWhitespace(inside.charAt(inside.length() - 2))) {
                    inside = inside.substring(0, inside.length() - 1);
                    while (at < source.length() && Character.isWhitespace(source.charAt(at))) {
                        at++;
                    }
                }
                if (!before.isEmpty()) {
                    pieces.add(new Text(before));
                }
                String word = inside.strip();
                if (word.equals("end") || word.equals("else") || word.startsWith("else ")) {
                    return word;
                }
                piece(word, pieces);
            }
            return "";
        }

        private int close(int from) {
            char quote = 0;
            for (int i = from; i < source.length(); i++) {
                char c = source.charAt(i);
                if (quote != 0) {
                    if (c == '\\' && quote == '"') {
                        i++;
                    } else if (c == quote) {
                        quote = 0;
                    }
                } else if (c == '"' || c == '`') {
                    quote = c;
                } else if (source.startsWith("}}", i)) {
                    return i;
                }
            }
            throw failure(source, "unclosed action");
        }

        private void piece(String word, List<Piece> pieces) {
            if (word.startsWith("/*")) {
                return;
            }
            int blank = 0;
            while (blank < word.length() && !Character.isWhitespace(word.charAt(blank))) {
                blank++;
            }
            String keyword = word.substring(0, blank);
            String rest = word.substring(blank).strip();
            switch (keyword) {
                case "if", "with", "range" -> pieces.add(block(keyword, rest));
                case "define", "template", "block" -> throw failure(source, "{{" + keyword + "}} is not supported");
                case "" -> throw failure(source, "missing value for command");
                default -> pieces.add(new Action(word));
            }
        }

        private Block block(String keyword, String pipeline) {
            List<Piece> body = new ArrayList<>();
            List<Piece> otherwise = new ArrayList<>();
            String end = body(body);
            if (end.startsWith("else ")) {
                String again = end.substring(5).strip();
                int blank = again.indexOf(' ');
                if (blank < 0) {
                    throw failure(source, "unexpected <" + again + "> in else");
                }
                otherwise.add(block(
                        again.substring(0, blank), again.substring(blank + 1).strip()));
                return new Block(keyword, pipeline, body, otherwise);
            }
            if (end.equals("else")) {
                end = body(otherwise);
            }
            if (!end.equals("end")) {
                throw failure(source, "unexpected EOF");
            }
            return new Block(keyword, pipeline, body, otherwise);
        }
    }
}
