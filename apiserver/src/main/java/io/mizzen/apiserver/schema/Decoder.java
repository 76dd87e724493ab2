// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.name.GroupVersionKind;
import io.mizzen.api.quantity.Quantity;
import io.mizzen.api.schema.Schema;
import io.mizzen.api.schema.Schema.Type;
import io.mizzen.api.status.StatusException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Turns a parsed body into the canonical tree of a built-in kind, as decoding into upstream's typed object and encoding
 * it again would: wrong types are refused in Go's words, unknown fields are left out and reported, nulls and empty
 * optional lists and maps are left out, quantities, times and base64 are written in their canonical form. Pure; the
 * input is not changed and shares no container with the output.
 */
public final class Decoder {
    private static final int MAX_UNKNOWN = 100;
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final String SCHEMA_OR = "JSONSchemaPropsOr";

    private final List<String> unknown = new ArrayList<>();

    private Decoder() {}

    /**
     * What was decoded.
     *
     * @param object the canonical tree
     * @param unknownFields paths of fields that the kind does not have ({@code spec.containers[0].x}), at most 100
     */
    public record Decoded(ObjectNode object, List<String> unknownFields) {
        public Decoded {
            unknownFields = List.copyOf(unknownFields);
        }
    }

    /** A way to a value: up the parents to the root. */
    private record Step(@Nullable Step parent, @Nullable Schema struct, String key, int index) {}

    /** A value of the wrong type or form; the message is complete but for the kind. */
    private static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final String detail;

