// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableCollection;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.cel.common.types.CelType;
import dev.cel.common.types.CelTypeProvider;
import dev.cel.common.types.ListType;
import dev.cel.common.types.MapType;
import dev.cel.common.types.SimpleType;
import dev.cel.common.types.StructType;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The CEL types of a structural schema (KEP-2876, "Types"), so that a rule that names a field which does not exist or
 * compares what cannot be compared is refused with the definition. Values of these types are those of {@link CelValues}.
 */
final class CelTypes implements CelTypeProvider {
    private final ImmutableMap<String, CelType> structs;
    private final CelType self;

    /**
     * Makes the types of a schema.
     *
     * @param isResource whether it is that of an object with kind and metadata
     */
    CelTypes(JsonNode schema, boolean isResource) {
        Map<String, CelType> found = new LinkedHashMap<>();
        self = type(schema, "object", isResource, found);
        structs = ImmutableMap.copyOf(found);
    }

    /** The type of the schema's values. */
    CelType self() {
        return self;
    }

    @Override
    public ImmutableCollection<CelType> types() {
        return ImmutableList.copyOf(structs.values());
    }

    @Override
    public Optional<CelType> findType(String name) {
        return Optional.ofNullable(structs.get(name));
    }

    private static CelType type(JsonNode schema, String name, boolean isResource, Map<String, CelType> structs) {
        if (schema.path("x-kubernetes-int-or-string").asBoolean(false)) {
            return SimpleType.DYN;
        }
        return switch (schema.path("type").asText("")) {
            case "object" -> object(schema, name, isResource, structs);
            case "array" -> ListType.create(type(schema.path("items"), name + ".items", false, structs));
            case "string" ->
                switch (schema.path("format").asText("")) {
                    case "date-time", "datetime", "date" -> SimpleType.TIMESTAMP;
                    case "duration" -> SimpleType.DURATION;
                    case "byte" -> SimpleType.BYTES;
                    default -> SimpleType.STRING;
                };
            case "integer" -> SimpleType.INT;
            case "number" -> SimpleType.DOUBLE;
            case "boolean" -> SimpleType.BOOL;
            default -> SimpleType.DYN;
        };
    }

    private static CelType object(JsonNode schema, String name, boolean isResource, Map<String, CelType> structs) {
        boolean resource =
                isResource || schema.path("x-kubernetes-embedded-resource").asBoolean(false);
        JsonNode properties = schema.path("properties");
        if (properties.isEmpty() && !resource) {
            JsonNode values = schema.path("additionalProperties");
            return values.isObject()
                    ? MapType.create(SimpleType.STRING, type(values, name + ".values", false, structs))
                    : SimpleType.DYN;
        }
        Map<String, CelType> fields = new LinkedHashMap<>();
        properties
                .properties()
                .forEach(entry -> fields.put(
                        CelValues.escape(entry.getKey()),
                        type(entry.getValue(), name + "." + CelValues.escape(entry.getKey()), false, structs)));
        if (resource) {
            fields.put("apiVersion", SimpleType.STRING);
            fields.put("kind", SimpleType.STRING);
            Map<String, CelType> metadata = Map.of("name", SimpleType.STRING, "generateName", SimpleType.STRING);
            fields.put("metadata", struct(name + ".metadata", metadata, structs));
        }
        return struct(name, fields, structs);
    }

    private static CelType struct(String name, Map<String, CelType> declared, Map<String, CelType> structs) {
        ImmutableMap<String, CelType> fields = ImmutableMap.copyOf(declared);
        StructType struct = StructType.create(
                name, ImmutableSet.copyOf(fields.keySet()), field -> Optional.ofNullable(fields.get(field)));
        structs.put(name, struct);
        return struct;
    }
}
