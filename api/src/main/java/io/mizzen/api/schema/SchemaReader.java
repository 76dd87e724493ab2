// SPDX-License-Identifier: Apache-2.0
package io.mizzen.api.schema;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.api.schema.Schema.ListType;
import io.mizzen.api.schema.Schema.Type;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Builds {@link Schema} values from JSON: the definitions of built-in kinds (with {@code ref}) and the structural
 * schemas of custom resource definitions ({@code openAPIV3Schema}). Stateless but for the resolver it is given.
 */
public final class SchemaReader {
    private static final String INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";
    private static final Set<String> FREE_FORM =
            Set.of("io.k8s.apimachinery.pkg.runtime.RawExtension", "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1");

    private final Function<String, Schema> resolver;
    private final Function<String, @Nullable JsonNode> defaults;

    /**
     * @param resolver schema of a referenced definition
     * @param defaults object with the default values of a definition's fields, or null
     */
    public SchemaReader(Function<String, Schema> resolver, Function<String, @Nullable JsonNode> defaults) {
        this.resolver = resolver;
        this.defaults = defaults;
    }

    /** A reader for schemas without references. */
    public static SchemaReader structural() {
        return new SchemaReader(
                name -> {
                    throw new IllegalArgumentException("$ref is not allowed: " + name);
                },
                name -> null);
    }

    /** Reads a whole definition; {@code name} may be empty. */
    public Schema read(String name, JsonNode node) {
        return read(name, node, null);
    }

    private Schema read(String name, JsonNode node, @Nullable JsonNode defaultValue) {
        Schema.Builder builder = new Schema.Builder(node);
        builder.name = name;
        builder.type = type(name, node);
        builder.format = node.path("format").asText("");
        builder.defaultValue = defaultValue != null ? defaultValue : node.get("default");
        builder.nullable = node.path("nullable").asBoolean(false);
        builder.embeddedResource = node.path("x-kubernetes-embedded-resource").asBoolean(false);
        builder.preserveUnknownFields = FREE_FORM.contains(name)
                || node.path("x-kubernetes-preserve-unknown-fields").asBoolean(false)
                || node.path("additionalProperties").asBoolean(false);
        builder.required = new LinkedHashSet<>(texts(node.path("required")));
        builder.listType = switch (node.path("x-kubernetes-list-type").asText("")) {
            case "set" -> ListType.SET;
            case "map" -> ListType.MAP;
            default -> ListType.ATOMIC;
        };
        builder.mapKeys = texts(node.path("x-kubernetes-list-map-keys"));
        builder.atomicMap = node.path("x-kubernetes-map-type").asText("").equals("atomic");
        builder.patchMergeKey = node.hasNonNull("x-kubernetes-patch-merge-key")
                ? node.get("x-kubernetes-patch-merge-key").asText()
                : null;
        String strategies = node.path("x-kubernetes-patch-strategy").asText("");
        builder.patchStrategies = strategies.isEmpty() ? Set.of() : Set.of(strategies.split(","));
        builder.properties = properties(name, node);
        if (node.path("items").isObject()) {
            builder.items = lazy(node.get("items"), null);
        }
        if (node.path("additionalProperties").isObject()) {
            builder.additionalProperties = lazy(node.get("additionalProperties"), null);
        }
        return builder.build();
    }

    private Map<String, Supplier<Schema>> properties(String name, JsonNode node) {
        Map<String, Supplier<Schema>> properties = new LinkedHashMap<>();
        JsonNode fieldDefaults = name.isEmpty() ? null : defaults.apply(name);
        node.path("properties").properties().forEach(field -> {
            JsonNode value = fieldDefaults == null ? null : fieldDefaults.get(field.getKey());
            properties.put(field.getKey(), lazy(field.getValue(), value));
        });
        return properties;
    }

    private Supplier<Schema> lazy(JsonNode node, @Nullable JsonNode defaultValue) {
        return new Memo(() -> {
            JsonNode ref = node.get("ref");
            if (ref == null || !ref.isTextual()) {
                return read("", node, defaultValue);
            }
            Schema target = resolver.apply(ref.asText());
            // Attributes beside the reference belong to the field: the target is then read again with them.
            return node.size() == 1 && defaultValue == null ? target : merged(target, node, defaultValue);
        });
    }

    private Schema merged(Schema target, JsonNode field, @Nullable JsonNode defaultValue) {
        var combined = ((com.fasterxml.jackson.databind.node.ObjectNode) target.raw()).deepCopy();
        field.properties().forEach(entry -> {
            if (!entry.getKey().equals("ref")) {
                combined.set(entry.getKey(), entry.getValue());
            }
        });
        return read(target.name(), combined, defaultValue);
    }

    private static Type type(String name, JsonNode node) {
        if (name.equals(INT_OR_STRING)
                || node.path("x-kubernetes-int-or-string").asBoolean(false)
                || node.path("format").asText("").equals("int-or-string")) {
            return Type.INT_OR_STRING;
        }
        return switch (node.path("type").asText("")) {
            case "object" -> Type.OBJECT;
            case "array" -> Type.ARRAY;
            case "string" -> Type.STRING;
            case "integer" -> Type.INTEGER;
            case "number" -> Type.NUMBER;
            case "boolean" -> Type.BOOLEAN;
            default -> Type.ANY;
        };
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(text -> texts.add(text.asText()));
        return texts;
    }

    /** Computes once; a race computes twice and keeps one, which is harmless for immutable values. */
    private static final class Memo implements Supplier<Schema> {
        private final Supplier<Schema> source;
        private volatile @Nullable Schema value;

        Memo(Supplier<Schema> source) {
            this.source = source;
        }

        @Override
        public Schema get() {
            Schema known = value;
            if (known == null) {
                known = source.get();
                value = known;
            }
            return known;
        }
    }
}
