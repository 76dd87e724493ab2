// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.schema.Schema;
import io.mizzen.api.schema.Schema.Type;
import org.jspecify.annotations.Nullable;

/**
 * Writes the default values that a schema declares (API page "Defaulting", KEP-1929). Defaults that depend on other
 * fields are the strategies' matter.
 */
public final class Defaults {

    private Defaults() {}

    /**
     * Gives absent fields their default value, in place, in everything that is present or was just defaulted. A null is
     * replaced where the schema has a default and does not allow null.
     */
    public static void apply(ObjectNode object, Schema schema) {
        value(object, schema);
    }

    private static void value(@Nullable JsonNode value, Schema schema) {
        if (value instanceof ObjectNode object && (schema.type() == Type.OBJECT || schema.type() == Type.ANY)) {
            struct(object, schema);
            Schema values = schema.additionalProperties();
            if (values != null && isDeep(values)) {
                object.properties().forEach(entry -> {
                    if (schema.property(entry.getKey()) == null) {
                        value(entry.getValue(), values);
                    }
                });
            }
        } else if (value != null && value.isArray()) {
            Schema items = schema.items();
            if (items != null && isDeep(items)) {
                for (JsonNode element : value) {
                    value(element, items);
                }
            }
        }
    }

    private static void struct(ObjectNode object, Schema schema) {
        for (String name : schema.propertyNames()) {
            Schema field = schema.property(name);
            if (field == null) {
                continue;
            }
            JsonNode present = object.get(name);
            JsonNode defaultValue = field.defaultValue();
            if (defaultValue != null && (present == null || (present.isNull() && !field.isNullable()))) {
                present = defaultValue.deepCopy();
                object.set(name, present);
            }
            if (present != null && present.isContainerNode()) {
                value(present, field);
            }
        }
    }

    private static boolean isDeep(Schema schema) {
        return switch (schema.type()) {
            case OBJECT, ARRAY, ANY -> true;
            default -> false;
        };
    }
}
