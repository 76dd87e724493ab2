// SPDX-License-Identifier: Apache-2.0
package io.mizzen.api.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The shape of a value: its type, the semantics of its list or map, its fields. One class serves built-in kinds and
 * custom resources. Immutable once built; references to other schemas are resolved on first use, since schemas may be
 * recursive.
 */
public final class Schema {

    /** What a value may be. */
    public enum Type {
        OBJECT,
        ARRAY,
        STRING,
        INTEGER,
        NUMBER,
        BOOLEAN,
        INT_OR_STRING,
        /** No restriction. */
        ANY
    }

    /** How a list is merged and owned by server-side apply (API page "Server-Side Apply", merge strategy). */
    public enum ListType {
        ATOMIC,
        SET,
        MAP
    }

    private final String name;
    private final Type type;
    private final String format;
    private final Map<String, Supplier<Schema>> properties;
    private final @Nullable Supplier<Schema> items;
    private final @Nullable Supplier<Schema> additionalProperties;
    private final Set<String> required;
    private final ListType listType;
    private final List<String> mapKeys;
    private final boolean atomicMap;
    private final @Nullable String patchMergeKey;
    private final Set<String> patchStrategies;
    private final boolean preserveUnknownFields;
    private final boolean embeddedResource;
    private final boolean nullable;
    private final @Nullable JsonNode defaultValue;
    private final JsonNode raw;

    private Schema(Builder builder) {
        this.name = builder.name;
        this.type = builder.type;
        this.format = builder.format;
        // In the order of the source, so that walks over a schema are the same in every run.
        this.properties = Collections.unmodifiableMap(new LinkedHashMap<>(builder.properties));
        this.items = builder.items;
        this.additionalProperties = builder.additionalProperties;
        this.required = Set.copyOf(builder.required);
        this.listType = builder.listType;
        this.mapKeys = List.copyOf(builder.mapKeys);
        this.atomicMap = builder.atomicMap;
        this.patchMergeKey = builder.patchMergeKey;
        this.patchStrategies = Set.copyOf(builder.patchStrategies);
        this.preserveUnknownFields = builder.preserveUnknownFields;
        this.embeddedResource = builder.embeddedResource;
        this.nullable = builder.nullable;
        this.defaultValue = builder.defaultValue;
        this.raw = builder.raw;
    }

    /** Full name of the definition ({@code io.k8s.api.core.v1.PodSpec}); empty for an inline schema. */
    public String name() {
        return name;
    }

    /** Last part of {@link #name()}, the Go type name. */
    public String simpleName() {
        return name.substring(name.lastIndexOf('.') + 1);
    }

    public Type type() {
        return type;
    }

    /** OpenAPI's {@code format}, empty if none: {@code int32}, {@code date-time}, {@code byte}, … */
    public String format() {
        return format;
    }

    public Set<String> propertyNames() {
        return properties.keySet();
    }

    public @Nullable Schema property(String field) {
        Supplier<Schema> property = properties.get(field);
        return property == null ? null : property.get();
    }

    /** The schema of a field: the declared one, else that of a map's values, else null. */
    public @Nullable Schema field(String field) {
        Schema declared = property(field);
        return declared != null ? declared : additionalProperties();
    }

    public @Nullable Schema items() {
        return items == null ? null : items.get();
    }

    public @Nullable Schema additionalProperties() {
        return additionalProperties == null ? null : additionalProperties.get();
    }

    /** A map from names to values, as opposed to a struct with declared fields. */
    public boolean isMap() {
        return type == Type.OBJECT && properties.isEmpty() && additionalProperties != null;
    }

    public Set<String> required() {
        return required;
    }

    public ListType listType() {
        return listType;
    }

    /** Keys that identify an element of a list of type {@link ListType#MAP}. */
    public List<String> mapKeys() {
        return mapKeys;
    }

    /** Whether server-side apply owns the whole map or struct as one value. */
    public boolean isAtomicMap() {
        return atomicMap;
    }

    /** Key by which a strategic merge patch joins elements. */
    public @Nullable String patchMergeKey() {
        return patchMergeKey;
    }

    /** {@code merge}, {@code replace}, {@code retainKeys}. */
    public Set<String> patchStrategies() {
        return patchStrategies;
    }

    /** Unknown fields are kept ({@code x-kubernetes-preserve-unknown-fields}, and values of any type). */
    public boolean preservesUnknownFields() {
        return preserveUnknownFields || type == Type.ANY;
    }

    public boolean isEmbeddedResource() {
        return embeddedResource;
    }

    public boolean isNullable() {
        return nullable;
    }

    public boolean isQuantity() {
        return name.equals("io.k8s.apimachinery.pkg.api.resource.Quantity");
    }

    /** Value written where the field is absent; do not modify. */
    public @Nullable JsonNode defaultValue() {
        return defaultValue;
    }

    /** The node that this was made from: value rules of custom resources are read from it. Do not modify. */
    public JsonNode raw() {
        return raw;
    }

    @Override
    public String toString() {
        return name.isEmpty() ? type.toString() : name;
    }

    /** Collects the parts of a schema; used by the readers of the two sources. */
    public static final class Builder {
        String name = "";
        Type type = Type.ANY;
        String format = "";
        Map<String, Supplier<Schema>> properties = Map.of();

        @Nullable
        Supplier<Schema> items;

        @Nullable
        Supplier<Schema> additionalProperties;

        Set<String> required = Set.of();
        ListType listType = ListType.ATOMIC;
        List<String> mapKeys = List.of();
        boolean atomicMap;

        @Nullable
        String patchMergeKey;

        Set<String> patchStrategies = Set.of();
        boolean preserveUnknownFields;
        boolean embeddedResource;
        boolean nullable;

        @Nullable
        JsonNode defaultValue;

        final JsonNode raw;

        Builder(JsonNode raw) {
            this.raw = raw;
        }

        Schema build() {
            return new Schema(this);
        }
    }
}
