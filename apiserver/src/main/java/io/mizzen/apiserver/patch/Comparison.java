// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.patch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.mizzen.api.schema.Schema;
import io.mizzen.api.schema.Schema.Type;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is different between two objects, as paths. Subtrees that are equal are not looked into. Order inside of lists of
 * type set or map is no difference. Pure.
 *
 * @param added paths that only the new object has
 * @param removed paths that only the old object has
 * @param modified leaves with another value
 */
record Comparison(FieldSet added, FieldSet removed, FieldSet modified) {
    private static final JsonNode NOTHING = JsonNodeFactory.instance.objectNode();

    /** Structs that upstream's types always have: they come and go without being owned by themselves. */
    private static final Set<String> ALWAYS_THERE =
            Set.of("metadata", "spec", "status", "template", "strategy", "updateStrategy");

    static Comparison between(JsonNode old, JsonNode changed, Schema schema) {
        Walk walk = new Walk();
        walk.compare(old, changed, schema);
        return new Comparison(walk.added, walk.removed, walk.modified);
    }

    boolean isEmpty() {
        return added.isEmpty() && removed.isEmpty() && modified.isEmpty();
    }

    /** The comparison without what lies at or below the given fields of the root. */
    Comparison without(List<String> fields) {
        FieldSet less = added;
        FieldSet lessRemoved = removed;
        FieldSet lessModified = modified;
        for (String field : fields) {
            List<String> path = List.of(PathElements.field(field));
            less = less.without(path);
            lessRemoved = lessRemoved.without(path);
            lessModified = lessModified.without(path);
        }
        return new Comparison(less, lessRemoved, lessModified);
    }

    /** Walks both trees side by side; at most one of the two values is null. */
    private static final class Walk {
        private final FieldSet added = new FieldSet();
        private final FieldSet removed = new FieldSet();
        private final FieldSet modified = new FieldSet();
        private final List<String> path = new ArrayList<>();

        void compare(@Nullable JsonNode old, @Nullable JsonNode changed, @Nullable Schema schema) {
            if (old == changed || (old != null && old.equals(changed))) {
                return;
            }
            JsonNode sample = changed != null ? changed : old;
            if (sample == null) {
                return;
            }
            Granularity granularity = Granularity.of(sample, schema);
            if (old == null || changed == null) {
                mark(sample, schema, (old == null ? added : removed).insert(path));
                return;
            }
            boolean sameKind = granularity == Granularity.of(old, schema);
            if (granularity == Granularity.LEAF || !sameKind || (old.isEmpty() && changed.isEmpty())) {
                modified.insert(path);
                return;
            }
            if (granularity == Granularity.FIELDS) {
                compareFields(old, changed, schema);
            } else if (schema != null) {
                compareElements(old, changed, schema);
            }
        }

        /** Marks a value and all that is in it, maps and lists themselves too. */
        private static void mark(JsonNode value, @Nullable Schema schema, FieldSet node) {
            node.mark();
            switch (Granularity.of(value, schema)) {
                case LEAF -> {}
                case FIELDS ->
                    value.properties().forEach(entry -> {
                        FieldSet child = new FieldSet();
                        mark(entry.getValue(), Granularity.member(schema, entry.getKey()), child);
                        node.attach(PathElements.field(entry.getKey()), child);
                    });
                case ELEMENTS -> {
                    if (schema != null) {
                        byName(value, schema).forEach((name, elements) -> {
                            FieldSet child = new FieldSet();
                            if (elements.size() == 1) {
                                mark(elements.getFirst(), schema.items(), child);
                            }
                            child.mark();
                            node.attach(name, child);
                        });
                    }
                }
            }
        }

        private void compareFields(JsonNode old, JsonNode changed, @Nullable Schema schema) {
            for (Map.Entry<String, JsonNode> entry : changed.properties()) {
                compareField(entry.getKey(), old.get(entry.getKey()), entry.getValue(), schema);
            }
            for (Map.Entry<String, JsonNode> entry : old.properties()) {
                if (!changed.has(entry.getKey())) {
                    compareField(entry.getKey(), entry.getValue(), null, schema);
                }
            }
        }

        private void compareField(
                String name, @Nullable JsonNode old, @Nullable JsonNode changed, @Nullable Schema schema) {
            Schema field = Granularity.member(schema, name);
            JsonNode before = old;
            JsonNode after = changed;
            if (field != null && isAlwaysThere(schema, name, field)) {
                JsonNode zero = field.type() == Type.ARRAY ? JsonNodeFactory.instance.arrayNode() : NOTHING;
                before = old == null ? zero : old;
                after = changed == null ? zero : changed;
            }
            path.addLast(PathElements.field(name));
            compare(before, after, field);
            path.removeLast();
        }

        private static boolean isAlwaysThere(@Nullable Schema schema, String name, Schema field) {
            boolean container = (field.type() == Type.OBJECT && !field.isMap() && !field.isAtomicMap())
                    || (field.type() == Type.ARRAY && field.listType() != Schema.ListType.ATOMIC);
            return container
                    && (ALWAYS_THERE.contains(name)
                            || (schema != null && schema.required().contains(name)));
        }

        private void compareElements(JsonNode old, JsonNode changed, Schema schema) {
            Map<String, List<JsonNode>> before = byName(old, schema);
            Map<String, List<JsonNode>> after = byName(changed, schema);
            after.forEach(
                    (name, elements) -> compareElement(name, before.getOrDefault(name, List.of()), elements, schema));
            before.forEach((name, elements) -> {
                if (!after.containsKey(name)) {
                    compareElement(name, elements, List.of(), schema);
                }
            });
        }

        private void compareElement(String name, List<JsonNode> old, List<JsonNode> changed, Schema schema) {
            if (old.equals(changed)) {
                return;
            }
            path.addLast(name);
            if (old.size() <= 1 && changed.size() <= 1) {
                compare(
                        old.isEmpty() ? null : old.getFirst(),
                        changed.isEmpty() ? null : changed.getFirst(),
                        schema.items());
            } else {
                // Elements of one name are owned together, without what is in them.
                (old.isEmpty() ? added : changed.isEmpty() ? removed : modified).insert(path);
            }
            path.removeLast();
        }

        private static Map<String, List<JsonNode>> byName(JsonNode list, Schema schema) {
            Map<String, List<JsonNode>> named = new LinkedHashMap<>();
            for (JsonNode element : list) {
                String name = TypedFields.nameOrNull(element, schema);
                if (name != null) {
                    named.computeIfAbsent(name, unused -> new ArrayList<>(1)).add(element);
                }
            }
            return named;
        }
    }
}