        Refused(String detail) {
            super(detail, null, false, false);
            this.detail = detail;
        }
    }

    /**
     * Decodes an object of a built-in kind.
     *
     * @param raw the parsed body
     * @param schema shape of {@code kind}
     * @param kind named in failures
     * @throws StatusException BadRequest when a value has the wrong type or form
     */
    public static Decoded decode(JsonNode raw, Schema schema, GroupVersionKind kind) {
        Decoder decoder = new Decoder();
        try {
            if (!raw.isObject()) {
                throw decoder.mismatch(raw, goType(schema), null);
            }
            return new Decoded(decoder.struct((ObjectNode) raw, schema, null), decoder.unknown);
        } catch (Refused refused) {
            throw cannotHandle(kind, refused.detail);
        }
    }

    /**
     * Decodes a part of a custom object that has a built-in type: {@code metadata}.
     *
     * @param holder schema of a struct that holds the part, to be named in failures
     * @param name field of the part
     * @param unknownFields gets the paths of unknown fields, below {@code path}
     */
    static ObjectNode decodePart(
            JsonNode raw,
            Schema schema,
            Schema holder,
            String name,
            String path,
            GroupVersionKind kind,
            List<String> unknownFields) {
        Decoder decoder = new Decoder();
        Step step = new Step(null, holder, name, -1);
        try {
            if (!raw.isObject()) {
                throw decoder.mismatch(raw, goType(schema), step);
            }
            ObjectNode decoded = decoder.struct((ObjectNode) raw, schema, step);
            decoder.unknown.forEach(field -> unknownFields.add(path + field.substring(name.length())));
            return decoded;
        } catch (Refused refused) {
            throw cannotHandle(kind, refused.detail);
        }
    }

    /** The failure of a body that does not fit {@code kind}. */
    public static StatusException cannotHandle(GroupVersionKind kind, String detail) {
        return StatusException.badRequest(prefix(kind) + detail);
    }

    private static String prefix(GroupVersionKind kind) {
        return kind.kind() + " in version \"" + kind.version() + "\" cannot be handled as a " + kind.kind() + ": ";
    }

    /** What was wrong with a body, without the words of {@link #cannotHandle} around it. */
    public static String detail(GroupVersionKind kind, StatusException failure) {
        String message = String.valueOf(failure.getMessage());
        String prefix = prefix(kind);
        return message.startsWith(prefix) ? message.substring(prefix.length()) : message;
    }

    /**
     * The messages of strict decoding, in the order in which upstream tells them; each is also the text of a Warning.
     */
    public static List<String> strictMessages(List<String> duplicateFields, List<String> unknownFields) {
        List<String> messages = new ArrayList<>();
        duplicateFields.forEach(path -> messages.add("duplicate field " + GoText.quote(path)));
        unknownFields.forEach(path -> messages.add("unknown field " + GoText.quote(path)));
        return messages;
    }

    /** The failure under {@code fieldValidation=Strict}. */
    public static StatusException strictFailure(GroupVersionKind kind, List<String> strictMessages) {
        return cannotHandle(
                kind, "strict decoding error: " + strictMessages.stream().collect(Collectors.joining(", ")));
    }

    private JsonNode value(JsonNode raw, Schema schema, Step step) {
        if (schema.isQuantity()) {
            return quantity(raw);
        }
        return switch (schema.type()) {
            case OBJECT -> object(raw, schema, step);
            case ARRAY -> array(raw, schema, step);
            case STRING -> string(raw, schema, step);
            case INTEGER -> integer(raw, schema, step);
            case NUMBER -> Numbers.whole(check(raw.isNumber(), raw, schema, step));
            case BOOLEAN -> check(raw.isBoolean(), raw, schema, step);
            case INT_OR_STRING -> raw.isTextual() ? raw : integer(raw, schema, step);
            case ANY -> any(raw, schema, step);
        };
    }

    private JsonNode check(boolean fits, JsonNode raw, Schema schema, Step step) {
        if (!fits) {
            throw mismatch(raw, goType(schema), step);
        }
        return raw;
    }

    private JsonNode object(JsonNode raw, Schema schema, Step step) {
        if (schema.preservesUnknownFields() && schema.propertyNames().isEmpty()) {
            return Numbers.copy(raw);
        }
        if (!raw.isObject()) {
            throw mismatch(raw, goType(schema), step);
        }
        return schema.isMap() ? map((ObjectNode) raw, schema, step) : struct((ObjectNode) raw, schema, step);
    }

    private ObjectNode struct(ObjectNode raw, Schema schema, @Nullable Step step) {
        ObjectNode decoded = NODES.objectNode();
        for (Map.Entry<String, JsonNode> entry : raw.properties()) {
            String name = entry.getKey();
            JsonNode value = entry.getValue();
            Schema field = schema.property(name);
            if (field == null) {
                reportUnknown(new Step(step, schema, name, -1));
            } else if (!value.isNull()) {
                JsonNode result = value(value, field, new Step(step, schema, name, -1));
                boolean collection = field.type() == Type.ARRAY || field.isMap();
                if (!(collection && result.isEmpty() && result.isContainerNode())
                        || schema.required().contains(name)) {
                    decoded.set(name, result);
                }
            }
        }
        return decoded;
    }

    private void reportUnknown(Step step) {
        if (unknown.size() < MAX_UNKNOWN) {
            unknown.add(path(step));
        }
    }

    private ObjectNode map(ObjectNode raw, Schema schema, Step step) {
        Schema values = schema.additionalProperties();
        ObjectNode decoded = NODES.objectNode();
        for (Map.Entry<String, JsonNode> entry : raw.properties()) {
            JsonNode value = entry.getValue();
            if (values == null) {
                decoded.set(entry.getKey(), Numbers.copy(value));
            } else if (value.isNull()) {
                decoded.set(entry.getKey(), zero(values));
            } else {
                JsonNode result = value(value, values, new Step(step, null, entry.getKey(), -1));
                decoded.set(entry.getKey(), values.isQuantity() ? roundToMilli(result) : result);
            }
        }
        return decoded;
    }

    private static JsonNode roundToMilli(JsonNode quantity) {
        String text = quantity.textValue();
        char last = text.charAt(text.length() - 1);
        // Only these forms can be more precise than the thousandths that a resource list keeps.
        boolean precise = last == 'n' || last == 'u' || text.indexOf('e') >= 0;
        return precise ? NODES.textNode(Quantity.parse(text).roundUpToMilli().toString()) : quantity;
    }

    private JsonNode array(JsonNode raw, Schema schema, Step step) {
        if (!raw.isArray()) {
            throw mismatch(raw, goType(schema), step);
        }
        Schema items = schema.items();
        ArrayNode decoded = NODES.arrayNode(raw.size());
        int index = 0;
        for (JsonNode element : raw) {
            if (items == null) {
                decoded.add(Numbers.copy(element));
            } else if (element.isNull()) {
                decoded.add(zero(items));
            } else {
                decoded.add(value(element, items, new Step(step, null, "", index)));
            }
            index++;
        }
        return decoded;
    }

    /** What a null becomes where Go has a value: in lists and maps. */
    private static JsonNode zero(Schema schema) {
        if (schema.isQuantity()) {
            return NODES.textNode("0");
        }
        return switch (schema.type()) {
            case STRING -> schema.format().equals("date-time") ? NODES.nullNode() : NODES.textNode("");
            case INTEGER, NUMBER, INT_OR_STRING -> NODES.numberNode(0L);
            case BOOLEAN -> NODES.booleanNode(false);
            case OBJECT -> schema.isMap() ? NODES.nullNode() : NODES.objectNode();
            case ARRAY, ANY -> NODES.nullNode();
        };
    }

    private JsonNode quantity(JsonNode raw) {
        String text = raw.isTextual() ? raw.textValue() : raw.isContainerNode() ? raw.toString() : raw.asText();
        try {
            String canonical = Quantity.parse(text.strip()).toString();
            return raw.isTextual() && canonical.equals(text) ? raw : NODES.textNode(canonical);
        } catch (IllegalArgumentException invalid) {
            throw new Refused(String.valueOf(invalid.getMessage()));
        }
    }

    private JsonNode string(JsonNode raw, Schema schema, Step step) {
        if (!raw.isTextual()) {
            throw mismatch(raw, goType(schema), step);
        }
        String text = raw.textValue();
        try {
            String canonical = switch (schema.format()) {
                case "date-time" -> RfcTime.normalise(text, schema.simpleName().equals("MicroTime"));
                case "byte" -> GoBase64.canonical(text);
                default -> text;
            };
            return canonical.equals(text) ? raw : NODES.textNode(canonical);
        } catch (IllegalArgumentException invalid) {
            throw new Refused(String.valueOf(invalid.getMessage()));
        }
    }

    private JsonNode integer(JsonNode raw, Schema schema, Step step) {
        if (!raw.isNumber()) {
            throw mismatch(raw, goType(schema), step);
        }
        boolean fits = raw.isIntegralNumber()
                && (schema.format().equals("int64") ? raw.canConvertToLong() : raw.canConvertToInt());
        if (!fits) {
            throw mismatch("number " + raw.asText(), goType(schema), step);
        }
        return Numbers.canonical(raw);
    }

    private JsonNode any(JsonNode raw, Schema schema, Step step) {
        Schema struct = enclosingStruct(step);
        if (struct == null || !schema.simpleName().startsWith(SCHEMA_OR)) {
            return Numbers.copy(raw);
        }
        // The three unions of JSON Schema hold schemas of the kind that encloses them.
        if (raw.isObject()) {
            return struct((ObjectNode) raw, struct, step);
        }
        String type = goType(schema);
        boolean array = raw.isArray() && !type.endsWith("OrBool");
        if (!array && !(raw.isBoolean() && type.endsWith("OrBool"))) {
            throw new Refused("json: cannot unmarshal " + GoText.jsonKind(raw) + " into Go value of type " + type);
        }
        if (!raw.isArray() || type.endsWith("StringArray")) {
            return Numbers.copy(raw);
        }
        ArrayNode decoded = NODES.arrayNode();
        int index = 0;
        for (JsonNode element : raw) {
            Step at = new Step(step, null, "", index++);
            decoded.add(element.isObject() ? struct((ObjectNode) element, struct, at) : element);
        }
        return decoded;
    }

    private static @Nullable Schema enclosingStruct(@Nullable Step step) {
        for (Step at = step; at != null; at = at.parent) {
            if (at.struct != null) {
                return at.struct;
            }
        }
        return null;
    }

    private Refused mismatch(JsonNode raw, String goType, @Nullable Step step) {
        return mismatch(GoText.jsonKind(raw), goType, step);
    }

    private Refused mismatch(String found, String goType, @Nullable Step step) {
        Schema struct = enclosingStruct(step);
        if (struct == null) {
            return new Refused("json: cannot unmarshal " + found + " into Go value of type " + goType);
        }
        List<String> fields = new ArrayList<>();
        for (Step at = step; at != null; at = at.parent) {
            if (at.struct != null) {
                fields.addFirst(at.key);
            }
        }
        return new Refused("json: cannot unmarshal " + found + " into Go struct field " + struct.simpleName() + "."
                + String.join(".", fields) + " of type " + goType);
    }

    private static String goType(Schema schema) {
        return switch (schema.type()) {
            case STRING -> schema.format().equals("byte") ? "[]uint8" : "string";
            case INTEGER -> schema.format().equals("int64") ? "int64" : "int32";
            case INT_OR_STRING -> "int32";
            case NUMBER -> "float64";
            case BOOLEAN -> "bool";
            case ARRAY -> "[]" + goTypeOrAny(schema.items());
            case OBJECT, ANY -> objectType(schema);
        };
    }

    private static String goTypeOrAny(@Nullable Schema schema) {
        if (schema == null) {
            return "interface {}";
        }
        return schema.isQuantity() ? "resource.Quantity" : goType(schema);
    }

    private static String objectType(Schema schema) {
        Schema values = schema.additionalProperties();
        if (values != null && schema.isMap()) {
            return values.isQuantity() ? "v1.ResourceList" : "map[string]" + goTypeOrAny(values);
        }
        String[] parts = schema.name().split("\\.");
        return parts.length < 2 ? "map[string]interface {}" : parts[parts.length - 2] + "." + parts[parts.length - 1];
    }

    /** The path with indexes, in the form {@code spec.containers[0].name}. */
    private static String path(Step step) {
        List<Step> chain = new ArrayList<>();
        for (Step at = step; at != null; at = at.parent) {
            chain.addFirst(at);
        }
        StringBuilder path = new StringBuilder();
        for (Step at : chain) {
            if (at.index >= 0) {
                path.append('[').append(at.index).append(']');
            } else {
                path.append(path.isEmpty() ? "" : ".").append(at.key);
            }
        }
        return path.toString();
    }
}
