// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.catalog.Catalog;
import io.mizzen.api.name.GroupVersionKind;
import io.mizzen.api.schema.Schema;
import io.mizzen.api.schema.SchemaReader;
import io.mizzen.api.status.StatusException;
import io.mizzen.apiserver.schema.Decoder.Decoded;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the structural schema of a custom resource definition's version does to objects: prune, default, validate (API
 * pages "Extend the Kubernetes API with CustomResourceDefinitions" and "CEL"; KEP-1929, KEP-2876, KEP-4008). Made once for
 * a version, since patterns and rules are compiled; immutable and thread-safe.
 */
public final class StructuralValidation {
    private static final String OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

    /** Errors after which rules cannot be trusted to be evaluated. */
    private static final Set<String> BLOCKING = Set.of(
            "FieldValueNotSupported",
            "FieldValueRequired",
            "FieldValueTooLong",
            "FieldValueTooMany",
            "FieldValueTypeInvalid");

    private final Schema schema;
    private final ValueRules values;
    private final @Nullable CelRules rules;

    private StructuralValidation(JsonNode openApiV3Schema) {
        schema = new SchemaReader(name -> Catalog.builtIn().schema(name), name -> null)
                .read("", withObjectFields(openApiV3Schema, true));
        values = ValueRules.of(openApiV3Schema);
        rules = CelRules.of(openApiV3Schema);
    }

    /** The schema with the fields that every object has, at the root and in embedded resources. */
    private static JsonNode withObjectFields(JsonNode schema, boolean isResource) {
        if (!(schema instanceof ObjectNode object)) {
            return schema;
        }
        ObjectNode copy = JsonNodeFactory.instance.objectNode().setAll(object);
        ObjectNode properties = JsonNodeFactory.instance.objectNode();
        object.path("properties")
                .properties()
                .forEach(entry -> properties.set(entry.getKey(), withObjectFields(entry.getValue(), false)));
        if (isResource || object.path("x-kubernetes-embedded-resource").asBoolean(false)) {
            properties.putObject("apiVersion").put("type", "string");
            properties.putObject("kind").put("type", "string");
            properties.putObject("metadata").put("ref", OBJECT_META);
        }
        if (!properties.isEmpty()) {
            copy.set("properties", properties);
        }
        for (String name : List.of("items", "additionalProperties")) {
            if (object.path(name).isObject()) {
                copy.set(name, withObjectFields(object.get(name), false));
            }
        }
        return copy;
    }

    /** Makes a schema ready; it must have passed {@link #checkSchema}. Rules that do not compile fail every object. */
    public static StructuralValidation of(JsonNode openApiV3Schema) {
        return new StructuralValidation(openApiV3Schema);
    }

    /**
     * Checks the schema of a definition: that it is structural, that its rules compile and its defaults fit.
     *
     * @param path where the schema stands in the definition, for the messages
     */
    public static void checkSchema(JsonNode openApiV3Schema, String path, FieldErrors errors) {
        int before = errors.size();
        StructuralCheck.check(openApiV3Schema, path, errors);
        if (errors.size() == before) {
            CelRules.checkDefinition(openApiV3Schema, path, errors);
            checkDefaults(openApiV3Schema, path, errors);
        }
    }

    private static void checkDefaults(JsonNode schema, String path, FieldErrors errors) {
        JsonNode defaultValue = schema.get("default");
        if (defaultValue != null) {
            String defaultPath = FieldErrors.at(path, "default");
            Schema typed = SchemaReader.structural().read("", schema);
            if (CustomDecoder.unknownFields(defaultValue, typed).isEmpty()) {
                ValueRules.of(schema).check(defaultValue, null, defaultPath, errors);
            } else {
                errors.invalid(defaultPath, defaultValue, "must not have unknown fields");
            }
        }
        schema.path("properties")
                .properties()
                .forEach(entry -> checkDefaults(
                        entry.getValue(),
                        FieldErrors.atKey(FieldErrors.at(path, "properties"), entry.getKey()),
                        errors));
        for (String name : List.of("items", "additionalProperties")) {
            if (schema.path(name).isObject()) {
                checkDefaults(schema.get(name), FieldErrors.at(path, name), errors);
            }
        }
    }

    /** The schema in the form that patches and server-side apply use; {@code metadata} has its built-in one. */
    public Schema schema() {
        return schema;
    }

    /**
     * Prunes a body and decodes its metadata.
     *
     * @throws StatusException BadRequest as {@link CustomDecoder#decode} says
     */
    public Decoded decode(JsonNode raw, GroupVersionKind kind) {
        return CustomDecoder.decode(raw, schema, kind);
    }

    /** Writes the schema's defaults, in place, and drops nulls of fields that may not be null. */
    public void applyDefaults(ObjectNode object) {
        CustomDecoder.applyDefaults(object, schema);
    }

    /**
     * Adds what is wrong with an object. Values that an update does not change are not held against it.
     *
     * @param old the object before the update, or null for a new one
     */
    public void validate(ObjectNode object, @Nullable ObjectNode old, FieldErrors errors) {
        FieldErrors found = new FieldErrors();
        values.check(object, old, "", found);
        if (rules != null) {
            boolean blocked = found.causes().stream().anyMatch(cause -> BLOCKING.contains(cause.reason()));
            if (blocked) {
                found.invalid(
                        FieldErrors.ROOT,
                        null,
                        "some validation rules were not checked because the object was invalid; "
                                + "correct the existing errors to complete validation");
            } else {
                rules.check(object, old, found);
            }
        }
        errors.addAll(found);
    }
}
