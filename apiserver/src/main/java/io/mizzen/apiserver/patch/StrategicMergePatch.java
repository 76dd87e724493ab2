// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.patch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.schema.Schema;
import io.mizzen.api.schema.Schema.Type;
import io.mizzen.api.status.StatusException;
import io.mizzen.apiserver.schema.GoText;
import io.mizzen.apiserver.schema.Numbers;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Strategic Merge Patch (API page "Update API Objects in Place Using kubectl patch" and the design proposals
 * "add-new-patchStrategy-to-clear-fields-not-present-in-patch" and "preserve-order-in-strategic-merge-patch"): lists
 * are merged by the schema's merge key, the directives {@code $patch}, {@code $retainKeys}, {@code
 * $deleteFromPrimitiveList/…} and {@code $setElementOrder/…} are obeyed, null removes. Pure.
 */
public final class StrategicMergePatch {
    static final String DIRECTIVE = "$patch";
    static final String RETAIN_KEYS = "$retainKeys";
    static final String DELETE_FROM = "$deleteFromPrimitiveList";
    static final String ELEMENT_ORDER = "$setElementOrder";

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final String BAD_RETAIN_KEYS = "invalid patch format of retainKeys";
    private static final String BAD_ELEMENT_ORDER = "invalid patch format of setElementOrder list";
    private static final String BAD_PRIMITIVE_LIST = "invalid patch format of primitive list";

    private StrategicMergePatch() {}

    /**
     * The target with the patch merged into it; unknown fields of the patch are in the result, for the decoder to find.
     *
     * @throws StatusException BadRequest, Invalid or InternalError in upstream's words when the patch makes no sense
     */
    public static ObjectNode apply(ObjectNode target, ObjectNode patch, Schema schema) {
        return mergeMap((ObjectNode) Numbers.copy(target), (ObjectNode) Numbers.copy(patch), schema);
    }

    /** Merges into {@code original}, which is changed; {@code patch} is not. */
    static ObjectNode mergeMap(ObjectNode original, ObjectNode patch, @Nullable Schema schema) {
        JsonNode directive = patch.get(DIRECTIVE);
        if (directive != null) {
            return wholeMap(directive, patch);
        }
        retainKeys(original, patch);
        Set<String> done = setElementOrders(original, patch, schema);
        for (Map.Entry<String, JsonNode> entry : patch.properties()) {
            String key = entry.getKey();
            if (done.contains(key) || key.equals(RETAIN_KEYS) || key.startsWith(ELEMENT_ORDER)) {
                continue;
            }
            boolean deletion = key.startsWith(DELETE_FROM);
            String field = deletion ? fieldOf(key, BAD_PRIMITIVE_LIST) : key;
            mergeField(original, field, entry.getValue(), schema, deletion);
        }
        return original;
    }

    private static ObjectNode wholeMap(JsonNode directive, ObjectNode patch) {
        return switch (directive.asText()) {
            case "replace" -> {
                ObjectNode replacement = patch.deepCopy();
                replacement.remove(DIRECTIVE);
                yield replacement;
            }
            case "delete" -> NODES.objectNode();
            default -> throw unknownDirective(directive, patch);
        };
    }

    private static StatusException unknownDirective(JsonNode directive, JsonNode map) {
        return PatchFailure.uninterpreted(
                "unknown patch type: " + GoText.value(directive) + " in map: " + GoText.value(map));
    }

    private static void mergeField(
            ObjectNode original, String field, JsonNode value, @Nullable Schema schema, boolean deletion) {
        if (value.isNull()) {
            original.remove(field);
            return;
        }
        JsonNode current = original.get(field);
        boolean maps = current instanceof ObjectNode && value.isObject();
        boolean lists = current instanceof ArrayNode && value.isArray();
        if (!maps && !lists) {
            if (!deletion) {
                setClean(original, field, value);
            }
            return;
        }
        Schema fieldSchema = fieldSchema(schema, field);
        String strategy = strategy(fieldSchema);
        if (maps) {
            original.set(
                    field,
                    strategy.equals("replace")
                            ? value.deepCopy()
                            : mergeMap((ObjectNode) current, (ObjectNode) value, fieldSchema));
        } else {
            original.set(field, mergeList((ArrayNode) current, (ArrayNode) value, fieldSchema, deletion));
        }
    }

    private static void setClean(ObjectNode original, String field, JsonNode value) {
        JsonNode clean = clean(value);
        if (clean == null) {
            original.remove(field);
        } else {
            original.set(field, clean);
        }
    }

