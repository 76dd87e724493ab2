// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Checks that the {@code openAPIV3Schema} of a custom resource definition is structural (API page "Custom Resource
 * Definitions", "Specifying a structural schema"; KEP-1929), with upstream's texts. Pure.
 */
final class StructuralCheck {
    private static final String VALIDATIONS = "x-kubernetes-validations";
    private static final String PRESERVE = "x-kubernetes-preserve-unknown-fields";
    private static final String EMBEDDED = "x-kubernetes-embedded-resource";
    private static final String INT_OR_STRING = "x-kubernetes-int-or-string";
    private static final String LIST_TYPE = "x-kubernetes-list-type";
    private static final String MAP_KEYS = "x-kubernetes-list-map-keys";
    private static final String MAP_TYPE = "x-kubernetes-map-type";
    private static final String ADDITIONAL = "additionalProperties";
    private static final String MUST_BE_UNDEFINED = "must be undefined to be structural";
    private static final List<String> UNSUPPORTED =
            List.of("$ref", "definitions", "dependencies", "id", "patternProperties", "additionalItems");
    private static final Set<String> TYPES = Set.of("object", "array", "string", "integer", "number", "boolean");
    private static final Set<String> SCALARS = Set.of("string", "integer", "number", "boolean");

    private final FieldErrors errors;

    private StructuralCheck(FieldErrors errors) {
        this.errors = errors;
    }

    /** Where a schema stands. */
    private enum Level {
        ROOT,
        ITEM,
        FIELD
    }

    /** Adds what is wrong with the schema at {@code path}. */
    static void check(JsonNode schema, String path, FieldErrors errors) {
        StructuralCheck check = new StructuralCheck(errors);
        check.generic(schema, path);
        check.invariants(schema, Level.ROOT, path);
        check.completeness(schema, path);
    }

    private static boolean flag(JsonNode schema, String name) {
        return schema.path(name).asBoolean(false);
    }

    private static String type(JsonNode schema) {
        return schema.path("type").asText("");
    }

    private static String property(String path, String name) {
        return FieldErrors.atKey(FieldErrors.at(path, "properties"), name);
    }

    /** What no schema of a definition may hold, structural or not. */
    private void generic(JsonNode schema, String path) {
        for (String name : UNSUPPORTED) {
            if (schema.hasNonNull(name)) {
                errors.forbidden(FieldErrors.at(path, name), name + " is not supported");
            }
        }
        if (flag(schema, "uniqueItems")) {
            errors.forbidden(
                    FieldErrors.at(path, "uniqueItems"),
                    "uniqueItems cannot be set to true since the runtime complexity becomes quadratic");
        }
        JsonNode additional = schema.path(ADDITIONAL);
        String additionalPath = FieldErrors.at(path, ADDITIONAL);
        if (additional.isBoolean() && !additional.asBoolean()) {
            errors.forbidden(additionalPath, "additionalProperties cannot be set to false");
        }
        if (!additional.isMissingNode() && !schema.path("properties").isEmpty()) {
            errors.forbidden(additionalPath, "additionalProperties and properties are mutual exclusive");
        }
        String type = type(schema);
        if (type.equals("null")) {
            errors.forbidden(
                    FieldErrors.at(path, "type"), "type cannot be set to null, use nullable as an alternative");
        } else if (!type.isEmpty() && !TYPES.contains(type)) {
            errors.notSupported(
                    FieldErrors.at(path, "type"),
                    type,
                    List.of("array", "boolean", "integer", "number", "object", "string"));
        }
        if (schema.path("items").isArray()) {
            errors.forbidden(FieldErrors.at(path, "items"), "items must be a schema object and not an array");
        }
        lists(schema, path);
        schema.path("properties")
                .properties()
                .forEach(entry -> generic(entry.getValue(), property(path, entry.getKey())));
        if (schema.path("items").isObject()) {
            generic(schema.get("items"), FieldErrors.at(path, "items"));
        }
        if (additional.isObject()) {
            generic(additional, additionalPath);
        }
    }

