// SPDX-License-Identifier: Apache-2.0
package io.mizzen.api.selector;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.api.meta.Names;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A label selector: all of its requirements must hold. Text form and semantics are those of
 * {@code k8s.io/apimachinery/pkg/labels}. Immutable.
 *
 * @param requirements in the order of their keys
 */
public record LabelSelector(List<Requirement> requirements) {

    /** Matches everything. */
    public static final LabelSelector EVERYTHING = new LabelSelector(List.of());

    /** What a requirement asks of the value of its key. */
    public enum Operator {
        IN("in"),
        NOT_IN("notin"),
        EQUALS("="),
        NOT_EQUALS("!="),
        EXISTS("exists"),
        DOES_NOT_EXIST("!"),
        GREATER_THAN("gt"),
        LESS_THAN("lt");

        private final String text;

        Operator(String text) {
            this.text = text;
        }
    }

    /**
     * One requirement.
     *
     * @param key label name
     * @param operator what is asked
     * @param values sorted; empty for the existence operators
     */
    public record Requirement(String key, Operator operator, List<String> values) {
        public Requirement {
            values = List.copyOf(new TreeSet<>(values));
        }

        /** Whether labels fulfil this requirement. */
        public boolean matches(Map<String, String> labels) {
            String value = labels.get(key);
            return switch (operator) {
                case IN, EQUALS -> value != null && values.contains(value);
                case NOT_IN, NOT_EQUALS -> value == null || !values.contains(value);
                case EXISTS -> value != null;
                case DOES_NOT_EXIST -> value == null;
                case GREATER_THAN -> compare(value) > 0;
                case LESS_THAN -> compare(value) < 0;
            };
        }

        private int compare(@Nullable String value) {
            if (value == null) {
                return 0;
            }
            try {
                return Long.compare(Long.parseLong(value), Long.parseLong(values.getFirst()));
            } catch (NumberFormatException notANumber) {
                return 0;
            }
        }

        @Override
        public String toString() {
            return switch (operator) {
                case EXISTS -> key;
                case DOES_NOT_EXIST -> "!" + key;
                case EQUALS, NOT_EQUALS -> key + operator.text + values.getFirst();
                case GREATER_THAN -> key + ">" + values.getFirst();
                case LESS_THAN -> key + "<" + values.getFirst();
                case IN, NOT_IN -> key + " " + operator.text + " (" + String.join(",", values) + ")";
            };
        }
    }

    public LabelSelector {
        requirements = requirements.stream()
                .sorted(Comparator.comparing(Requirement::key))
                .toList();
    }

    public boolean matches(Map<String, String> labels) {
        for (Requirement requirement : requirements) {
            if (!requirement.matches(labels)) {
                return false;
            }
        }
        return true;
    }

    public boolean isEmpty() {
        return requirements.isEmpty();
    }

    /** The selector that asks for exactly these pairs. */
    public static LabelSelector ofLabels(Map<String, String> labels) {
        return new LabelSelector(labels.entrySet().stream()
                .map(entry -> new Requirement(entry.getKey(), Operator.EQUALS, List.of(entry.getValue())))
                .toList());
    }

    /**
     * The selector that a {@code LabelSelector} object stands for.
     *
     * @throws IllegalArgumentException when an operator is unknown or its values do not fit
     */
    public static LabelSelector ofObject(JsonNode selector) {
        List<Requirement> requirements = new ArrayList<>();
        selector.path("matchLabels")
                .properties()
                .forEach(pair -> requirements.add(new Requirement(
                        pair.getKey(), Operator.IN, List.of(pair.getValue().asText()))));
        for (JsonNode expression : selector.path("matchExpressions")) {
            List<String> values = new ArrayList<>();
            expression.path("values").forEach(value -> values.add(value.asText()));
            String name = expression.path("operator").asText();
            Operator operator = switch (name) {
                case "In" -> Operator.IN;
                case "NotIn" -> Operator.NOT_IN;
                case "Exists" -> Operator.EXISTS;
                case "DoesNotExist" -> Operator.DOES_NOT_EXIST;
                default ->
                    throw new IllegalArgumentException("\"" + name + "\" is not a valid label selector operator");
            };
            requirements.add(new Requirement(expression.path("key").asText(), operator, values));
        }
        // One value is written key=value, as upstream prints it.
        return new LabelSelector(requirements.stream()
                .map(requirement -> requirement.operator() == Operator.IN
                                && requirement.values().size() == 1
                        ? new Requirement(requirement.key(), Operator.EQUALS, requirement.values())
                        : requirement)
                .toList());
    }

