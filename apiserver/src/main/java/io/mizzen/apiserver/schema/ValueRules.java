// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The value rules of an {@code openAPIV3Schema}, made ready once and then checked against values, with the messages of
 * {@code kube-openapi}. A value that is equal to the old one at the same place is not checked again (KEP-4008, validation
 * ratcheting). Immutable.
 */
final class ValueRules {
    private final JsonNode schema;
    private final List<String> types = new ArrayList<>();
    private final boolean nullable;
    private final @Nullable Pattern pattern;
    private final Map<String, ValueRules> properties = new LinkedHashMap<>();
    private final @Nullable ValueRules items;
    private final @Nullable ValueRules additional;
    private final List<ValueRules> allOf;
    private final List<ValueRules> anyOf;
    private final List<ValueRules> oneOf;
    private final @Nullable ValueRules not;

    private ValueRules(JsonNode schema) {
        this.schema = schema;
        if (schema.path("x-kubernetes-int-or-string").asBoolean(false)) {
            types.add("integer");
            types.add("string");
        } else if (!schema.path("type").asText("").isEmpty()) {
            types.add(schema.get("type").asText());
        }
        nullable = schema.path("nullable").asBoolean(false);
        pattern = compile(schema.path("pattern").asText(""));
        schema.path("properties").properties().forEach(entry -> properties.put(entry.getKey(), of(entry.getValue())));
        items = optional(schema.path("items"));
        additional = optional(schema.path("additionalProperties"));
        allOf = list(schema.path("allOf"));
        anyOf = list(schema.path("anyOf"));
        oneOf = list(schema.path("oneOf"));
        not = optional(schema.path("not"));
    }

    static ValueRules of(JsonNode schema) {
        return new ValueRules(schema);
    }

    private static @Nullable ValueRules optional(JsonNode schema) {
        return schema.isObject() ? of(schema) : null;
    }

    private static List<ValueRules> list(JsonNode schemas) {
        List<ValueRules> rules = new ArrayList<>();
        schemas.forEach(schema -> rules.add(of(schema)));
        return rules;
    }

    private static @Nullable Pattern compile(String regex) {
        if (regex.isEmpty()) {
            return null;
        }
        try {
            return Pattern.compile(regex);
        } catch (PatternSyntaxException malformed) {
            // The definition was refused for it; what is stored from before is not checked against it.
            return null;
        }
    }

    /** Checks a value; {@code old} is the value at the same place before an update, if there was one. */
    void check(JsonNode value, @Nullable JsonNode old, String path, FieldErrors errors) {
        if (old != null && value.equals(old)) {
            return;
        }
        if (value.isNull() && nullable) {
            return;
        }
        checkType(value, path, errors);
        if (!value.isNull()) {
            checkJunctors(value, path, errors);
        }
        if (value.isTextual()) {
            checkText(value, path, errors);
        } else if (value.isNumber()) {
            checkNumber(value, path, errors);
        } else if (value.isArray()) {
            checkArray(value, old, path, errors);
        }
        checkEnum(value, path, errors);
        if (value.isObject()) {
            checkObject(value, old, path, errors);
        }
    }

    private static String typeOf(JsonNode value) {
        return switch (value.getNodeType()) {
            case OBJECT -> "object";
            case ARRAY -> "array";
            case STRING -> "string";
            case BOOLEAN -> "boolean";
            case NUMBER -> value.isIntegralNumber() ? "integer" : "number";
            default -> "null";
        };
    }

    private void checkType(JsonNode value, String path, FieldErrors errors) {
        String found = typeOf(value);
        boolean fits =
                types.isEmpty() || types.contains(found) || (found.equals("integer") && types.contains("number"));
        if (!fits) {
            typeError(path, found, String.join(",", types), errors);
        }
    }

    private static void typeError(String path, String value, String type, FieldErrors errors) {
        errors.typeInvalid(
                FieldErrors.orRoot(path),
                value,
                path + " in body must be of type " + type + ": " + GoText.quote(value));
    }

    private static void bodyError(String path, JsonNode value, String claim, FieldErrors errors) {
        errors.invalid(FieldErrors.orRoot(path), value, path + " in body " + claim);
    }

