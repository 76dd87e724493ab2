// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.patch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.schema.Schema;
import io.mizzen.api.schema.Schema.Type;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which fields an object has, in the terms of its schema, and the object without some of them (the functions {@code
 * ToFieldSet}, {@code RemoveItems} and {@code EnsureNamedFieldsAreMembers} of structured-merge-diff). Pure.
 */
final class TypedFields {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private TypedFields() {}

    /** The fields of an object. Elements that occur twice are owned without what is in them. */
    static FieldSet of(JsonNode object, @Nullable Schema schema) {
        FieldSet set = new FieldSet();
        collect(object, schema, set);
        return set;
    }

    /** Adds the fields of {@code value} to {@code node}, the node of its own path. */
    static void collect(JsonNode value, @Nullable Schema schema, FieldSet node) {
        switch (Granularity.of(value, schema)) {
            case LEAF -> node.mark();
            case FIELDS -> {
                for (Map.Entry<String, JsonNode> entry : value.properties()) {
                    String name = entry.getKey();
                    JsonNode member = entry.getValue();
                    FieldSet child = new FieldSet();
                    collect(member, Granularity.member(schema, name), child);
                    if (member.isNull()
                            || (member.isObject() && member.isEmpty())
                            || !Granularity.isDeclared(schema, name)) {
                        child.mark();
                    }
                    node.attach(PathElements.field(name), child);
                }
            }
            case ELEMENTS -> collectElements(value, schema, node);
        }
    }

    private static void collectElements(JsonNode list, @Nullable Schema schema, FieldSet node) {
        if (schema == null) {
            return;
        }
        Set<String> seen = new HashSet<>();
        for (JsonNode element : list) {
            String name = nameOrNull(element, schema);
            if (name == null) {
                continue;
            }
            FieldSet child = new FieldSet();
            if (seen.add(name)) {
                collect(element, schema.items(), child);
            }
            child.mark();
            node.attach(name, child);
        }
    }

    /** The name of a list element; null when it has none, as stored objects may hold. */
    static @Nullable String nameOrNull(JsonNode element, Schema list) {
        try {
            return PathElements.of(element, list);
        } catch (IllegalArgumentException nameless) {
            return null;
        }
    }

    /** The value without the members of {@code removed}; null when nothing is left of a map or list. */
    static @Nullable JsonNode remove(JsonNode value, @Nullable Schema schema, FieldSet removed) {
        return switch (Granularity.of(value, schema)) {
            case LEAF -> value;
            case FIELDS -> {
                ObjectNode rest = NODES.objectNode();
                for (Map.Entry<String, JsonNode> entry : value.properties()) {
                    FieldSet child = removed.child(PathElements.field(entry.getKey()));
                    JsonNode kept = kept(entry.getValue(), Granularity.member(schema, entry.getKey()), child);
                    if (kept != null) {
                        rest.set(entry.getKey(), kept);
                    }
                }
                yield rest.isEmpty() && !value.isEmpty() ? null : rest;
            }
            case ELEMENTS -> {
                ArrayNode rest = NODES.arrayNode();
                for (JsonNode element : value) {
                    String name = schema == null ? null : nameOrNull(element, schema);
                    FieldSet child = name == null ? null : removed.child(name);
                    JsonNode kept = kept(element, schema == null ? null : schema.items(), child);
                    if (kept != null) {
                        rest.add(kept);
                    }
                }
                yield rest.isEmpty() && !value.isEmpty() ? null : rest;
            }
        };
    }

    private static @Nullable JsonNode kept(JsonNode value, @Nullable Schema schema, @Nullable FieldSet removed) {
        if (removed == null) {
            return value;
        }
        if (removed.isMember()) {
            return null;
        }
        return remove(value, schema, removed);
    }

