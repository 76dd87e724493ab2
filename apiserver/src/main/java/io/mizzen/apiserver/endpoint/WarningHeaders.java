// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.endpoint;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;

/** Texts to values of {@code Warning} headers (RFC 2616 14.46), bounded as upstream bounds them. */
final class WarningHeaders {
    /** Characters of all warnings together; beyond, each is cut. */
    private static final int TOTAL = 4096;

    private static final int EACH = 256;

    private WarningHeaders() {}

    /** The values, each text once; one with control characters cannot be told and is left out. */
    static List<String> of(List<String> warnings) {
        List<String> texts = new ArrayList<>(new LinkedHashSet<>(warnings));
        texts.removeIf(text -> text.chars().anyMatch(Character::isISOControl));
        boolean cut = texts.stream().mapToInt(String::length).sum() > TOTAL;
        List<String> values = new ArrayList<>();
        int told = 0;
        for (String text : texts) {
            String shown = cut && text.length() > EACH ? text.substring(0, EACH) : text;
            told += shown.length();
            if (told > TOTAL) {
                break;
            }
            values.add("299 - \"" + shown.replace("\\", "\\\\").replace("\"", "\\\"") + "\"");
        }
        return values;
    }
}
