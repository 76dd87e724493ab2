// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.catalog.Catalog;
import io.mizzen.api.name.GroupVersionKind;
import io.mizzen.api.schema.Schema;
import io.mizzen.api.schema.Schema.Type;
import io.mizzen.api.status.StatusException;
import io.mizzen.apiserver.schema.Decoder.Decoded;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Turns a parsed body into the tree of a custom object: fields that its structural schema does not have are pruned and
 * reported, {@code metadata} is decoded as that of built-in kinds, numbers are canonical. Wrong types elsewhere are left
 * for validation to tell. Pure; the input is not changed and shares no container with the output.
 */
public final class CustomDecoder {
    private static final int MAX_UNKNOWN = 100;
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final GroupVersionKind HOLDER = new GroupVersionKind("", "v1", "ConfigMap");

    private final GroupVersionKind kind;
    private final List<String> unknown = new ArrayList<>();

    private CustomDecoder(GroupVersionKind kind) {
        this.kind = kind;
    }

    /**
     * Decodes an object of a custom kind.
     *
     * @param schema the structural schema, as {@code SchemaReader.structural()} reads it
     * @throws StatusException BadRequest when the body is no object or its metadata has a wrong type
     */
    public static Decoded decode(JsonNode raw, Schema schema, GroupVersionKind kind) {
        CustomDecoder decoder = new CustomDecoder(kind);
        if (!raw.isObject()) {
            throw Decoder.cannotHandle(
                    kind,
                    "json: cannot unmarshal " + GoText.jsonKind(raw)
                            + " into Go value of type map[string]interface {}");
        }
        ObjectNode object = decoder.resource((ObjectNode) raw, schema, "");
        return new Decoded(object, decoder.unknown);
    }

    /** The paths of fields in a value that its schema does not have. */
    static List<String> unknownFields(JsonNode raw, Schema schema) {
        CustomDecoder decoder = new CustomDecoder(HOLDER);
        decoder.value(raw, schema, "");
        return decoder.unknown;
    }

    /** An object with kind and metadata: the root, or an embedded resource. */
    private ObjectNode resource(ObjectNode raw, Schema schema, String path) {
        ObjectNode result = NODES.objectNode();
        for (Map.Entry<String, JsonNode> entry : raw.properties()) {
            String name = entry.getKey();
            switch (name) {
                case "apiVersion", "kind" -> result.set(name, entry.getValue());
                case "metadata" -> {
                    if (!entry.getValue().isNull()) {
                        result.set(name, metadata(entry.getValue(), FieldErrors.at(path, name)));
                    }
                }
                default -> field(result, name, entry.getValue(), schema, path);
            }
        }
        return result;
    }

    private ObjectNode metadata(JsonNode raw, String path) {
        Schema holder = Objects.requireNonNull(Catalog.builtIn().schemaOf(HOLDER));
        Schema meta = Objects.requireNonNull(holder.property("metadata"));
        return Decoder.decodePart(raw, meta, holder, "metadata", path, kind, unknown);
    }

    private void field(ObjectNode result, String name, JsonNode value, Schema schema, String path) {
        Schema field = schema.field(name);
        String at = FieldErrors.at(path, name);
        if (field != null) {
            result.set(name, value(value, field, at));
        } else if (schema.preservesUnknownFields()) {
            result.set(name, Numbers.copy(value));
        } else if (unknown.size() < MAX_UNKNOWN) {
            unknown.add(at);
        }
    }

    private JsonNode value(JsonNode raw, @Nullable Schema schema, String path) {
        if (schema == null) {
            return Numbers.copy(raw);
        }
        if (raw instanceof ObjectNode object) {
            if (schema.isEmbeddedResource()) {
                return resource(object, schema, path);
            }
            if (schema.type() != Type.OBJECT && !schema.preservesUnknownFields()) {
                return Numbers.copy(raw);
            }
            ObjectNode result = NODES.objectNode();
            object.properties().forEach(entry -> field(result, entry.getKey(), entry.getValue(), schema, path));
            return result;
        }
        if (raw.isArray()) {
            ArrayNode result = NODES.arrayNode(raw.size());
            for (int i = 0; i < raw.size(); i++) {
                result.add(value(raw.get(i), schema.items(), FieldErrors.at(path, i)));
            }
            return result;
        }
        return Numbers.whole(raw);
    }

    /**
     * Writes the schema's defaults, in place, and then drops nulls of fields that may not be null (API page "Defaulting
     * and Nullable").
     */
    public static void applyDefaults(ObjectNode object, Schema schema) {
        Defaults.apply(object, schema);
        dropNulls(object, schema);
    }

    private static void dropNulls(@Nullable JsonNode value, @Nullable Schema schema) {
        if (schema == null || value == null) {
            return;
        }
        if (value instanceof ObjectNode object) {
            List<String> dropped = new ArrayList<>();
            object.properties().forEach(entry -> {
                Schema field = schema.field(entry.getKey());
                if (entry.getValue().isNull() && field != null && !field.isNullable()) {
                    dropped.add(entry.getKey());
                } else {
                    dropNulls(entry.getValue(), field);
                }
            });
            object.remove(dropped);
        } else if (value.isArray()) {
            value.forEach(element -> dropNulls(element, schema.items()));
        }
    }
}
