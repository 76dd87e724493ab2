// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.openapi;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;

/** Writes definitions in the form of one version of OpenAPI. */
final class SchemaForm {
    private static final String INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";
    private static final String QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity";
    /** What version 2 cannot say. */
    private static final Set<String> ONLY_V3 = Set.of("nullable", "oneOf", "anyOf", "not", "allOf", "$schema", "id");

    private final boolean third;
    private final Descriptions descriptions;
    private final Definitions definitions;

    SchemaForm(boolean third, Definitions definitions, Descriptions descriptions) {
        this.third = third;
        this.definitions = definitions;
        this.descriptions = descriptions;
    }

    /** The place that a definition stands at in a document. */
    String reference(String name) {
        return (third ? "#/components/schemas/" : "#/definitions/") + name;
    }

    /** A reference to a definition. */
    ObjectNode refer(String name) {
        return JsonNodeFactory.instance.objectNode().put("$ref", reference(name));
    }

    /** A whole definition. */
    ObjectNode definition(String name) {
        JsonNode source = definitions.get(name);
        if (source == null) {
            throw new IllegalArgumentException("no definition " + name);
        }
        ObjectNode node = convert(name, source);
        if (third && name.equals(INT_OR_STRING)) {
            node.remove("type");
            union(node, "integer", "string");
        } else if (third && name.equals(QUANTITY)) {
            node.remove("type");
            union(node, "string", "number");
        }
        String text = descriptions.of(name);
        if (!text.isEmpty() && !node.has("description")) {
            node.put("description", text);
        }
        return node;
    }

    private static void union(ObjectNode node, String one, String other) {
        ArrayNode types = node.putArray("oneOf");
        types.addObject().put("type", one);
        types.addObject().put("type", other);
    }

    private ObjectNode convert(String definition, JsonNode source) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        boolean loose = !third && isLoose(source);
        source.properties().forEach(entry -> {
            String key = entry.getKey();
            JsonNode value = entry.getValue();
            switch (key) {
                case "ref" -> node.put("$ref", reference(value.asText()));
                case "properties" -> {
                    if (!loose) {
                        ObjectNode properties = node.putObject("properties");
                        value.properties()
                                .forEach(field -> properties.set(
                                        field.getKey(), field(definition, field.getKey(), field.getValue())));
                    }
                }
                case "items", "additionalProperties" -> {
                    if (!loose) {
                        node.set(key, value.isObject() ? convert("", value) : value);
                    }
                }
                case "type", "format" -> {
                    if (!loose) {
                        node.set(key, value);
                    }
                }
                default -> {
                    if (third || !ONLY_V3.contains(key)) {
                        node.set(key, value);
                    }
                }
            }
        });
        return node;
    }

    /** Whether version 2 has to leave the value open: it knows neither null nor unknown fields nor two types. */
    private static boolean isLoose(JsonNode source) {
        return source.path("nullable").asBoolean(false)
                || source.path("x-kubernetes-preserve-unknown-fields").asBoolean(false)
                || source.path("x-kubernetes-int-or-string").asBoolean(false);
    }

    private ObjectNode field(String definition, String name, JsonNode source) {
        ObjectNode node = convert("", source);
        String text = definition.isEmpty() ? "" : descriptions.of(definition, name);
        if (text.isEmpty() || node.has("description")) {
            return node;
        }
        if (third && node.has("$ref")) {
            // Version 3 ignores what stands beside a reference.
            JsonNode target = node.remove("$ref");
            node.putArray("allOf").addObject().set("$ref", target);
        }
        return node.put("description", text);
    }
}