    /** A new value without nulls and without directives; null if the value itself is a directive. */
    private static @Nullable JsonNode clean(JsonNode value) {
        if (value.isObject()) {
            JsonNode directive = value.get(DIRECTIVE);
            if (directive != null && !directive.asText().equals("replace")) {
                return null;
            }
            ObjectNode copy = NODES.objectNode();
            for (Map.Entry<String, JsonNode> entry : value.properties()) {
                boolean kept = !entry.getValue().isNull() && !isDirective(entry.getKey());
                JsonNode clean = kept ? clean(entry.getValue()) : null;
                if (clean != null) {
                    copy.set(entry.getKey(), clean);
                }
            }
            return copy;
        }
        if (value.isArray()) {
            ArrayNode copy = NODES.arrayNode();
            for (JsonNode element : value) {
                JsonNode clean = clean(element);
                if (clean != null) {
                    copy.add(clean);
                }
            }
            return copy;
        }
        return value;
    }

    private static boolean isDirective(String key) {
        return key.startsWith("$")
                && (key.equals(DIRECTIVE)
                        || key.equals(RETAIN_KEYS)
                        || key.startsWith(DELETE_FROM + "/")
                        || key.startsWith(ELEMENT_ORDER + "/"));
    }

    private static @Nullable Schema fieldSchema(@Nullable Schema schema, String field) {
        if (schema == null || schema.preservesUnknownFields()) {
            return schema == null ? null : schema.field(field);
        }
        Schema found = schema.field(field);
        if (found == null
                && schema.type() == Type.OBJECT
                && !schema.propertyNames().isEmpty()) {
            throw PatchFailure.uninterpreted("unable to find api field in struct " + schema.simpleName()
                    + " for the json field " + GoText.quote(field));
        }
        return found;
    }

    private static String strategy(@Nullable Schema schema) {
        if (schema == null) {
            return "";
        }
        return schema.patchStrategies().contains("merge")
                ? "merge"
                : schema.patchStrategies().contains("replace") ? "replace" : "";
    }

    private static ArrayNode mergeList(ArrayNode original, ArrayNode patch, @Nullable Schema schema, boolean deletion) {
        if (schema == null || !strategy(schema).equals("merge")) {
            return patch.deepCopy();
        }
        String mergeKey = schema.patchMergeKey();
        return new ListMerge(schema.items(), mergeKey == null ? "" : mergeKey).merge(original, patch, deletion);
    }

    private static String fieldOf(String directive, String failure) {
        int slash = directive.indexOf('/');
        String prefix = directive.startsWith(DELETE_FROM) ? DELETE_FROM : ELEMENT_ORDER;
        if (slash < 0 || !directive.substring(0, slash).equals(prefix)) {
            throw StatusException.badRequest(failure);
        }
        return directive.substring(slash + 1);
    }

    private static void retainKeys(ObjectNode original, ObjectNode patch) {
        JsonNode retained = patch.get(RETAIN_KEYS);
        if (retained == null) {
            return;
        }
        if (!retained.isArray()) {
            throw StatusException.badRequest(BAD_RETAIN_KEYS);
        }
        Set<String> keys = new HashSet<>();
        retained.forEach(key -> keys.add(key.asText()));
        for (Map.Entry<String, JsonNode> entry : patch.properties()) {
            String key = entry.getKey();
            boolean exempt = entry.getValue().isNull()
                    || key.equals(RETAIN_KEYS)
                    || key.startsWith(DELETE_FROM)
                    || key.startsWith(ELEMENT_ORDER);
            if (!exempt && !keys.contains(key)) {
                throw StatusException.badRequest(BAD_RETAIN_KEYS);
            }
        }
        original.retain(keys);
    }

