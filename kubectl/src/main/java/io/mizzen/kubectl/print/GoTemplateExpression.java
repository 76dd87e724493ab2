// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.print;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.tree.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/** Evaluates one pipeline of a {@link GoTemplate}. Used once. */
final class GoTemplateExpression {
    private final String source;
    private final String text;
    private final JsonNode dot;
    private final Map<String, JsonNode> variables;
    private int at;

    GoTemplateExpression(String source, String text, JsonNode dot, Map<String, JsonNode> variables) {
        this.source = source;
        this.text = text;
        this.dot = dot;
        this.variables = variables;
    }

    private CommandFailure failure(String message) {
        return GoTemplate.failure(source, message);
    }

    JsonNode evaluate() {
        JsonNode value = pipeline();
        if (at < text.length()) {
            throw failure("unexpected \"" + text.charAt(at) + "\" in operand");
        }
        return value;
    }

    private JsonNode pipeline() {
        JsonNode value = command(null);
        blanks();
        while (at < text.length() && text.charAt(at) == '|') {
            at++;
            value = command(value);
            blanks();
        }
        return value;
    }

    private void blanks() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
    }

    private JsonNode command(@org.jspecify.annotations.Nullable JsonNode piped) {
        blanks();
        String function = word();
        if (!function.isEmpty() && !function.equals("true") && !function.equals("false") && !function.equals("nil")) {
            List<JsonNode> arguments = new ArrayList<>();
            while (hasOperand()) {
                arguments.add(operand());
            }
            if (piped != null) {
                arguments.add(piped);
            }
            return call(function, arguments);
        }
        at -= function.length();
        JsonNode value = operand();
        if (hasOperand()) {
            throw failure("can't give argument to non-function " + text);
        }
        return value;
    }

    private boolean hasOperand() {
        blanks();
        return at < text.length() && text.charAt(at) != '|' && text.charAt(at) != ')';
    }

    private String word() {
        int start = at;
        while (at < text.length() && (Character.isLetterOrDigit(text.charAt(at)) || text.charAt(at) == '_')) {
            at++;
        }
        if (start < at && Character.isDigit(text.charAt(start))) {
            at = start;
            return "";
        }
        return text.substring(start, at);
    }

    private JsonNode operand() {
        blanks();
        char c = at < text.length() ? text.charAt(at) : 0;
        JsonNode value;
        if (c == '.') {
            value = dot;
            if (at + 1 >= text.length() || !isNameStart(text.charAt(at + 1))) {
                at++;
            }
        } else if (c == '$') {
            int start = at++;
            word();
            String name = text.substring(start, at);
            JsonNode known = variables.get(name);
            if (known == null) {
                throw failure("undefined variable \"" + name + "\"");
            }
            value = known;
        } else if (c == '"' || c == '`') {
            return Json.NODES.textNode(string());
        } else if (c == '(') {
            at++;
            value = pipeline();
            blanks();
            if (at >= text.length() || text.charAt(at) != ')') {
                throw failure("unclosed left paren");
            }
            at++;
        } else if (Character.isDigit(c) || c == '-' || c == '+') {
            return number();
        } else {
            return constant();
        }
        return fields(value);
    }

    private static boolean isNameStart(char c) {
        return Character.isLetter(c) || c == '_';
    }

    private JsonNode constant() {
        String word = word();
        return switch (word) {
            case "true" -> Json.NODES.booleanNode(true);
            case "false" -> Json.NODES.booleanNode(false);
            case "nil" -> Json.NODES.nullNode();
            case "" -> throw failure("unexpected \"" + text.substring(at) + "\" in command");
            default -> call(word, List.of());
        };
    }

    private JsonNode fields(JsonNode start) {
        JsonNode value = start;
        while (at + 1 < text.length() && text.charAt(at) == '.' && isNameStart(text.charAt(at + 1))) {
            at++;
            String name = word();
            if (value.isValueNode() && !value.isNull()) {
                throw CommandFailure.error("error executing template \"" + source.replace("\"", "\\\"")
                        + "\": template: output:1: can't evaluate field " + name + " in type " + type(value));
            }
            value = value.path(name);
        }
        return value;
    }

    private static String type(JsonNode value) {
        return value.isTextual()
                ? "string"
                : value.isBoolean() ? "bool" : value.isIntegralNumber() ? "int64" : "float64";
    }

    private JsonNode number() {
        int start = at++;
        while (at < text.length() && (Character.isLetterOrDigit(text.charAt(at)) || text.charAt(at) == '.')) {
            at++;
        }
        String digits = text.substring(start, at);
        try {
            return digits.indexOf('.') < 0
                    ? Json.NODES.numberNode(Long.parseLong(digits))
                    : Json.NODES.numberNode(Double.parseDouble(digits));
        } catch (NumberFormatException e) {
            throw failure("bad number syntax: \"" + digits + "\"");
        }
    }

    private String string() {
        char quote = text.charAt(at++);
        StringBuilder value = new StringBuilder();
        while (at < text.length() && text.charAt(at) != quote) {
            char c = text.charAt(at++);
            if (c == '\\' && quote == '"' && at < text.length()) {
                c = text.charAt(at++);
                c = switch (c) {
                    case 'n' -> '\n';
                    case 't' -> '\t';
                    case 'r' -> '\r';
                    default -> c;
                };
            }
            value.append(c);
        }
        if (at >= text.length()) {
            throw failure("unterminated quoted string");
        }
        at++;
        return value.toString();
    }

    private JsonNode call(String function, List<JsonNode> arguments) {
        return switch (function) {
            case "and", "or" -> andOr(function.equals("and"), arguments);
            case "not" -> truth(!GoTemplate.isTrue(first(function, arguments)));
            case "eq" -> truth(arguments.stream().skip(1).anyMatch(other -> compare(arguments.getFirst(), other) == 0));
            case "ne" -> truth(order(function, arguments) != 0);
            case "lt" -> truth(order(function, arguments) < 0);
            case "le" -> truth(order(function, arguments) <= 0);
            case "gt" -> truth(order(function, arguments) > 0);
            case "ge" -> truth(order(function, arguments) >= 0);
            case "len" -> Json.NODES.numberNode(length(first(function, arguments)));
            case "index" -> index(arguments);
            case "exists" ->
                truth(!index(arguments).isMissingNode() && !index(arguments).isNull());
            case "print" -> Json.NODES.textNode(print(arguments, false));
            case "println" -> Json.NODES.textNode(print(arguments, true) + "\n");
            case "printf" -> Json.NODES.textNode(printf(arguments));
            case "base64decode" ->
                Json.NODES.textNode(new String(
                        Base64.getDecoder().decode(Json.show(first(function, arguments))), StandardCharsets.UTF_8));
            case "slice" -> slice(arguments);
            case "html" ->
                Json.NODES.textNode(print(arguments, false)
                        .replace("&", "&amp;")
                        .replace("<", "&lt;")
                        .replace(">", "&gt;")
                        .replace("\"", "&#34;")
                        .replace("'", "&#39;"));
            default -> throw failure("function \"" + function + "\" not defined");
        };
    }

    private JsonNode first(String function, List<JsonNode> arguments) {
        if (arguments.isEmpty()) {
            throw failure("wrong number of args for " + function + ": want 1 got 0");
        }
        return arguments.getFirst();
    }

    private static JsonNode truth(boolean value) {
        return Json.NODES.booleanNode(value);
    }

    private static JsonNode andOr(boolean and, List<JsonNode> arguments) {
        for (JsonNode argument : arguments) {
            if (GoTemplate.isTrue(argument) != and) {
                return argument;
            }
        }
        return arguments.isEmpty() ? MissingNode.getInstance() : arguments.getLast();
    }

    private int order(String function, List<JsonNode> arguments) {
        if (arguments.size() != 2) {
            throw failure("wrong number of args for " + function + ": want 2 got " + arguments.size());
        }
        return compare(arguments.get(0), arguments.get(1));
    }

    private static int compare(JsonNode a, JsonNode b) {
        if (a.isNumber() && b.isNumber()) {
            return Double.compare(a.doubleValue(), b.doubleValue());
        }
        return GoFormat.show(a).compareTo(GoFormat.show(b));
    }

    private static int length(JsonNode value) {
        return value.isTextual() ? value.textValue().getBytes(StandardCharsets.UTF_8).length : value.size();
    }

    private static JsonNode index(List<JsonNode> arguments) {
        JsonNode value = arguments.isEmpty() ? MissingNode.getInstance() : arguments.getFirst();
        for (JsonNode key : arguments.subList(Math.min(1, arguments.size()), arguments.size())) {
            if (value.isArray() && (key.asInt() < 0 || key.asInt() >= value.size())) {
                throw CommandFailure.error(
                        "error executing template: error calling index: reflect: slice index out of range");
            }
            value = value.isArray() ? value.path(key.asInt()) : value.path(key.asText());
        }
        return value;
    }

    private JsonNode slice(List<JsonNode> arguments) {
        String whole = Json.show(first("slice", arguments));
        int from = arguments.size() > 1 ? arguments.get(1).asInt() : 0;
        int to = arguments.size() > 2 ? arguments.get(2).asInt() : whole.length();
        if (from < 0 || to > whole.length() || from > to) {
            throw CommandFailure.error("error executing template: error calling slice: index out of range");
        }
        return Json.NODES.textNode(whole.substring(from, to));
    }

    private static String print(List<JsonNode> arguments, boolean spaced) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < arguments.size(); i++) {
            boolean between = i > 0
                    && (spaced
                            || !arguments.get(i).isTextual()
                                    && !arguments.get(i - 1).isTextual());
            out.append(between ? " " : "").append(GoFormat.show(arguments.get(i)));
        }
        return out.toString();
    }

    private static String printf(List<JsonNode> arguments) {
        String format = arguments.isEmpty() ? "" : Json.show(arguments.getFirst());
        StringBuilder out = new StringBuilder();
        int next = 1;
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '%' || i + 1 >= format.length()) {
                out.append(c);
                continue;
            }
            int start = ++i;
            while (i < format.length() && "-+ #0123456789.".indexOf(format.charAt(i)) >= 0) {
                i++;
            }
            char verb = i < format.length() ? format.charAt(i) : '%';
            if (verb == '%') {
                out.append('%');
            } else if (next >= arguments.size()) {
                out.append("%!").append(verb).append("(MISSING)");
            } else {
                out.append(one(format.substring(start, i), verb, arguments.get(next++)));
            }
        }
        return out.toString();
    }

    private static String one(String flags, char verb, JsonNode value) {
        return switch (verb) {
            case 'd', 'x', 'X', 'o' -> String.format("%" + flags + verb, value.asLong());
            case 'f', 'e', 'g' -> String.format("%" + flags + verb, value.asDouble());
            case 'q' -> {
                StringBuilder quoted = new StringBuilder();
                Json.quote(quoted, GoFormat.show(value));
                yield quoted.toString();
            }
            default -> String.format("%" + flags.replace("+", "").replace("#", "") + "s", GoFormat.show(value));
        };
    }
}