    private void lists(JsonNode schema, String path) {
        String listType = schema.path(LIST_TYPE).asText("");
        String listPath = FieldErrors.at(path, LIST_TYPE);
        JsonNode keys = schema.path(MAP_KEYS);
        if (!listType.isEmpty()) {
            if (!type(schema).equals("array")) {
                errors.invalid(
                        FieldErrors.at(path, "type"),
                        type(schema),
                        "must be array if x-kubernetes-list-type is specified");
            }
            if (!Set.of("atomic", "set", "map").contains(listType)) {
                errors.notSupported(listPath, listType, List.of("atomic", "set", "map"));
            }
        }
        String mapType = schema.path(MAP_TYPE).asText("");
        if (!mapType.isEmpty()) {
            if (!type(schema).equals("object")) {
                errors.invalid(
                        FieldErrors.at(path, "type"),
                        type(schema),
                        "must be object if x-kubernetes-map-type is specified");
            }
            if (!Set.of("atomic", "granular").contains(mapType)) {
                errors.notSupported(FieldErrors.at(path, MAP_TYPE), mapType, List.of("atomic", "granular"));
            }
        }
        if (!keys.isEmpty() && !listType.equals("map")) {
            if (listType.isEmpty()) {
                errors.required(listPath, "must be map if x-kubernetes-list-map-keys is non-empty");
            } else {
                errors.invalid(listPath, listType, "must be map if x-kubernetes-list-map-keys is non-empty");
            }
        }
        if (listType.equals("map")) {
            mapKeys(schema, keys, path);
        }
    }