    /** Merges and orders each list that has an order given; the names of lists that are finished by that. */
    private static Set<String> setElementOrders(ObjectNode original, ObjectNode patch, @Nullable Schema schema) {
        Set<String> done = new HashSet<>();
        for (Map.Entry<String, JsonNode> entry : patch.properties()) {
            if (!entry.getKey().startsWith(ELEMENT_ORDER)) {
                continue;
            }
            ArrayNode order = listOr(entry.getValue());
            String field = fieldOf(entry.getKey(), BAD_ELEMENT_ORDER);
            JsonNode current = original.get(field);
            JsonNode patched = patch.get(field);
            ArrayNode currentList = current == null ? NODES.arrayNode() : listOr(current);
            if (patched != null && patched.isNull()) {
                continue;
            }
            ArrayNode patchList = patched == null ? NODES.arrayNode() : listOr(patched);
            if (current == null && patched == null) {
                continue;
            }
            Schema fieldSchema = fieldSchema(schema, field);
            String mergeKey =
                    fieldSchema == null || fieldSchema.patchMergeKey() == null ? "" : fieldSchema.patchMergeKey();
            ListMerge lists = new ListMerge(fieldSchema == null ? null : fieldSchema.items(), mergeKey);
            lists.checkOrder(patchList, order);
            ArrayNode merged = current != null && patched != null
                    ? mergeList(currentList, patchList, fieldSchema, false)
                    : current != null ? currentList : (ArrayNode) cleanList(patchList);
            original.set(field, lists.ordered(merged, order, currentList));
            done.add(field);
        }
        return done;
    }

    private static JsonNode cleanList(ArrayNode list) {
        JsonNode clean = clean(list);
        return clean == null ? NODES.arrayNode() : clean;
    }

    private static ArrayNode listOr(JsonNode value) {
        if (value instanceof ArrayNode list) {
            return list;
        }
        throw PatchFailure.uninterpreted("expected a []interface {}, but received a " + GoText.type(value));
    }

    /**
     * Merges two lists with the merge strategy.
     *
     * @param items schema of the elements
     * @param mergeKey member that identifies an element; empty for lists of scalars
     */
    private record ListMerge(@Nullable Schema items, String mergeKey) {

        ArrayNode merge(ArrayNode original, ArrayNode patch, boolean deletion) {
            if (original.isEmpty() && patch.isEmpty()) {
                return original;
            }
            if (!areMaps(original, patch)) {
                return deletion ? without(original, patch) : mergeScalars(original, patch);
            }
            if (mergeKey.isEmpty()) {
                throw PatchFailure.uninterpreted("cannot merge lists without merge key for type "
                        + (items == null || items.type() == Type.OBJECT ? "struct" : "string"));
            }
            List<ObjectNode> additions = new ArrayList<>();
            ArrayNode base = obeyDirectives(original, patch, additions);
            ArrayNode before = NODES.arrayNode().addAll(base);
            for (ObjectNode addition : additions) {
                JsonNode key = addition.get(mergeKey);
                if (key == null) {
                    throw noMergeKey(addition);
                }
                int found = find(base, key);
                if (found >= 0) {
                    base.set(found, mergeMap((ObjectNode) base.get(found), addition, items));
                } else {
                    JsonNode clean = clean(addition);
                    if (clean != null) {
                        base.add(clean);
                    }
                }
            }
            ArrayNode order = NODES.arrayNode();
            additions.forEach(order::add);
            return ordered(base, order, before);
        }

        private StatusException noMergeKey(JsonNode map) {
            return PatchFailure.uninterpreted(
                    "map: " + GoText.value(map) + " does not contain declared merge key: " + mergeKey);
        }

        private static boolean areMaps(ArrayNode first, ArrayNode second) {
            String type = null;
            for (ArrayNode list : List.of(first, second)) {
                for (JsonNode element : list) {
                    String current = GoText.type(element);
                    if (type == null) {
                        type = current;
                        if (element.isArray()) {
                            throw PatchFailure.unprocessable("lists of lists are not supported");
                        }
                    } else if (!type.equals(current)) {
                        throw PatchFailure.uninterpreted("list element types are not identical: [" + GoText.value(first)
                                + " " + GoText.value(second) + "]");
                    }
                }
            }
            return type != null && type.startsWith("map");
        }

        private static ArrayNode without(ArrayNode original, ArrayNode removed) {
            Set<JsonNode> gone = new HashSet<>();
            removed.forEach(gone::add);
            ArrayNode rest = NODES.arrayNode();
            original.forEach(element -> {
                if (!gone.contains(element)) {
                    rest.add(element);
                }
            });
            return rest;
        }

        private ArrayNode mergeScalars(ArrayNode original, ArrayNode patch) {
            Set<JsonNode> seen = new HashSet<>();
            ArrayNode merged = NODES.arrayNode();
            for (ArrayNode list : List.of(original, patch)) {
                list.forEach(element -> {
                    if (seen.add(element)) {
                        merged.add(element);
                    }
                });
            }
            return ordered(merged, patch, original);
        }

