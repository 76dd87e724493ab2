// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.schema;

/** Checks base64 as Go's {@code base64.StdEncoding} does: padding is required, line breaks are skipped. Pure. */
final class GoBase64 {
    private static final String ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    private static final boolean[] KNOWN = new boolean[128];

    static {
        ALPHABET.chars().forEach(letter -> KNOWN[letter] = true);
    }

    private GoBase64() {}

    /**
     * The text without line breaks; the same object if it has none.
     *
     * @throws IllegalArgumentException in Go's words when it is not base64
     */
    static String canonical(String text) {
        String compact = text.indexOf('\n') < 0 && text.indexOf('\r') < 0
                ? text
                : text.replace("\n", "").replace("\r", "");
        int length = compact.length();
        int end = length;
        while (end > 0 && length - end < 2 && compact.charAt(end - 1) == '=') {
            end--;
        }
        for (int i = 0; i < end; i++) {
            char letter = compact.charAt(i);
            if (letter >= KNOWN.length || !KNOWN[letter]) {
                throw illegal(i);
            }
        }
        int rest = end % 4;
        int padding = length - end;
        if (rest == 1 || (rest + padding) % 4 != 0 || (rest == 0 && padding > 0)) {
            throw illegal(rest == 0 ? end : length);
        }
        return compact;
    }

    private static IllegalArgumentException illegal(int position) {
        return new IllegalArgumentException("illegal base64 data at input byte " + position);
    }
}