    private void mapKeys(JsonNode schema, JsonNode keys, String path) {
        String keysPath = FieldErrors.at(path, MAP_KEYS);
        JsonNode items = schema.path("items");
        String itemsPath = FieldErrors.at(path, "items");
        if (keys.isEmpty()) {
            errors.required(keysPath, "must not be empty if x-kubernetes-list-type is map");
            return;
        }
        if (!type(items).equals("object")) {
            errors.invalid(
                    FieldErrors.at(itemsPath, "type"),
                    type(items),
                    "must be object if parent array's x-kubernetes-list-type is map");
            return;
        }
        Set<String> required = new HashSet<>();
        items.path("required").forEach(name -> required.add(name.asText()));
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < keys.size(); i++) {
            String key = keys.get(i).asText();
            JsonNode field = items.path("properties").path(key);
            if (!seen.add(key)) {
                errors.duplicate(FieldErrors.at(keysPath, i), key);
            } else if (field.isMissingNode()) {
                errors.invalid(FieldErrors.at(keysPath, i), key, "entries must all be names of item properties");
            } else {
                String fieldPath = property(itemsPath, key);
                if (!SCALARS.contains(type(field))) {
                    errors.invalid(
                            FieldErrors.at(fieldPath, "type"),
                            type(field),
                            "must be a scalar type if parent array's x-kubernetes-list-type is map");
                }
                if (!field.has("default") && !required.contains(key)) {
                    errors.required(
                            FieldErrors.at(fieldPath, "default"),
                            "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property");
                }
            }
        }
    }

    private void invariants(JsonNode schema, Level level, String path) {
        if (type(schema).equals("array") && !schema.path("items").isObject()) {
            errors.required(FieldErrors.at(path, "items"), "must be specified");
        }
        if (schema.path("items").isObject()) {
            invariants(schema.get("items"), Level.ITEM, FieldErrors.at(path, "items"));
        }
        schema.path("properties").properties().forEach(entry -> {
            boolean ofObject = entry.getKey().equals("metadata") && (level == Level.ROOT || flag(schema, EMBEDDED));
            if (!ofObject || level != Level.ROOT) {
                invariants(entry.getValue(), Level.FIELD, property(path, entry.getKey()));
            }
        });
        JsonNode additional = schema.path(ADDITIONAL);
        if (!additional.isMissingNode() && level == Level.ROOT) {
            errors.forbidden(FieldErrors.at(path, ADDITIONAL), "must not be used at the root");
        }
        if (additional.isObject()) {
            invariants(additional, Level.FIELD, FieldErrors.at(path, ADDITIONAL));
        }
        extensions(schema, path);
        boolean skipAnyOf = isIntOrStringPattern(schema.path("anyOf"));
        boolean skipFirst = isIntOrStringPattern(schema.path("allOf").path(0).path("anyOf"));
        valueValidation(schema, skipAnyOf, skipFirst, path);
        types(schema, level, path);
        if (level == Level.ROOT || flag(schema, EMBEDDED)) {
            objectFields(schema, level, path);
        }
        if (flag(schema, EMBEDDED)
                && !flag(schema, PRESERVE)
                && schema.path("properties").isEmpty()) {
            errors.required(
                    FieldErrors.at(path, "properties"),
                    "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields");
        }
    }

    private void extensions(JsonNode schema, String path) {
        if (flag(schema, INT_OR_STRING)) {
            for (String name : List.of(PRESERVE, EMBEDDED)) {
                if (flag(schema, name)) {
                    errors.invalid(
                            FieldErrors.at(path, name), true, "must be false if x-kubernetes-int-or-string is true");
                }
            }
        }
        if (schema.path(PRESERVE).isBoolean() && !flag(schema, PRESERVE)) {
            errors.invalid(FieldErrors.at(path, PRESERVE), false, "must be true or undefined");
        }
    }

    private void types(JsonNode schema, Level level, String path) {
        String type = type(schema);
        String typePath = FieldErrors.at(path, "type");
        boolean embedded = flag(schema, EMBEDDED);
        if (embedded && !type.equals("object")) {
            String detail = "must be object if x-kubernetes-embedded-resource is true";
            if (type.isEmpty()) {
                errors.required(typePath, detail);
            } else {
                errors.invalid(typePath, type, detail);
            }
        } else if (type.isEmpty() && !flag(schema, INT_OR_STRING) && !flag(schema, PRESERVE)) {
            errors.required(
                    typePath,
                    switch (level) {
                        case ROOT -> "must not be empty at the root";
                        case ITEM -> "must not be empty for specified array items";
                        case FIELD -> "must not be empty for specified object fields";
                    });
        }
        if (embedded && schema.has(ADDITIONAL)) {
            errors.forbidden(
                    FieldErrors.at(path, ADDITIONAL), "must not be used if x-kubernetes-embedded-resource is set");
        }
        if (level == Level.ROOT && !type.isEmpty() && !type.equals("object")) {
            errors.invalid(typePath, type, "must be object at the root");
        }
    }

    /** Kind, version and metadata have types of their own, which a schema can hardly restrict. */
    private void objectFields(JsonNode schema, Level level, String path) {
        JsonNode properties = schema.path("properties");
        for (String name : List.of("kind", "apiVersion")) {
            JsonNode field = properties.path(name);
            if (field.isObject() && !type(field).equals("string")) {
                errors.invalid(FieldErrors.at(property(path, name), "type"), type(field), "must be string");
            }
        }
        JsonNode metadata = properties.path("metadata");
        if (!metadata.isObject()) {
            return;
        }
        String metadataPath = property(path, "metadata");
        if (!type(metadata).equals("object")) {
            errors.invalid(FieldErrors.at(metadataPath, "type"), type(metadata), "must be object");
        }
        if (level == Level.ROOT) {
            Set<String> allowed = Set.of("type", "properties", "default", "description");
            boolean more = metadata.properties().stream().anyMatch(entry -> !allowed.contains(entry.getKey()))
                    || metadata.path("properties").properties().stream()
                            .anyMatch(entry -> !Set.of("name", "generateName").contains(entry.getKey()));
            if (more) {
                errors.forbidden(
                        metadataPath,
                        "must not specify anything other than name and generateName, but metadata is implicitly specified");
            }
        }
    }

    private static boolean isIntOrStringPattern(JsonNode anyOf) {
        return anyOf.size() == 2
                && anyOf.get(0).size() == 1
                && anyOf.get(1).size() == 1
                && type(anyOf.get(0)).equals("integer")
                && type(anyOf.get(1)).equals("string");
    }

    private void valueValidation(JsonNode schema, boolean skipAnyOf, boolean skipFirstAllOf, String path) {
        if (!skipAnyOf) {
            nestedAll(schema, "anyOf", false, path);
        }
        nestedAll(schema, "allOf", skipFirstAllOf, path);
        nestedAll(schema, "oneOf", false, path);
        if (schema.path("not").isObject()) {
            nested(schema.get("not"), false, FieldErrors.at(path, "not"));
        }
        String regex = schema.path("pattern").asText("");
        if (!regex.isEmpty()) {
            try {
                Pattern.compile(regex);
            } catch (PatternSyntaxException malformed) {
                errors.invalid(
                        FieldErrors.at(path, "pattern"),
                        regex,
                        "must be a valid regular expression, but isn't: " + malformed.getMessage());
            }
        }
    }

    private void nestedAll(JsonNode schema, String junctor, boolean skipAnyOfOfFirst, String path) {
        JsonNode nested = schema.path(junctor);
        for (int i = 0; i < nested.size(); i++) {
            nested(nested.get(i), skipAnyOfOfFirst && i == 0, FieldErrors.at(FieldErrors.at(path, junctor), i));
        }
    }

    /** A schema below a logical junctor: it may restrict values, and nothing else. */
    private void nested(JsonNode schema, boolean skipAnyOf, String path) {
        valueValidation(schema, skipAnyOf, false, path);
        if (schema.path("items").isObject()) {
            nested(schema.get("items"), false, FieldErrors.at(path, "items"));
        }
        schema.path("properties")
                .properties()
                .forEach(entry -> nested(entry.getValue(), false, property(path, entry.getKey())));
        for (String name : List.of("type", "title", "description")) {
            if (!schema.path(name).asText("").isEmpty()) {
                errors.forbidden(FieldErrors.at(path, name), "must be empty to be structural");
            }
        }
        for (String name : List.of(ADDITIONAL, "default", "externalDocs", LIST_TYPE, MAP_TYPE)) {
            if (schema.hasNonNull(name)) {
                errors.forbidden(FieldErrors.at(path, name), MUST_BE_UNDEFINED);
            }
        }
        for (String name : List.of("nullable", PRESERVE, EMBEDDED, INT_OR_STRING)) {
            if (flag(schema, name)) {
                errors.forbidden(FieldErrors.at(path, name), "must be false to be structural");
            }
        }
        for (String name : List.of(MAP_KEYS, VALIDATIONS)) {
            if (!schema.path(name).isEmpty()) {
                errors.forbidden(FieldErrors.at(path, name), "must be empty to be structural");
            }
        }
        if (schema.path("properties").has("metadata")) {
            errors.forbidden(property(path, "metadata"), "must not be specified in a nested context");
        }
    }

    /** Every field that value validation speaks of must be declared outside of it. */
    private void completeness(JsonNode schema, String path) {
        for (String junctor : List.of("allOf", "anyOf", "oneOf")) {
            JsonNode nested = schema.path(junctor);
            for (int i = 0; i < nested.size(); i++) {
                declared(nested.get(i), schema, FieldErrors.at(FieldErrors.at(path, junctor), i), path);
            }
        }
        if (schema.path("not").isObject()) {
            declared(schema.get("not"), schema, FieldErrors.at(path, "not"), path);
        }
        schema.path("properties")
                .properties()
                .forEach(entry -> completeness(entry.getValue(), property(path, entry.getKey())));
        if (schema.path("items").isObject()) {
            completeness(schema.get("items"), FieldErrors.at(path, "items"));
        }
        if (schema.path(ADDITIONAL).isObject()) {
            completeness(schema.get(ADDITIONAL), FieldErrors.at(path, ADDITIONAL));
        }
    }

    private void declared(JsonNode nested, JsonNode schema, String nestedPath, String path) {
        for (Map.Entry<String, JsonNode> entry : nested.path("properties").properties()) {
            JsonNode field = schema.path("properties").path(entry.getKey());
            String fieldPath = property(path, entry.getKey());
            String from = property(nestedPath, entry.getKey());
            if (field.isObject()) {
                declared(entry.getValue(), field, from, fieldPath);
            } else {
                errors.required(fieldPath, "because it is defined in " + from);
            }
        }
        if (nested.path("items").isObject()) {
            String itemsPath = FieldErrors.at(path, "items");
            String from = FieldErrors.at(nestedPath, "items");
            if (schema.path("items").isObject()) {
                declared(nested.get("items"), schema.get("items"), from, itemsPath);
            } else {
                errors.required(itemsPath, "because it is defined in " + from);
            }
        }
        for (String junctor : List.of("allOf", "anyOf", "oneOf")) {
            JsonNode deeper = nested.path(junctor);
            for (int i = 0; i < deeper.size(); i++) {
                declared(deeper.get(i), schema, FieldErrors.at(FieldErrors.at(nestedPath, junctor), i), path);
            }
        }
        if (nested.path("not").isObject()) {
            declared(nested.get("not"), schema, FieldErrors.at(nestedPath, "not"), path);
        }
    }
}
