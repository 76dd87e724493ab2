// SPDX-License-Identifier: Apache-2.0
package io.mizzen.api.selector;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A field selector: a list of equalities and inequalities on the selectable fields of a kind, all of which must hold.
 * A field that an object lacks counts as the empty string.
 *
 * @param terms in the order written
 */
public record FieldSelector(List<Term> terms) {

    /** Matches everything. */
    public static final FieldSelector EVERYTHING = new FieldSelector(List.of());

    /**
     * One comparison.
     *
     * @param field dotted path
     * @param equal whether the value must equal (else must differ)
     * @param value text to compare with
     */
    public record Term(String field, boolean equal, String value) {
        public boolean matches(Map<String, String> fields) {
            return equal == fields.getOrDefault(field, "").equals(value);
        }
    }

    public FieldSelector {
        terms = List.copyOf(terms);
    }

    public boolean matches(Map<String, String> fields) {
        for (Term term : terms) {
            if (!term.matches(fields)) {
                return false;
            }
        }
        return true;
    }

    public boolean isEmpty() {
        return terms.isEmpty();
    }

    /**
     * Parses {@code a=b,c!=d}; {@code \,}, {@code \=} and {@code \\} stand for themselves in values.
     *
     * @throws IllegalArgumentException with upstream's text when it is malformed
     */
    public static FieldSelector parse(String text) {
        List<Term> terms = new ArrayList<>();
        for (String part : split(text)) {
            if (part.isEmpty()) {
                continue;
            }
            int at = operatorAt(part);
            if (at < 0) {
                throw new IllegalArgumentException("invalid selector: '" + text + "'; can't understand '" + part + "'");
            }
            boolean equal = part.charAt(at) == '=';
            int end = at + (part.startsWith("==", at) || part.startsWith("!=", at) ? 2 : 1);
            terms.add(new Term(part.substring(0, at), equal, unescape(part.substring(end), text)));
        }
        return new FieldSelector(terms);
    }

    private static List<String> split(String text) {
        List<String> parts = new ArrayList<>();
        StringBuilder part = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\' && i + 1 < text.length()) {
                part.append(c).append(text.charAt(++i));
            } else if (c == ',') {
                parts.add(part.toString());
                part.setLength(0);
            } else {
                part.append(c);
            }
        }
        parts.add(part.toString());
        return parts;
    }

    private static int operatorAt(String part) {
        for (int i = 0; i < part.length(); i++) {
            if (part.charAt(i) == '\\') {
                i++;
            } else if (part.charAt(i) == '=' || part.startsWith("!=", i)) {
                return i;
            }
        }
        return -1;
    }

    private static String unescape(String value, String whole) {
        StringBuilder plain = new StringBuilder();
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '\\') {
                if (i + 1 >= value.length() || "\\,=".indexOf(value.charAt(i + 1)) < 0) {
                    throw new IllegalArgumentException("invalid field selector: invalid escape sequence in " + whole);
                }
                plain.append(value.charAt(++i));
            } else if (c == '=') {
                throw new IllegalArgumentException("invalid field selector: unescaped character in value: " + c);
            } else {
                plain.append(c);
            }
        }
        return plain.toString();
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (Term term : terms) {
            text.append(text.isEmpty() ? "" : ",")
                    .append(term.field())
                    .append(term.equal() ? "=" : "!=")
                    .append(term.value()
                            .replace("\\", "\\\\")
                            .replace(",", "\\,")
                            .replace("=", "\\="));
        }
        return text.toString();
    }
}
