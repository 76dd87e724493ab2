// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.tree;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes YAML as Kubernetes' tools do: keys sorted (numbers inside them by value), lists not indented under their key, lines
 * folded after column 80, quotes only where a reader would see something else. Each call writes one document. Used by one thread.
 */
public final class YamlWriter {
    private static final int WIDTH = 80;

    private final StringBuilder out = new StringBuilder(1024);
    private int column;

    private YamlWriter() {}

    /** One document with its last newline. */
    public static String write(JsonNode node) {
        YamlWriter writer = new YamlWriter();
        writer.value(node, -2, false);
        if (writer.column != 0) {
            writer.newline();
        }
        return writer.out.toString();
    }

    private void value(JsonNode node, int indent, boolean afterKey) {
        if (node.isObject() && !node.isEmpty()) {
            object(node, indent + 2, afterKey);
        } else if (node.isArray() && !node.isEmpty()) {
            array(node, afterKey ? Math.max(indent, 0) : indent + 2, afterKey);
        } else {
            if (afterKey) {
                put(" ");
            }
            scalar(node, Math.max(indent, 0) + 2);
        }
    }

    private void object(JsonNode node, int indent, boolean afterKey) {
        boolean first = true;
        for (String key : ordered(node)) {
            if (!first || afterKey) {
                startLine(indent);
            }
            first = false;
            key(key, indent);
            value(node.path(key), indent, true);
        }
    }

    private void key(String key, int indent) {
        if (key.length() > 128 || key.indexOf('\n') >= 0) {
            put("? ");
            string(key, indent + 2, true);
            startLine(indent);
            put(":");
        } else {
            string(key, indent, false);
            put(":");
        }
    }

    private void array(JsonNode node, int indent, boolean afterKey) {
        boolean first = true;
        for (JsonNode item : node) {
            if (!first || afterKey) {
                startLine(indent);
            }
            first = false;
            put("- ");
            value(item, indent, false);
        }
    }

    private void startLine(int indent) {
        if (column != 0) {
            newline();
        }
        out.repeat(' ', indent);
        column = indent;
    }

    private void newline() {
        out.append('\n');
        column = 0;
    }

    private void put(String text) {
        out.append(text);
        column += text.codePointCount(0, text.length());
    }

    private void scalar(JsonNode node, int indent) {
        if (node.isTextual()) {
            string(node.textValue(), indent, true);
        } else if (node.isObject()) {
            put("{}");
        } else if (node.isArray()) {
            put("[]");
        } else if (node.isFloatingPointNumber()) {
            put(Json.number(node.doubleValue()));
        } else {
            put(node.isMissingNode() ? "null" : node.asText());
        }
    }

    private void string(String text, int indent, boolean mayBreak) {
        YamlText shape = YamlText.of(text);
        switch (shape.style(mayBreak)) {
            case PLAIN -> plain(text, indent, mayBreak);
            case SINGLE -> single(text, indent, mayBreak);
            case DOUBLE -> quoted(text, indent, mayBreak);
            case LITERAL -> literal(text, indent);
        }
    }

