// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.tree;

/**
 * What kind of quoting a string allows, found in one pass over its characters by the rules of the usual YAML emitter.
 *
 * @param plain may stand without quotes in a block
 * @param single may stand in single quotes
 * @param block may stand as a literal block
 * @param multiline has a line feed
 * @param ambiguous without quotes it would be read as something other than a string
 */
record YamlText(boolean plain, boolean single, boolean block, boolean multiline, boolean ambiguous) {

    enum Style {
        PLAIN,
        SINGLE,
        DOUBLE,
        LITERAL
    }

    /** The style for this string; a simple key ({@code mayBreak} false) can't be a block. */
    Style style(boolean mayBreak) {
        if (multiline) {
            return block && mayBreak ? Style.LITERAL : Style.DOUBLE;
        }
        if (ambiguous) {
            return Style.DOUBLE;
        }
        if (plain) {
            return Style.PLAIN;
        }
        return single ? Style.SINGLE : Style.DOUBLE;
    }

    static YamlText of(String text) {
        if (text.isEmpty()) {
            return new YamlText(false, true, false, false, true);
        }
        Scan scan = new Scan(text);
        scan.run();
        boolean plain = !scan.leadingSpace && !scan.leadingBreak && !scan.trailingSpace && !scan.trailingBreak;
        boolean single = true;
        boolean block = !scan.trailingSpace;
        if (scan.breakSpace) {
            plain = false;
            single = false;
        }
        if (scan.spaceBreak || scan.special) {
            plain = false;
            single = false;
            block = false;
        }
        if (scan.lineBreaks || scan.indicator) {
            plain = false;
        }
        return new YamlText(plain, single, block, scan.lineBreaks, Scalars.needsQuotes(text));
    }

    static boolean isPrintable(int c) {
        return c == 0x0A
                || c >= 0x20 && c <= 0x7E
                || c >= 0xA0 && c <= 0xD7FF
                || c >= 0xE000 && c <= 0xFFFD && c != 0xFEFF
                || c >= 0x10000 && c <= 0x10FFFF;
    }

    private static final class Scan {
        private final String text;
        private boolean leadingSpace;
        private boolean leadingBreak;
        private boolean trailingSpace;
        private boolean trailingBreak;
        private boolean breakSpace;
        private boolean spaceBreak;
        private boolean previousSpace;
        private boolean previousBreak;
        private boolean lineBreaks;
        private boolean special;
        private boolean indicator;

        Scan(String text) {
            this.text = text;
        }

        void run() {
            indicator = text.startsWith("---") || text.startsWith("...");
            boolean preceded = true;
            boolean followed = text.length() == 1 || isBlank(text.charAt(1));
            for (int i = 0; i < text.length(); ) {
                int c = text.codePointAt(i);
                int next = i + Character.charCount(c);
                indicators(i == 0, c, preceded, followed);
                special |= !isPrintable(c);
                spaces(i == 0, c, next >= text.length());
                preceded = c < 0x10000 && isBlank((char) c);
                i = next;
                followed = i < text.length() && (i + 1 >= text.length() || isBlank(text.charAt(i + 1)));
            }
        }

        private void indicators(boolean first, int c, boolean preceded, boolean followed) {
            if (first) {
                switch (c) {
                    case '#', ',', '[', ']', '{', '}', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`' ->
                        indicator = true;
                    case '?', ':', '-' -> indicator |= followed;
                    default -> {}
                }
            } else {
                switch (c) {
                    case ':' -> indicator |= followed;
                    case '#' -> indicator |= preceded;
                    default -> {}
                }
            }
        }

        private void spaces(boolean first, int c, boolean last) {
            boolean isBreak = c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029;
            if (c == ' ') {
                leadingSpace |= first;
                trailingSpace |= last;
                breakSpace |= previousBreak;
                previousSpace = true;
                previousBreak = false;
            } else if (isBreak) {
                lineBreaks = true;
                leadingBreak |= first;
                trailingBreak |= last;
                spaceBreak |= previousSpace;
                previousSpace = false;
                previousBreak = true;
            } else {
                previousSpace = false;
                previousBreak = false;
            }
        }

        private static boolean isBlank(char c) {
            return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029;
        }
    }
}
