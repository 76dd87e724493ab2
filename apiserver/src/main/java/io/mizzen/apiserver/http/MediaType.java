// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.http;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A media type with parameters, as in Accept and Content-Type.
 *
 * @param type {@code application/json}, in lower case
 * @param parameters by lower-case name, without {@code q}
 * @param quality preference between 0 and 1
 */
public record MediaType(String type, Map<String, String> parameters, double quality) {
    public static final String JSON = "application/json";
    public static final String YAML = "application/yaml";

    /** Parses an Accept header, most preferred first; empty text accepts anything. */
    public static List<MediaType> parseAccept(String header) {
        List<MediaType> types = new ArrayList<>();
        for (String part : header.split(",")) {
            if (!part.isBlank()) {
                types.add(parse(part));
            }
        }
        if (types.isEmpty()) {
            types.add(new MediaType("*/*", Map.of(), 1));
        }
        types.sort(Comparator.comparingDouble(MediaType::quality).reversed());
        return types;
    }

    /** Parses one media type. */
    public static MediaType parse(String text) {
        String[] parts = text.split(";");
        Map<String, String> parameters = new HashMap<>();
        double quality = 1;
        for (int i = 1; i < parts.length; i++) {
            int equals = parts[i].indexOf('=');
            if (equals < 0) {
                continue;
            }
            String name = parts[i].substring(0, equals).strip().toLowerCase(Locale.ROOT);
            String value = parts[i].substring(equals + 1).strip().replace("\"", "");
            if (name.equals("q")) {
                quality = parseQuality(value);
            } else {
                parameters.put(name, value);
            }
        }
        return new MediaType(parts[0].strip().toLowerCase(Locale.ROOT), Map.copyOf(parameters), quality);
    }

    private static double parseQuality(String value) {
        try {
            return Double.parseDouble(value);
        } catch (NumberFormatException malformed) {
            return 1;
        }
    }

    public String parameter(String name) {
        return parameters.getOrDefault(name, "");
    }

    public boolean acceptsJson() {
        return type.equals(JSON) || type.equals("*/*") || type.equals("application/*");
    }
}
