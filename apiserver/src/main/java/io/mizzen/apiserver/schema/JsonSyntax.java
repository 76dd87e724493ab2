// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.schema;

/**
 * Says what is wrong with malformed JSON in the words of Go's {@code encoding/json}, which clients print. A scanner of
 * its own that runs only after parsing has failed.
 */
final class JsonSyntax {
    private static final String END = "unexpected end of JSON input";

    private final String text;
    private int position;
    private int depth;

    private JsonSyntax(String text) {
        this.text = text;
    }

    /** Ends the scan with the finished description. */
    private static final class Found extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final String description;

        Found(String description) {
            super(description, null, false, false);
            this.description = description;
        }
    }

    static String describe(String json) {
        JsonSyntax scanner = new JsonSyntax(json);
        try {
            scanner.value();
            scanner.skipSpace();
            if (scanner.position < json.length()) {
                return scanner.bad("after top-level value").description;
            }
            return "invalid JSON";
        } catch (Found found) {
            return found.description;
        }
    }

    private Found bad(String context) {
        if (position >= text.length()) {
            return new Found(END);
        }
        return new Found("invalid character " + show(text.codePointAt(position)) + " " + context);
    }

    private static String show(int point) {
        if (point == '\'') {
            return "'\\''";
        }
        if (point == '"') {
            return "'\"'";
        }
        String quoted = GoText.quote(Character.toString(point));
        return "'" + quoted.substring(1, quoted.length() - 1) + "'";
    }

    private void skipSpace() {
        while (position < text.length() && " \t\r\n".indexOf(text.charAt(position)) >= 0) {
            position++;
        }
    }

    private char peek() {
        if (position >= text.length()) {
            throw new Found(END);
        }
        return text.charAt(position);
    }

    private void value() {
        skipSpace();
        char next = peek();
        if (next == '{' || next == '[') {
            if (++depth > StrictJson.MAX_DEPTH) {
                throw new Found("exceeded max depth");
            }
            position++;
            if (next == '{') {
                object();
            } else {
                array();
            }
            depth--;
        } else if (next == '"') {
            string();
        } else if (next == '-' || (next >= '0' && next <= '9')) {
            number();
        } else if (next == 't') {
            literal("true");
        } else if (next == 'f') {
            literal("false");
        } else if (next == 'n') {
            literal("null");
        } else {
            throw bad("looking for beginning of value");
        }
    }

    private void object() {
        skipSpace();
        if (peek() == '}') {
            position++;
            return;
        }
        while (true) {
            skipSpace();
            if (peek() != '"') {
                throw bad("looking for beginning of object key string");
            }
            string();
            skipSpace();
            if (peek() != ':') {
                throw bad("after object key");
            }
            position++;
            value();
            skipSpace();
            char next = peek();
            if (next == '}') {
                position++;
                return;
            }
            if (next != ',') {
                throw bad("after object key:value pair");
            }
            position++;
        }
    }

    private void array() {
        skipSpace();
        if (peek() == ']') {
            position++;
            return;
        }
        while (true) {
            value();
            skipSpace();
            char next = peek();
            if (next == ']') {
                position++;
                return;
            }
            if (next != ',') {
                throw bad("after array element");
            }
            position++;
        }
    }

    private void string() {
        position++;
        while (true) {
            char next = peek();
            if (next == '"') {
                position++;
                return;
            }
            if (next < ' ') {
                throw bad("in string literal");
            }
            position++;
            if (next == '\\') {
                escape();
            }
        }
    }

    private void escape() {
        char next = peek();
        if (next == 'u') {
            position++;
            for (int i = 0; i < 4; i++, position++) {
                if (Character.digit(peek(), 16) < 0) {
                    throw bad("in \\u hexadecimal character escape");
                }
            }
        } else if ("bfnrt\\/\"".indexOf(next) >= 0) {
            position++;
        } else {
            throw bad("in string escape code");
        }
    }

    private void number() {
        if (peek() == '-') {
            position++;
            requireDigit("in numeric literal");
        }
        if (peek() == '0') {
            position++;
        } else {
            digits();
        }
        if (position < text.length() && text.charAt(position) == '.') {
            position++;
            requireDigit("after decimal point in numeric literal");
            digits();
        }
        if (position < text.length() && (text.charAt(position) | 0x20) == 'e') {
            position++;
            if (peek() == '+' || peek() == '-') {
                position++;
            }
            requireDigit("in exponent of numeric literal");
            digits();
        }
    }

    private void requireDigit(String context) {
        if (peek() < '0' || peek() > '9') {
            throw bad(context);
        }
    }

    private void digits() {
        while (position < text.length() && text.charAt(position) >= '0' && text.charAt(position) <= '9') {
            position++;
        }
    }

    private void literal(String word) {
        for (int i = 0; i < word.length(); i++, position++) {
            if (peek() != word.charAt(i)) {
                throw bad("in literal " + word + " (expecting " + show(word.charAt(i)) + ")");
            }
        }
    }
}