        /** Obeys the directives among the patch's elements and collects the others. */
        private ArrayNode obeyDirectives(ArrayNode original, ArrayNode patch, List<ObjectNode> additions) {
            boolean replace = false;
            ArrayNode base = NODES.arrayNode().addAll(original);
            for (JsonNode element : patch) {
                JsonNode directive = element.get(DIRECTIVE);
                if (directive == null) {
                    additions.add((ObjectNode) element);
                    continue;
                }
                switch (directive.asText()) {
                    case "delete" -> {
                        JsonNode key = element.get(mergeKey);
                        if (key == null) {
                            throw noMergeKey(element);
                        }
                        for (int at = find(base, key); at >= 0; at = find(base, key)) {
                            base.remove(at);
                        }
                    }
                    case "replace" -> replace = true;
                    case "merge" ->
                        throw PatchFailure.uninterpreted("merging lists cannot yet be specified in the patch");
                    default -> throw unknownDirective(directive, element);
                }
            }
            if (!replace) {
                return base;
            }
            ArrayNode replacement = NODES.arrayNode();
            additions.forEach(element -> {
                JsonNode clean = clean(element);
                if (clean != null) {
                    replacement.add(clean);
                }
            });
            additions.clear();
            return replacement;
        }

        private int find(ArrayNode list, JsonNode key) {
            for (int i = 0; i < list.size(); i++) {
                if (!list.get(i).isObject()) {
                    throw PatchFailure.uninterpreted("value for key " + i + " is not a map.");
                }
                if (key.equals(list.get(i).get(mergeKey))) {
                    return i;
                }
            }
            return -1;
        }

        /** The patch's elements must stand in the order that the directive gives; deletions are not looked at. */
        void checkOrder(ArrayNode patch, ArrayNode order) {
            if (patch.isEmpty() || order.isEmpty()) {
                return;
            }
            int next = 0;
            for (JsonNode element : patch) {
                if (!mergeKey.isEmpty() && element.has(DIRECTIVE)) {
                    continue;
                }
                while (next < order.size() && !sameKey(element, order.get(next))) {
                    next++;
                }
                if (next++ >= order.size()) {
                    throw PatchFailure.uninterpreted("The order in patch list:\n" + GoText.value(patch)
                            + "\n doesn't match " + ELEMENT_ORDER + " list:\n" + GoText.value(order) + "\n");
                }
            }
        }

        private boolean sameKey(JsonNode left, JsonNode right) {
            return mergeKey.isEmpty() ? left.equals(right) : keyOf(left).equals(keyOf(right));
        }

        private JsonNode keyOf(JsonNode element) {
            if (mergeKey.isEmpty()) {
                return element;
            }
            if (!element.isObject()) {
                throw PatchFailure.uninterpreted(
                        "expected a map[string]interface {}, but received a " + GoText.type(element));
            }
            JsonNode key = element.get(mergeKey);
            if (key == null) {
                throw noMergeKey(element);
            }
            return key;
        }

        /**
         * Puts the elements that {@code order} names into that order, and the others between them where the live list
         * had them.
         */
        ArrayNode ordered(ArrayNode merged, ArrayNode order, ArrayNode live) {
            Map<JsonNode, Integer> wanted = positions(order);
            Map<JsonNode, Integer> known = positions(live);
            List<JsonNode> named = new ArrayList<>();
            List<JsonNode> others = new ArrayList<>();
            for (JsonNode element : merged) {
                (wanted.containsKey(keyOf(element)) ? named : others).add(element);
            }
            named.sort(java.util.Comparator.comparing(element -> wanted.getOrDefault(keyOf(element), 0)));
            others.sort(
                    java.util.Comparator.comparing(element -> known.getOrDefault(keyOf(element), Integer.MAX_VALUE)));
            ArrayNode result = NODES.arrayNode(merged.size());
            int next = 0;
            for (JsonNode element : named) {
                Integer place = known.get(keyOf(element));
                while (place != null && next < others.size()) {
                    Integer other = known.get(keyOf(others.get(next)));
                    if (other == null || other >= place) {
                        break;
                    }
                    result.add(others.get(next++));
                }
                result.add(element);
            }
            others.subList(next, others.size()).forEach(result::add);
            return result;
        }

        private Map<JsonNode, Integer> positions(ArrayNode list) {
            Map<JsonNode, Integer> positions = new java.util.HashMap<>();
            for (int i = 0; i < list.size(); i++) {
                if (!list.get(i).isObject() || mergeKey.isEmpty() || list.get(i).has(mergeKey)) {
                    positions.putIfAbsent(keyOf(list.get(i)), i);
                }
            }
            return positions;
        }
    }
}