    private void plain(String text, int indent, boolean mayBreak) {
        boolean spaces = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == ' ') {
                if (mayBreak && !spaces && column > WIDTH && i + 1 < text.length() && text.charAt(i + 1) != ' ') {
                    startLine(indent);
                } else {
                    putChar(c);
                }
                spaces = true;
            } else {
                putChar(c);
                spaces = false;
            }
        }
    }

    private void single(String text, int indent, boolean mayBreak) {
        put("'");
        boolean spaces = false;
        int last = text.length() - 1;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == ' ') {
                boolean inside = i > 0 && i < last && text.charAt(i + 1) != ' ';
                if (mayBreak && !spaces && column > WIDTH && inside) {
                    startLine(indent);
                } else {
                    putChar(c);
                }
                spaces = true;
            } else {
                if (c == '\'') {
                    putChar(c);
                }
                putChar(c);
                spaces = false;
            }
        }
        put("'");
    }

    private void quoted(String text, int indent, boolean mayBreak) {
        put("\"");
        boolean spaces = false;
        int last = text.length() - 1;
        for (int i = 0; i < text.length(); i++) {
            int c = text.codePointAt(i);
            if (!YamlText.isPrintable(c) || c == '"' || c == '\\' || c == '\n' || c == 0xFEFF) {
                put(escape(c));
                spaces = false;
            } else if (c == ' ') {
                if (mayBreak && !spaces && column > WIDTH && i > 0 && i < last) {
                    startLine(indent);
                    if (text.charAt(i + 1) == ' ') {
                        putChar('\\');
                    }
                } else {
                    putChar(' ');
                }
                spaces = true;
            } else {
                put(Character.toString(c));
                spaces = false;
            }
            i += Character.charCount(c) - 1;
        }
        put("\"");
    }

    private static String escape(int c) {
        return switch (c) {
            case 0 -> "\\0";
            case 7 -> "\\a";
            case '\b' -> "\\b";
            case '\t' -> "\\t";
            case '\n' -> "\\n";
            case 0x0B -> "\\v";
            case '\f' -> "\\f";
            case '\r' -> "\\r";
            case 0x1B -> "\\e";
            case '"' -> "\\\"";
            case '\\' -> "\\\\";
            case 0x85 -> "\\N";
            case 0xA0 -> "\\_";
            case 0x2028 -> "\\L";
            case 0x2029 -> "\\P";
            default ->
                c <= 0xFF
                        ? String.format("\\x%02X", c)
                        : c <= 0xFFFF ? String.format("\\u%04X", c) : String.format("\\U%08X", c);
        };
    }

    private void literal(String text, int indent) {
        put("|");
        char first = text.charAt(0);
        if (first == ' ' || first == '\n') {
            put("2");
        }
        if (!text.endsWith("\n")) {
            put("-");
        } else if (text.length() == 1 || text.charAt(text.length() - 2) == '\n') {
            put("+");
        }
        newline();
        int at = 0;
        while (at < text.length()) {
            int end = text.indexOf('\n', at);
            int stop = end < 0 ? text.length() : end;
            if (stop > at) {
                out.repeat(' ', indent).append(text, at, stop);
                column = indent + stop - at;
            }
            if (end >= 0) {
                newline();
            }
            at = stop + 1;
        }
    }

    private void putChar(char c) {
        out.append(c);
        if (!Character.isLowSurrogate(c)) {
            column++;
        }
    }

    private static List<String> ordered(JsonNode node) {
        List<String> keys = new ArrayList<>(Json.keys(node));
        keys.sort(YamlWriter::compareKeys);
        return keys;
    }

    /** Letters after other characters, runs of digits by their value. */
    static int compareKeys(String a, String b) {
        int length = Math.min(a.length(), b.length());
        boolean digits = false;
        for (int i = 0; i < length; i++) {
            char x = a.charAt(i);
            char y = b.charAt(i);
            if (x == y) {
                digits = Character.isDigit(x);
                continue;
            }
            boolean xLetter = Character.isLetter(x);
            boolean yLetter = Character.isLetter(y);
            if (xLetter && yLetter) {
                return Character.compare(x, y);
            }
            if (xLetter || yLetter) {
                return digits == xLetter ? -1 : 1;
            }
            return compareNumbers(a, b, i, x, y);
        }
        return Integer.compare(a.length(), b.length());
    }

    private static int compareNumbers(String a, String b, int i, char x, char y) {
        long xNumber = 0;
        long yNumber = 0;
        int xEnd = i;
        int yEnd = i;
        if (x == '0' || y == '0') {
            for (int j = i - 1; j >= 0 && Character.isDigit(a.charAt(j)); j--) {
                if (a.charAt(j) != '0') {
                    xNumber = 1;
                    yNumber = 1;
                    break;
                }
            }
        }
        while (xEnd < a.length() && Character.isDigit(a.charAt(xEnd))) {
            xNumber = xNumber * 10 + (a.charAt(xEnd) - '0');
            xEnd++;
        }
        while (yEnd < b.length() && Character.isDigit(b.charAt(yEnd))) {
            yNumber = yNumber * 10 + (b.charAt(yEnd) - '0');
            yEnd++;
        }
        if (xNumber != yNumber) {
            return Long.compare(xNumber, yNumber);
        }
        if (xEnd != yEnd) {
            return Integer.compare(xEnd, yEnd);
        }
        return Character.compare(x, y);
    }
}
