// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.schema;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** CEL's {@code string.format(list)}: the clauses {@code %s %d %f %e %b %o %x %X}, with a precision where it makes sense. */
final class CelFormat {
    private static final int DEFAULT_PRECISION = 6;

    private CelFormat() {}

    /**
     * Fills the clauses of a pattern.
     *
     * @throws IllegalArgumentException when a clause is unknown or has no fitting argument
     */
    static String format(String pattern, List<?> arguments) {
        StringBuilder text = new StringBuilder();
        int argument = 0;
        int at = 0;
        while (at < pattern.length()) {
            char next = pattern.charAt(at++);
            if (next != '%') {
                text.append(next);
                continue;
            }
            int precision = DEFAULT_PRECISION;
            if (at < pattern.length() && pattern.charAt(at) == '.') {
                int end = ++at;
                while (end < pattern.length() && Character.isDigit(pattern.charAt(end))) {
                    end++;
                }
                precision = Integer.parseInt(pattern.substring(at, end));
                at = end;
            }
            if (at >= pattern.length()) {
                throw new IllegalArgumentException("unexpected end of format string");
            }
            char clause = pattern.charAt(at++);
            if (clause == '%') {
                text.append('%');
                continue;
            }
            if (argument >= arguments.size()) {
                throw new IllegalArgumentException("index " + argument + " out of range");
            }
            text.append(fill(clause, precision, arguments.get(argument++)));
        }
        return text.toString();
    }

    private static String fill(char clause, int precision, Object value) {
        return switch (clause) {
            case 's' -> show(value);
            case 'd' -> {
                if (value instanceof Number || value instanceof String) {
                    yield show(value);
                }
                throw refused(value, "decimal");
            }
            case 'f' ->
                number(value).setScale(precision, RoundingMode.HALF_EVEN).toPlainString();
            case 'e' -> String.format("%." + precision + "e", number(value));
            case 'b' -> value instanceof Boolean flag ? (flag ? "1" : "0") : Long.toBinaryString(whole(value));
            case 'o' -> Long.toOctalString(whole(value));
            case 'x' -> hex(value);
            case 'X' -> hex(value).toUpperCase(java.util.Locale.ROOT);
            default -> throw new IllegalArgumentException("unrecognized formatting clause \"" + clause + "\"");
        };
    }

    private static IllegalArgumentException refused(Object value, String kind) {
        return new IllegalArgumentException(
                "error during formatting: " + kind + " clause can only be used on numbers, was given " + value);
    }

    private static BigDecimal number(Object value) {
        if (value instanceof Number number) {
            return new BigDecimal(number.toString());
        }
        throw refused(value, "floating point");
    }

    private static long whole(Object value) {
        if (value instanceof Long number) {
            return number;
        }
        throw refused(value, "integer");
    }

    private static String hex(Object value) {
        if (value instanceof String text) {
            return java.util.HexFormat.of().formatHex(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
        }
        return Long.toHexString(whole(value));
    }

    private static String show(Object value) {
        return switch (value) {
            case Double number -> GoText.number(number);
            case List<?> list -> list.stream().map(CelFormat::show).collect(Collectors.joining(", ", "[", "]"));
            case Map<?, ?> map ->
                map.entrySet().stream()
                        .map(entry -> show(entry.getKey()) + ": " + show(entry.getValue()))
                        .sorted()
                        .collect(Collectors.joining(", ", "{", "}"));
            default -> value.toString();
        };
    }
}
