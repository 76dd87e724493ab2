// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cel.common.values.CelByteString;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * JSON values as CEL sees them, by their schema: texts with a format of time, date, duration or bytes have that type,
 * names of declared fields are escaped, undeclared fields and nulls are not there. Of {@code metadata} at the root only
 * the name can be read. Pure.
 */
final class CelValues {
    private static final Set<String> RESERVED = Set.of(
            "true",
            "false",
            "null",
            "in",
            "as",
            "break",
            "const",
            "continue",
            "else",
            "for",
            "function",
            "if",
            "import",
            "let",
            "loop",
            "package",
            "namespace",
            "return",
            "var",
            "void",
            "while");
    private static final Pattern DURATION_PART = Pattern.compile("(\\d+(?:\\.\\d+)?)(ns|us|µs|ms|s|m|h)");

    private CelValues() {}

    /** The value of an object with kind and metadata, or of any part of it. */
    static Object of(JsonNode value, JsonNode schema, boolean isResource) {
        return switch (value.getNodeType()) {
            case OBJECT ->
                object(
                        value,
                        schema,
                        isResource
                                || schema.path("x-kubernetes-embedded-resource").asBoolean(false));
            case ARRAY -> {
                List<Object> list = new ArrayList<>(value.size());
                value.forEach(element -> list.add(of(element, schema.path("items"), false)));
                yield list;
            }
            case STRING -> text(value.textValue(), schema.path("format").asText(""));
            case BOOLEAN -> value.booleanValue();
            case NUMBER -> {
                if (schema.path("type").asText("").equals("number") || !value.isIntegralNumber()) {
                    yield value.doubleValue();
                }
                yield value.longValue();
            }
            default -> com.google.protobuf.NullValue.NULL_VALUE;
        };
    }

    private static Map<String, Object> object(JsonNode value, JsonNode schema, boolean isResource) {
        Map<String, Object> map = new LinkedHashMap<>();
        JsonNode properties = schema.path("properties");
        JsonNode additional = schema.path("additionalProperties");
        boolean open = properties.isEmpty() && !isResource;
        for (Map.Entry<String, JsonNode> entry : value.properties()) {
            String name = entry.getKey();
            JsonNode declared = properties.path(name);
            if (isResource && name.equals("metadata")) {
                map.put(name, metadata(entry.getValue()));
            } else if (isResource && (name.equals("apiVersion") || name.equals("kind"))) {
                map.put(name, entry.getValue().asText(""));
            } else if (entry.getValue().isNull()) {
                continue;
            } else if (declared.isObject()) {
                map.put(escape(name), of(entry.getValue(), declared, false));
            } else if (open) {
                map.put(name, of(entry.getValue(), additional, false));
            }
        }
        return map;
    }

    private static Map<String, Object> metadata(JsonNode metadata) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (String name : List.of("name", "generateName")) {
            if (metadata.path(name).isTextual()) {
                map.put(name, metadata.get(name).textValue());
            }
        }
        return map;
    }

    private static Object text(String text, String format) {
        try {
            return switch (format) {
                case "date-time", "datetime" -> RfcTime.parse(text, false);
                case "date" ->
                    LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant();
                case "byte" -> CelByteString.of(Base64.getDecoder().decode(text));
                case "duration" -> orText(duration(text), text);
                default -> text;
            };
        } catch (IllegalArgumentException | DateTimeException malformed) {
            return text;
        }
    }

    private static Object orText(@Nullable Duration duration, String text) {
        return duration == null ? text : duration;
    }

    private static @Nullable Duration duration(String text) {
        boolean negative = text.startsWith("-");
        String rest = negative || text.startsWith("+") ? text.substring(1) : text;
        if (rest.equals("0")) {
            return Duration.ZERO;
        }
        Matcher part = DURATION_PART.matcher(rest);
        int end = 0;
        double nanos = 0;
        while (part.find() && part.start() == end) {
            nanos += Double.parseDouble(part.group(1))
                    * switch (part.group(2)) {
                        case "ns" -> 1d;
                        case "us", "µs" -> 1e3;
                        case "ms" -> 1e6;
                        case "s" -> 1e9;
                        case "m" -> 60e9;
                        default -> 3600e9;
                    };
            end = part.end();
        }
        if (end == 0 || end != rest.length()) {
            return null;
        }
        Duration duration = Duration.ofNanos(Math.round(nanos));
        return negative ? duration.negated() : duration;
    }

    /** A field name as an identifier of CEL (KEP-2876, "Escaping"). */
    static String escape(String name) {
        if (RESERVED.contains(name)) {
            return "__" + name + "__";
        }
        return name.replace("__", "__underscores__")
                .replace(".", "__dot__")
                .replace("-", "__dash__")
                .replace("/", "__slash__");
    }
}