    /** The set with each declared field on the way to a member made a member too. */
    static FieldSet withNamedFields(FieldSet set, @Nullable Schema schema) {
        FieldSet result = new FieldSet();
        if (set.isMember()) {
            result.mark();
        }
        set.children().forEach((element, child) -> {
            boolean field = element.startsWith("f:");
            String name = element.substring(2);
            Schema below = field ? Granularity.member(schema, name) : schema == null ? null : schema.items();
            FieldSet copy = withNamedFields(child, below);
            if (field && Granularity.isDeclared(schema, name)) {
                copy.mark();
            }
            result.attach(element, copy);
        });
        return result;
    }

    /** What makes an applied configuration unusable: undeclared fields, wrong types, list elements without or of equal name. */
    static List<String> problems(JsonNode config, Schema schema) {
        List<String> problems = new ArrayList<>();
        check(config, schema, new ArrayList<>(), problems);
        return problems;
    }

    private static void check(JsonNode value, @Nullable Schema schema, List<String> path, List<String> problems) {
        if (schema == null || schema.type() == Type.ANY || value.isNull()) {
            return;
        }
        String expected = expectation(value, schema);
        if (!expected.isEmpty()) {
            problems.add(PathElements.show(path) + ": " + expected);
            return;
        }
        if (value.isObject()) {
            checkFields(value, schema, path, problems);
        } else if (value.isArray()) {
            checkElements(value, schema, path, problems);
        }
    }

    private static void checkFields(JsonNode value, Schema schema, List<String> path, List<String> problems) {
        boolean closed = !schema.propertyNames().isEmpty()
                && schema.additionalProperties() == null
                && !schema.preservesUnknownFields();
        for (Map.Entry<String, JsonNode> entry : value.properties()) {
            path.addLast(PathElements.field(entry.getKey()));
            Schema member = schema.field(entry.getKey());
            if (member == null && closed) {
                problems.add(PathElements.show(path) + ": field not declared in schema");
            }
            check(entry.getValue(), member, path, problems);
            path.removeLast();
        }
    }

    private static void checkElements(JsonNode value, Schema schema, List<String> path, List<String> problems) {
        Set<String> seen = new HashSet<>();
        int index = 0;
        for (JsonNode element : value) {
            String name = "i:" + index;
            if (schema.listType() != Schema.ListType.ATOMIC) {
                try {
                    name = PathElements.of(element, schema);
                    if (!seen.add(name)) {
                        problems.add(
                                PathElements.show(path) + ": duplicate entries for key " + PathElements.show(name));
                    }
                } catch (IllegalArgumentException nameless) {
                    problems.add(PathElements.show(path) + ": element " + index + ": " + nameless.getMessage());
                }
            }
            path.addLast(name);
            check(element, schema.items(), path, problems);
            path.removeLast();
            index++;
        }
    }

    private static String expectation(JsonNode value, Schema schema) {
        boolean fits = switch (schema.type()) {
            case OBJECT -> value.isObject() || schema.preservesUnknownFields();
            case ARRAY -> value.isArray();
            case STRING -> value.isTextual() || (schema.isQuantity() && value.isNumber());
            case INTEGER, NUMBER -> value.isNumber();
            case BOOLEAN -> value.isBoolean();
            case INT_OR_STRING -> value.isNumber() || value.isTextual();
            case ANY -> true;
        };
        if (fits) {
            return "";
        }
        String wanted = switch (schema.type()) {
            case OBJECT -> "map";
            case ARRAY -> "list";
            case INTEGER, NUMBER -> "numeric (int or float)";
            case BOOLEAN -> "boolean";
            default -> "string";
        };
        String found = switch (value.getNodeType()) {
            case OBJECT -> "map";
            case ARRAY -> "list";
            case NUMBER -> value.isIntegralNumber() ? "int" : "float";
            case BOOLEAN -> "boolean";
            default -> "string";
        };
        boolean container = schema.type() == Type.OBJECT || schema.type() == Type.ARRAY;
        return container
                ? "expected " + wanted + ", got &{" + value.asText(found) + "}"
                : "expected " + wanted + ", got " + found;
    }
}