    private void checkText(JsonNode value, String path, FieldErrors errors) {
        String text = value.textValue();
        int length = text.codePointCount(0, text.length());
        if (schema.path("maxLength").canConvertToInt()
                && length > schema.get("maxLength").intValue()) {
            errors.tooLong(FieldErrors.orRoot(path), schema.get("maxLength").intValue());
        }
        if (schema.path("minLength").isNumber()
                && length < schema.get("minLength").longValue()) {
            bodyError(
                    path, value, "should be at least " + schema.get("minLength").asText() + " chars long", errors);
        }
        if (pattern != null && !pattern.matcher(text).find()) {
            bodyError(path, value, "should match '" + schema.get("pattern").asText() + "'", errors);
        }
        String format = schema.path("format").asText("");
        if (!format.isEmpty() && !StringFormats.matches(format, text)) {
            typeError(path, text, format, errors);
        }
    }

    private void checkNumber(JsonNode value, String path, FieldErrors errors) {
        BigDecimal number = value.decimalValue();
        JsonNode most = schema.path("maximum");
        if (most.isNumber()) {
            boolean exclusive = schema.path("exclusiveMaximum").asBoolean(false);
            int order = number.compareTo(most.decimalValue());
            if (order > 0 || (exclusive && order == 0)) {
                bodyError(path, value, "should be less than " + (exclusive ? "" : "or equal to ") + show(most), errors);
            }
        }
        JsonNode least = schema.path("minimum");
        if (least.isNumber()) {
            boolean exclusive = schema.path("exclusiveMinimum").asBoolean(false);
            int order = number.compareTo(least.decimalValue());
            if (order < 0 || (exclusive && order == 0)) {
                bodyError(
                        path,
                        value,
                        "should be greater than " + (exclusive ? "" : "or equal to ") + show(least),
                        errors);
            }
        }
        JsonNode factor = schema.path("multipleOf");
        if (factor.isNumber()
                && factor.decimalValue().signum() > 0
                && number.remainder(factor.decimalValue()).signum() != 0) {
            bodyError(path, value, "should be a multiple of " + show(factor), errors);
        }
        boolean tooBig = schema.path("format").asText("").equals("int32")
                && value.isIntegralNumber()
                && !value.canConvertToInt();
        if (tooBig) {
            errors.typeInvalid(
                    FieldErrors.orRoot(path), value, "Checked value number must be of type integer with format int32");
        }
    }

    private static String show(JsonNode number) {
        return number.isFloatingPointNumber() ? GoText.number(number.doubleValue()) : number.asText();
    }

    private void checkArray(JsonNode value, @Nullable JsonNode old, String path, FieldErrors errors) {
        checkSize("minItems", "maxItems", "items", value, path, errors);
        Map<JsonNode, JsonNode> oldByKey = byKey(old);
        Set<JsonNode> seen = new HashSet<>();
        String listType = schema.path("x-kubernetes-list-type").asText("");
        boolean unique = listType.equals("set")
                || listType.equals("map")
                || schema.path("uniqueItems").asBoolean(false);
        for (int i = 0; i < value.size(); i++) {
            JsonNode element = value.get(i);
            JsonNode key = listType.equals("map") ? keyOf(element) : element;
            if (items != null) {
                items.check(
                        element, listType.equals("map") ? oldByKey.get(key) : null, FieldErrors.at(path, i), errors);
            }
            if (unique && !seen.add(key)) {
                errors.duplicate(FieldErrors.at(path, i), key);
            }
        }
    }

    private JsonNode keyOf(JsonNode element) {
        ObjectNode key = JsonNodeFactory.instance.objectNode();
        for (JsonNode name : schema.path("x-kubernetes-list-map-keys")) {
            JsonNode value = element.get(name.asText());
            if (value != null) {
                key.set(name.asText(), value);
            }
        }
        return key;
    }

    private Map<JsonNode, JsonNode> byKey(@Nullable JsonNode old) {
        Map<JsonNode, JsonNode> elements = new HashMap<>();
        boolean named = schema.path("x-kubernetes-list-type").asText("").equals("map");
        if (old != null && named && old.isArray()) {
            old.forEach(element -> elements.putIfAbsent(keyOf(element), element));
        }
        return elements;
    }

