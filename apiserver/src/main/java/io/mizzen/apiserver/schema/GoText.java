// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.Set;
import java.util.TreeSet;

/** Texts in the form that Go's {@code fmt} gives them, since clients see them in messages. */
public final class GoText {
    private static final double EXPONENT_FROM = 1e21;
    private static final double EXPONENT_BELOW = 1e-6;

    private GoText() {}

    /** A quoted text, as {@code %q} writes it. */
    public static String quote(String text) {
        StringBuilder quoted = new StringBuilder(text.length() + 2).append('"');
        text.codePoints().forEach(point -> escape(quoted, point));
        return quoted.append('"').toString();
    }

    private static void escape(StringBuilder quoted, int point) {
        switch (point) {
            case '"' -> quoted.append("\\\"");
            case '\\' -> quoted.append("\\\\");
            case 7 -> quoted.append("\\a");
            case '\b' -> quoted.append("\\b");
            case '\f' -> quoted.append("\\f");
            case '\n' -> quoted.append("\\n");
            case '\r' -> quoted.append("\\r");
            case '\t' -> quoted.append("\\t");
            case 11 -> quoted.append("\\v");
            default -> {
                if (point < ' ' || point == 0x7f) {
                    quoted.append(String.format("\\x%02x", point));
                } else if (isPrintable(point)) {
                    quoted.appendCodePoint(point);
                } else {
                    quoted.append(String.format(point < 0x10000 ? "\\u%04x" : "\\U%08x", point));
                }
            }
        }
    }

    private static boolean isPrintable(int point) {
        if (point < 0x7f) {
            return true;
        }
        return switch (Character.getType(point)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SPACE_SEPARATOR -> false;
            default -> true;
        };
    }

    /** A JSON value as {@code %v} writes it: {@code map[a:1 b:[x y]]}, keys in order. */
    public static String value(JsonNode node) {
        StringBuilder text = new StringBuilder();
        append(text, node);
        return text.toString();
    }

    private static void append(StringBuilder text, JsonNode node) {
        switch (node.getNodeType()) {
            case OBJECT -> {
                text.append("map[");
                String separator = "";
                for (String name : sortedNames(node)) {
                    text.append(separator).append(name).append(':');
                    append(text, node.path(name));
                    separator = " ";
                }
                text.append(']');
            }
            case ARRAY -> {
                text.append('[');
                String separator = "";
                for (JsonNode element : node) {
                    text.append(separator);
                    append(text, element);
                    separator = " ";
                }
                text.append(']');
            }
            case NULL, MISSING -> text.append("<nil>");
            case NUMBER -> text.append(node.isFloatingPointNumber() ? number(node.doubleValue()) : node.asText());
            default -> text.append(node.asText());
        }
    }

    private static Set<String> sortedNames(JsonNode node) {
        Set<String> names = new TreeSet<>();
        node.fieldNames().forEachRemaining(names::add);
        return names;
    }

    /** The name that Go's JSON decoder gives a value. */
    static String jsonKind(JsonNode node) {
        return switch (node.getNodeType()) {
            case OBJECT -> "object";
            case ARRAY -> "array";
            case STRING -> "string";
            case BOOLEAN -> "bool";
            case NUMBER -> "number";
            default -> "null";
        };
    }

    /** The Go type that a JSON value has once decoded without a schema. */
    public static String type(JsonNode node) {
        return switch (node.getNodeType()) {
            case OBJECT -> "map[string]interface {}";
            case ARRAY -> "[]interface {}";
            case STRING -> "string";
            case BOOLEAN -> "bool";
            case NUMBER -> node.isIntegralNumber() ? "int64" : "float64";
            default -> "<nil>";
        };
    }

    /** A floating point number as Go's JSON encoder writes it: no exponent but for very large or small ones. */
    public static String number(double value) {
        double size = Math.abs(value);
        if (size == 0) {
            return "0";
        }
        BigDecimal exact = new BigDecimal(Double.toString(value)).stripTrailingZeros();
        if (size >= EXPONENT_BELOW && size < EXPONENT_FROM) {
            return exact.toPlainString();
        }
        String digits = exact.unscaledValue().abs().toString();
        int exponent = digits.length() - 1 - exact.scale();
        String fraction = digits.length() > 1 ? "." + digits.substring(1) : "";
        String sign = value < 0 ? "-" : "";
        String power = (exponent < 0 ? "-" : "+") + (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
        return sign + digits.charAt(0) + fraction + "e" + power;
    }
}
