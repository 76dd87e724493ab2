// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.schema;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonStreamContext;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads JSON as the API server's clients are used to: field names are case-sensitive, of duplicate fields the last one
 * counts and each is reported, malformed UTF-8 becomes U+FFFD, and what is malformed is described in the words of Go's
 * {@code encoding/json}. Nesting is bounded. Pure.
 */
public final class StrictJson {
    /** Deepest nesting of objects and lists that is read. */
    public static final int MAX_DEPTH = 500;

    private static final int MAX_DUPLICATES = 100;
    private static final int MAX_NUMBER_LENGTH = 400;
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxNumberLength(MAX_NUMBER_LENGTH)
                    .maxStringLength(Integer.MAX_VALUE)
                    .maxNameLength(Integer.MAX_VALUE)
                    .build())
            .configure(JsonFactory.Feature.INTERN_FIELD_NAMES, false)
            .build();

    private StrictJson() {}

    /**
     * What was read.
     *
     * @param value the tree
     * @param duplicateFields paths of fields that were given more than once ({@code spec.replicas}), at most 100
     */
    public record Parsed(JsonNode value, List<String> duplicateFields) {
        public Parsed {
            duplicateFields = List.copyOf(duplicateFields);
        }
    }

    /** JSON that cannot be read; the message is one line in Go's words, without a prefix. */
    public static final class JsonSyntaxException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        JsonSyntaxException(String message) {
            super(message, null, false, false);
        }
    }

    /**
     * Reads one JSON value from UTF-8.
     *
     * @throws JsonSyntaxException when it is malformed or too deep
     */
    public static Parsed parse(byte[] json) {
        return parse(new String(json, StandardCharsets.UTF_8));
    }

    /**
     * Reads one JSON value.
     *
     * @throws JsonSyntaxException when it is malformed or too deep
     */
    public static Parsed parse(String json) {
        List<String> duplicates = new ArrayList<>();
        try (JsonParser parser = FACTORY.createParser(json)) {
            if (parser.nextToken() == null) {
                throw new JsonSyntaxException("unexpected end of JSON input");
            }
            JsonNode value = read(parser, duplicates);
            if (parser.nextToken() != null) {
                throw new JsonSyntaxException(JsonSyntax.describe(json));
            }
            return new Parsed(value, duplicates);
        } catch (StreamConstraintsException bound) {
            boolean depth = String.valueOf(bound.getMessage()).contains("depth");
            throw new JsonSyntaxException(depth ? "exceeded max depth" : "number is too long");
        } catch (IOException malformed) {
            throw new JsonSyntaxException(JsonSyntax.describe(json));
        }
    }

    private static JsonNode read(JsonParser parser, List<String> duplicates) throws IOException {
        return switch (parser.currentToken()) {
            case START_OBJECT -> readObject(parser, duplicates);
            case START_ARRAY -> {
                ArrayNode array = NODES.arrayNode();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    array.add(read(parser, duplicates));
                }
                yield array;
            }
            case VALUE_STRING -> NODES.textNode(parser.getText());
            case VALUE_NUMBER_INT -> readInteger(parser);
            case VALUE_NUMBER_FLOAT -> NODES.numberNode(parser.getDoubleValue());
            case VALUE_TRUE -> NODES.booleanNode(true);
            case VALUE_FALSE -> NODES.booleanNode(false);
            case VALUE_NULL -> NODES.nullNode();
            case null, default -> throw new JsonSyntaxException("unexpected end of JSON input");
        };
    }

    private static ObjectNode readObject(JsonParser parser, List<String> duplicates) throws IOException {
        ObjectNode object = NODES.objectNode();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            if (object.has(name) && duplicates.size() < MAX_DUPLICATES) {
                String path = path(parser.getParsingContext());
                if (!duplicates.contains(path)) {
                    duplicates.add(path);
                }
            }
            parser.nextToken();
            object.set(name, read(parser, duplicates));
        }
        return object;
    }

    private static JsonNode readInteger(JsonParser parser) throws IOException {
        return switch (parser.getNumberType()) {
            case INT -> NODES.numberNode(parser.getIntValue());
            case LONG -> NODES.numberNode(parser.getLongValue());
            default -> NODES.numberNode(parser.getBigIntegerValue());
        };
    }

    /** The path of the field the parser stands at, in the form {@code spec.containers[0].name}. */
    private static String path(JsonStreamContext context) {
        List<JsonStreamContext> chain = new ArrayList<>();
        for (JsonStreamContext at = context; at != null && !at.inRoot(); at = at.getParent()) {
            chain.addFirst(at);
        }
        StringBuilder path = new StringBuilder();
        for (JsonStreamContext at : chain) {
            if (at.inArray()) {
                path.append('[').append(at.getCurrentIndex()).append(']');
            } else {
                path.append(path.isEmpty() ? "" : ".").append(at.getCurrentName());
            }
        }
        return path.toString();
    }
}