    private void checkSize(String least, String most, String what, JsonNode value, String path, FieldErrors errors) {
        int size = value.size();
        if (schema.path(most).canConvertToInt() && size > schema.get(most).intValue()) {
            errors.tooMany(FieldErrors.orRoot(path), size, schema.get(most).intValue());
        }
        if (schema.path(least).isNumber() && size < schema.get(least).longValue()) {
            bodyError(
                    path,
                    JsonNodeFactory.instance.numberNode(size),
                    "should have at least " + schema.get(least).asText() + " " + what,
                    errors);
        }
    }

    private void checkEnum(JsonNode value, String path, FieldErrors errors) {
        JsonNode allowed = schema.path("enum");
        if (!allowed.isArray() || allowed.isEmpty()) {
            return;
        }
        List<String> supported = new ArrayList<>();
        for (JsonNode option : allowed) {
            if (Numbers.whole(option).equals(Numbers.whole(value))) {
                return;
            }
            supported.add(option.isTextual() ? option.textValue() : option.toString());
        }
        errors.notSupported(FieldErrors.orRoot(path), value, supported);
    }

    private void checkObject(JsonNode value, @Nullable JsonNode old, String path, FieldErrors errors) {
        checkSize("minProperties", "maxProperties", "properties", value, path, errors);
        for (JsonNode required : schema.path("required")) {
            if (!value.has(required.asText())) {
                errors.required(FieldErrors.at(path, required.asText()), "");
            }
        }
        if (schema.path("x-kubernetes-embedded-resource").asBoolean(false)) {
            for (String name : List.of("apiVersion", "kind")) {
                if (value.path(name).asText("").isEmpty()) {
                    errors.required(FieldErrors.at(path, name), "must not be empty");
                }
            }
        }
        for (Map.Entry<String, JsonNode> entry : value.properties()) {
            ValueRules rules = properties.getOrDefault(entry.getKey(), additional);
            if (rules != null) {
                JsonNode before = old == null ? null : old.get(entry.getKey());
                rules.check(entry.getValue(), before, FieldErrors.at(path, entry.getKey()), errors);
            }
        }
    }

    private void checkJunctors(JsonNode value, String path, FieldErrors errors) {
        String subject = GoText.quote(path);
        if (!anyOf.isEmpty()) {
            List<FieldErrors> failures = failures(anyOf, value, path);
            if (failures.stream().noneMatch(FieldErrors::isEmpty)) {
                junctorError(subject + " must validate at least one schema (anyOf)", errors);
                errors.addAll(best(failures));
            }
        }
        if (!oneOf.isEmpty()) {
            List<FieldErrors> failures = failures(oneOf, value, path);
            long valid = failures.stream().filter(FieldErrors::isEmpty).count();
            if (valid != 1) {
                String found = valid == 0 ? "Found none valid" : "Found " + valid + " valid alternatives";
                junctorError(subject + " must validate one and only one schema (oneOf). " + found, errors);
            }
            if (valid == 0) {
                errors.addAll(best(failures));
            }
        }
        if (!allOf.isEmpty()) {
            List<FieldErrors> failures = failures(allOf, value, path);
            failures.forEach(errors::addAll);
            long valid = failures.stream().filter(FieldErrors::isEmpty).count();
            if (valid < allOf.size()) {
                String found = valid == 0 ? ". None validated" : "";
                junctorError(subject + " must validate all the schemas (allOf)" + found, errors);
            }
        }
        if (not != null && failures(List.of(not), value, path).getFirst().isEmpty()) {
            junctorError(subject + " must not validate the schema (not)", errors);
        }
    }

    private static void junctorError(String message, FieldErrors errors) {
        errors.invalid(FieldErrors.ROOT, "", message);
    }

    private static List<FieldErrors> failures(List<ValueRules> alternatives, JsonNode value, String path) {
        List<FieldErrors> failures = new ArrayList<>();
        for (ValueRules rules : alternatives) {
            FieldErrors errors = new FieldErrors();
            rules.check(value, null, path, errors);
            failures.add(errors);
        }
        return failures;
    }

    /** The failure of the alternative that was missed by least. */
    private static FieldErrors best(List<FieldErrors> failures) {
        FieldErrors best = failures.getFirst();
        for (FieldErrors failure : failures) {
            if (failure.size() < best.size()) {
                best = failure;
            }
        }
        return best;
    }
}
