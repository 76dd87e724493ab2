// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.runtime;

import java.util.Map;

/**
 * Kubernetes' {@code $(NAME)} expansion in commands, arguments and variables: {@code $(KNOWN)} becomes its value, {@code
 * $$} becomes {@code $} and shields what follows, an unknown name stays as it is written.
 */
public final class Expansion {
    private Expansion() {}

    /** Expands one text with the given variables. Pure. */
    public static String expand(String text, Map<String, String> variables) {
        StringBuilder out = new StringBuilder(text.length());
        int i = 0;
        while (i < text.length()) {
            char c = text.charAt(i);
            if (c != '$' || i + 1 == text.length()) {
                out.append(c);
                i++;
                continue;
            }
            char next = text.charAt(i + 1);
            if (next == '$') {
                out.append('$');
                i += 2;
                continue;
            }
            int end = next == '(' ? text.indexOf(')', i + 2) : -1;
            if (end < 0) {
                out.append(c);
                i++;
                continue;
            }
            String name = text.substring(i + 2, end);
            String value = variables.get(name);
            out.append(value == null ? text.substring(i, end + 1) : value);
            i = end + 1;
        }
        return out.toString();
    }
}
