// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.read;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.print.JsonPath;
import io.mizzen.kubectl.tree.Json;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** {@code --sort-by}: by numbers, quantities or natural order of text; objects without the field come first. Stateless. */
final class Sorting {
    private final String field;
    private final JsonPath path;

    Sorting(String field) {
        this.field = field;
        path = JsonPath.relaxed(field);
    }

    private record Keyed(JsonNode item, List<JsonNode> key) {}

    List<JsonNode> sort(List<JsonNode> items, Function<JsonNode, JsonNode> object) {
        List<Keyed> keyed = new ArrayList<>();
        boolean any = items.isEmpty();
        for (JsonNode item : items) {
            List<JsonNode> key = path.find(object.apply(item));
            any |= !key.isEmpty();
            keyed.add(new Keyed(item, key));
        }
        if (!any) {
            throw CommandFailure.error(
                    "couldn't find any field with path \"" + braced(field) + "\" in the list of objects");
        }
        keyed.sort((a, b) -> compare(a.key(), b.key()));
        return keyed.stream().map(Keyed::item).toList();
    }

    private static String braced(String field) {
        if (field.startsWith("{")) {
            return field;
        }
        return "{" + (field.startsWith(".") ? field : "." + field) + "}";
    }

    private static int compare(List<JsonNode> a, List<JsonNode> b) {
        if (a.isEmpty() || b.isEmpty()) {
            return Boolean.compare(!a.isEmpty(), !b.isEmpty());
        }
        JsonNode x = a.getFirst();
        JsonNode y = b.getFirst();
        if (x.isNumber() && y.isNumber()) {
            return Double.compare(x.doubleValue(), y.doubleValue());
        }
        String left = Json.show(x);
        String right = Json.show(y);
        BigDecimal leftSize = quantity(left);
        BigDecimal rightSize = quantity(right);
        if (leftSize.signum() >= 0 && rightSize.signum() >= 0) {
            return leftSize.compareTo(rightSize);
        }
        return natural(left, right);
    }

    /** The value of a quantity such as {@code 1500m} or {@code 2Gi}; negative when the text is none. */
    private static BigDecimal quantity(String text) {
        int end = text.length();
        while (end > 0 && Character.isLetter(text.charAt(end - 1))) {
            end--;
        }
        String unit = text.substring(end);
        String digits = text.substring(0, end);
        if (digits.isEmpty() || !digits.chars().allMatch(c -> c >= '0' && c <= '9' || c == '.')) {
            return BigDecimal.ONE.negate();
        }
        BigDecimal factor = switch (unit) {
            case "" -> BigDecimal.ONE;
            case "n" -> new BigDecimal("1e-9");
            case "u" -> new BigDecimal("1e-6");
            case "m" -> new BigDecimal("1e-3");
            case "k" -> new BigDecimal("1e3");
            case "M" -> new BigDecimal("1e6");
            case "G" -> new BigDecimal("1e9");
            case "T" -> new BigDecimal("1e12");
            case "P" -> new BigDecimal("1e15");
            case "E" -> new BigDecimal("1e18");
            case "Ki" -> new BigDecimal(1L << 10);
            case "Mi" -> new BigDecimal(1L << 20);
            case "Gi" -> new BigDecimal(1L << 30);
            case "Ti" -> new BigDecimal(1L << 40);
            case "Pi" -> new BigDecimal(1L << 50);
            case "Ei" -> new BigDecimal(1L << 60);
            default -> BigDecimal.ZERO;
        };
        try {
            return factor.signum() == 0 ? BigDecimal.ONE.negate() : new BigDecimal(digits).multiply(factor);
        } catch (NumberFormatException e) {
            return BigDecimal.ONE.negate();
        }
    }

    /** Text order in which runs of digits count by their value. */
    static int natural(String a, String b) {
        int i = 0;
        int j = 0;
        while (i < a.length() && j < b.length()) {
            char x = a.charAt(i);
            char y = b.charAt(j);
            if (Character.isDigit(x) && Character.isDigit(y)) {
                int iEnd = digitsEnd(a, i);
                int jEnd = digitsEnd(b, j);
                String left = a.substring(i, iEnd).replaceFirst("^0+(?=\\d)", "");
                String right = b.substring(j, jEnd).replaceFirst("^0+(?=\\d)", "");
                int order = left.length() != right.length()
                        ? Integer.compare(left.length(), right.length())
                        : left.compareTo(right);
                if (order != 0) {
                    return order;
                }
                i = iEnd;
                j = jEnd;
            } else if (x != y) {
                return Character.compare(x, y);
            } else {
                i++;
                j++;
            }
        }
        return Integer.compare(a.length() - i, b.length() - j);
    }

    private static int digitsEnd(String text, int from) {
        int end = from;
        while (end < text.length() && Character.isDigit(text.charAt(end))) {
            end++;
        }
        return end;
    }
}
