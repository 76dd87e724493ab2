// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.tree;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * JSON trees in and out. Objects stay trees of {@link JsonNode} from the wire to the printer: no class of any kind is bound, which
 * keeps the start short and lets kinds pass that this program has never heard of. The mapper of Jackson is not used, only its
 * parser and node classes. Stateless.
 */
public final class Json {
    /** Makes nodes. */
    public static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(64 * 1024 * 1024)
                    .build())
            .build();

    private Json() {}

    /** A new empty object. */
    public static ObjectNode object() {
        return new ObjectNode(NODES);
    }

    /** A new empty list. */
    public static ArrayNode array() {
        return new ArrayNode(NODES);
    }

    /** Reads one value. @throws UncheckedIOException when it is not JSON */
    public static JsonNode parse(String text) {
        try (JsonParser parser = FACTORY.createParser(new StringReader(text))) {
            return read(parser, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads one value from UTF-8 bytes. @throws UncheckedIOException when they are not JSON */
    public static JsonNode parse(byte[] bytes) {
        try (JsonParser parser = FACTORY.createParser(bytes)) {
            return read(parser, "");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonNode read(JsonParser parser, String text) throws IOException {
        if (parser.nextToken() == null) {
            throw new IOException("unexpected end of JSON input" + (text.isBlank() ? "" : " in " + text));
        }
        return value(parser);
    }

    /** A reader of one value after the other, as a watch sends them; nothing is read before the first {@link Stream#next}. */
    public static Stream stream(InputStream in) {
        return new Stream(in);
    }

    /** Values one after the other from one connection. Used by one thread. */
    public static final class Stream {
        private final InputStream in;
        private @Nullable JsonParser parser;

        private Stream(InputStream in) {
            this.in = in;
        }

        /** The next value, or null at the end; blocks until the server sends one. */
        public @Nullable JsonNode next() throws IOException {
            JsonParser open = parser;
            if (open == null) {
                open = FACTORY.createParser(in);
                parser = open;
            }
            return open.nextToken() == null ? null : value(open);
        }

        /** How many bytes the values so far took. */
        public int offset() {
            JsonParser open = parser;
            return open == null ? 0 : (int) open.currentLocation().getByteOffset();
        }
    }

    private static JsonNode value(JsonParser parser) throws IOException {
        JsonToken token = parser.currentToken();
        return switch (token) {
            case START_OBJECT -> {
                ObjectNode object = object();
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    String name = parser.currentName();
                    parser.nextToken();
                    object.set(name, value(parser));
                }
                yield object;
            }
            case START_ARRAY -> {
                ArrayNode array = array();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    array.add(value(parser));
                }
                yield array;
            }
            case VALUE_STRING -> NODES.textNode(parser.getText());
            case VALUE_NUMBER_INT -> integer(parser);
            case VALUE_NUMBER_FLOAT -> NODES.numberNode(parser.getDoubleValue());
            case VALUE_TRUE -> NODES.booleanNode(true);
            case VALUE_FALSE -> NODES.booleanNode(false);
            default -> NODES.nullNode();
        };
    }

    private static JsonNode integer(JsonParser parser) throws IOException {
        if (parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
            BigInteger big = parser.getBigIntegerValue();
            return NODES.numberNode(big.doubleValue());
        }
        return NODES.numberNode(parser.getLongValue());
    }

    /** One line, keys sorted, angle brackets and ampersands escaped, as the server's language writes it. */
    public static String compact(JsonNode node) {
        StringBuilder out = new StringBuilder(256);
        write(out, node, -1, true);
        return out.toString();
    }

    /** Many lines indented by four blanks; keys sorted, or in the order that they were put in. */
    public static String pretty(JsonNode node, boolean sorted) {
        StringBuilder out = new StringBuilder(1024);
        write(out, node, 0, sorted);
        return out.toString();
    }

    private static void write(StringBuilder out, JsonNode node, int depth, boolean sorted) {
        if (node.isObject()) {
            writeObject(out, node, depth, sorted);
        } else if (node.isArray()) {
            writeArray(out, node, depth, sorted);
        } else if (node.isTextual()) {
            quote(out, node.textValue());
        } else if (node.isFloatingPointNumber()) {
            out.append(number(node.doubleValue()));
        } else if (node.isMissingNode()) {
            out.append("null");
        } else {
            out.append(node.asText());
        }
    }

    private static void writeObject(StringBuilder out, JsonNode node, int depth, boolean sorted) {
        if (node.isEmpty()) {
            out.append("{}");
            return;
        }
        int inner = depth < 0 ? -1 : depth + 1;
        String separator = "{";
        for (String key : sorted ? sortedKeys(node) : keys(node)) {
            out.append(separator);
            line(out, inner);
            quote(out, key);
            out.append(depth < 0 ? ":" : ": ");
            write(out, node.path(key), inner, sorted);
            separator = ",";
        }
        line(out, depth);
        out.append('}');
    }

    private static void writeArray(StringBuilder out, JsonNode node, int depth, boolean sorted) {
        if (node.isEmpty()) {
            out.append("[]");
            return;
        }
        int inner = depth < 0 ? -1 : depth + 1;
        String separator = "[";
        for (JsonNode item : node) {
            out.append(separator);
            line(out, inner);
            write(out, item, inner, sorted);
            separator = ",";
        }
        line(out, depth);
        out.append(']');
    }

    private static void line(StringBuilder out, int depth) {
        if (depth >= 0) {
            out.append('\n').repeat("    ", depth);
        }
    }

    /** The keys of an object in their own order. */
    public static List<String> keys(JsonNode node) {
        List<String> keys = new ArrayList<>(node.size());
        for (Map.Entry<String, JsonNode> field : node.properties()) {
            keys.add(field.getKey());
        }
        return keys;
    }

    /** The keys of an object in the order of their characters. */
    public static List<String> sortedKeys(JsonNode node) {
        List<String> keys = keys(node);
        Collections.sort(keys);
        return keys;
    }

    /** Appends {@code text} as a JSON string. */
    public static void quote(StringBuilder out, String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                default -> {
                    if (c < 0x20 || c == '<' || c == '>' || c == '&' || c == 0x2028 || c == 0x2029) {
                        out.append(String.format("\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }

    /** A fraction as the server's language prints it: no exponent between 1e-6 and 1e21, no needless zeros. */
    public static String number(double value) {
        if (value == Math.rint(value) && Math.abs(value) < 1e15) {
            return Long.toString((long) value);
        }
        double size = Math.abs(value);
        BigDecimal exact = new BigDecimal(Double.toString(value)).stripTrailingZeros();
        if (size >= 1e-6 && size < 1e21) {
            return exact.toPlainString();
        }
        String digits = exact.unscaledValue().abs().toString();
        int exponent = digits.length() - 1 - exact.scale();
        String mantissa = digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
        String sign = exponent < 0 ? "-" : "+";
        int shown = Math.abs(exponent);
        return (value < 0 ? "-" : "") + mantissa + "e" + sign + (shown < 10 ? "0" : "") + shown;
    }

    /** The value at a path of names; a missing node when there is none. */
    public static JsonNode at(JsonNode node, String... path) {
        JsonNode here = node;
        for (String name : path) {
            here = here.path(name);
        }
        return here;
    }

    /** The text at a path; empty when there is none. Numbers and truth values come as text. */
    public static String text(JsonNode node, String... path) {
        JsonNode found = at(node, path);
        return found.isValueNode() && !found.isNull() ? show(found) : "";
    }

    /** A scalar as text, without quotes. */
    public static String show(JsonNode scalar) {
        return scalar.isFloatingPointNumber() ? number(scalar.doubleValue()) : scalar.asText();
    }

    /** The whole number at a path; 0 when there is none. */
    public static long number(JsonNode node, String... path) {
        return at(node, path).asLong(0);
    }

    /** The object at a path, made when there is none. */
    public static ObjectNode child(ObjectNode node, String... path) {
        ObjectNode here = node;
        for (String name : path) {
            JsonNode next = here.get(name);
            if (next instanceof ObjectNode object) {
                here = object;
            } else {
                ObjectNode made = object();
                here.set(name, made);
                here = made;
            }
        }
        return here;
    }

    /** {@code metadata.name}. */
    public static String name(JsonNode object) {
        return text(object, "metadata", "name");
    }

    /** {@code metadata.namespace}. */
    public static String namespace(JsonNode object) {
        return text(object, "metadata", "namespace");
    }
}