    /**
     * Parses the query form ({@code a=b,c in (d,e),!f}).
     *
     * @throws IllegalArgumentException with upstream's text when it is malformed
     */
    public static LabelSelector parse(String text) {
        return new Parser(text).parse();
    }

    @Override
    public String toString() {
        return requirements.stream().map(Requirement::toString).collect(Collectors.joining(","));
    }

    /** A hand-written scanner: the grammar has six tokens. */
    private static final class Parser {
        private final String text;
        private int at;

        Parser(String text) {
            this.text = text;
        }

        LabelSelector parse() {
            List<Requirement> requirements = new ArrayList<>();
            skipSpace();
            while (at < text.length()) {
                requirements.add(requirement());
                skipSpace();
                if (at < text.length()) {
                    expect(',');
                    skipSpace();
                    if (at >= text.length()) {
                        throw new IllegalArgumentException("found '', expected: identifier after ','");
                    }
                }
            }
            return new LabelSelector(requirements);
        }

        private Requirement requirement() {
            if (peek() == '!') {
                at++;
                skipSpace();
                return new Requirement(key(), Operator.DOES_NOT_EXIST, List.of());
            }
            String key = key();
            skipSpace();
            if (at >= text.length() || peek() == ',') {
                return new Requirement(key, Operator.EXISTS, List.of());
            }
            Operator operator = operator();
            skipSpace();
            List<String> values = operator == Operator.IN || operator == Operator.NOT_IN ? list() : List.of(word());
            for (String value : values) {
                List<String> errors = Names.labelValueErrors(value);
                if (!errors.isEmpty()) {
                    throw new IllegalArgumentException(
                            "values[0][" + key + "]: Invalid value: \"" + value + "\": " + String.join("; ", errors));
                }
            }
            return new Requirement(key, operator, values);
        }

        private String key() {
            String key = word();
            List<String> errors = Names.qualifiedNameErrors(key);
            if (key.isEmpty()) {
                throw new IllegalArgumentException(
                        "found '" + rest() + "', expected: !, identifier, or 'end of string'");
            }
            if (!errors.isEmpty()) {
                throw new IllegalArgumentException("key: Invalid value: \"" + key + "\": " + String.join("; ", errors));
            }
            return key;
        }

        private Operator operator() {
            char first = peek();
            if (first == '=') {
                at++;
                if (at < text.length() && peek() == '=') {
                    at++;
                }
                return Operator.EQUALS;
            }
            if (first == '!' && text.startsWith("!=", at)) {
                at += 2;
                return Operator.NOT_EQUALS;
            }
            if (first == '>' || first == '<') {
                at++;
                return first == '>' ? Operator.GREATER_THAN : Operator.LESS_THAN;
            }
            String word = word();
            return switch (word) {
                case "in" -> Operator.IN;
                case "notin" -> Operator.NOT_IN;
                default ->
                    throw new IllegalArgumentException(
                            "found '" + (word.isEmpty() ? rest() : word) + "', expected: in, notin, =, ==, !=, gt, lt");
            };
        }

        private List<String> list() {
            expect('(');
            List<String> values = new ArrayList<>();
            do {
                skipSpace();
                values.add(word());
                skipSpace();
            } while (accept(','));
            expect(')');
            return values;
        }

        private boolean accept(char wanted) {
            if (at < text.length() && peek() == wanted) {
                at++;
                return true;
            }
            return false;
        }

        private void expect(char wanted) {
            if (!accept(wanted)) {
                throw new IllegalArgumentException("found '" + rest() + "', expected: '" + wanted + "'");
            }
        }

        private String word() {
            int start = at;
            while (at < text.length() && " \t,()=!<>".indexOf(peek()) < 0) {
                at++;
            }
            return text.substring(start, at);
        }

        private String rest() {
            return text.substring(at);
        }

        private char peek() {
            return text.charAt(at);
        }

        private void skipSpace() {
            while (at < text.length() && Character.isWhitespace(peek())) {
                at++;
            }
        }
    }
}
