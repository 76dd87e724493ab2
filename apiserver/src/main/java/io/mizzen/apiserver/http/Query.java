// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.http;

import io.mizzen.api.status.StatusException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The query parameters of a request, decoded, in the order sent. Immutable.
 *
 * @param values by name
 */
public record Query(Map<String, List<String>> values) {

    /** No parameters. */
    public static final Query EMPTY = new Query(Map.of());

    /** Parses the part after the question mark; null means none. */
    public static Query parse(@Nullable String text) {
        if (text == null || text.isEmpty()) {
            return EMPTY;
        }
        Map<String, List<String>> values = new LinkedHashMap<>();
        for (String pair : text.split("&")) {
            if (pair.isEmpty()) {
                continue;
            }
            int equals = pair.indexOf('=');
            String name = decode(equals < 0 ? pair : pair.substring(0, equals));
            String value = equals < 0 ? "" : decode(pair.substring(equals + 1));
            values.computeIfAbsent(name, key -> new ArrayList<>()).add(value);
        }
        return new Query(values);
    }

    private static String decode(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException malformed) {
            throw StatusException.badRequest("invalid URL escape in query: " + text);
        }
    }

    /** The first value, or the empty string. */
    public String text(String name) {
        List<String> all = values.get(name);
        return all == null ? "" : all.getFirst();
    }

    public List<String> all(String name) {
        return values.getOrDefault(name, List.of());
    }

    public boolean has(String name) {
        return values.containsKey(name);
    }

    /** A boolean as upstream reads it: present and neither {@code false} nor {@code 0}. */
    public boolean flag(String name) {
        List<String> all = values.get(name);
        if (all == null) {
            return false;
        }
        String value = all.getFirst();
        return !value.equalsIgnoreCase("false") && !value.equals("0");
    }

    /** A whole number, or null when absent or empty; anything else is a 400. */
    public @Nullable Long number(String name) {
        String value = text(name);
        if (value.isEmpty()) {
            return null;
        }
        try {
            return Long.parseLong(value);
        } catch (NumberFormatException malformed) {
            throw StatusException.badRequest("strconv.ParseInt: parsing \"" + value + "\": invalid syntax");
        }
    }
}
