// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.patch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.schema.Schema;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Merges an applied configuration into the live object: leaves are taken from the configuration, maps and named list
 * elements are joined. Elements of the configuration keep its order; the others stay where the live list had them. Pure;
 * the result shares unchanged parts with the live object.
 */
final class ApplyMerge {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private ApplyMerge() {}

    static JsonNode merge(JsonNode live, JsonNode config, @Nullable Schema schema) {
        Granularity granularity = Granularity.of(config, schema);
        if (granularity != Granularity.of(live, schema)) {
            return config;
        }
        return switch (granularity) {
            case LEAF -> config;
            case FIELDS -> {
                ObjectNode merged = NODES.objectNode();
                merged.setAll((ObjectNode) live);
                for (Map.Entry<String, JsonNode> entry : config.properties()) {
                    JsonNode current = live.get(entry.getKey());
                    Schema member = Granularity.member(schema, entry.getKey());
                    merged.set(
                            entry.getKey(),
                            current == null ? entry.getValue() : merge(current, entry.getValue(), member));
                }
                yield merged;
            }
            case ELEMENTS -> schema == null ? config : mergeElements(live, config, schema);
        };
    }

    /** An element and its name; null for one that has none. */
    private record Named(@Nullable String name, JsonNode element) {}

    private static ArrayNode mergeElements(JsonNode live, JsonNode config, Schema schema) {
        Map<String, JsonNode> wanted = new LinkedHashMap<>();
        for (JsonNode element : config) {
            wanted.put(PathElements.of(element, schema), element);
        }
        Map<String, JsonNode> current = new LinkedHashMap<>();
        List<Named> left = liveElements(live, schema, wanted.keySet(), current);
        List<String> right = new ArrayList<>(wanted.keySet());
        Deque<String> shared = new ArrayDeque<>();
        right.stream().filter(current::containsKey).forEach(shared::add);

        ArrayNode merged = NODES.arrayNode();
        int l = 0;
        int r = 0;
        while (l < left.size() || r < right.size()) {
            if (l < left.size()) {
                Named next = left.get(l);
                boolean inConfig = next.name() != null && wanted.containsKey(next.name());
                if (!inConfig) {
                    merged.add(next.element());
                    l++;
                    continue;
                }
                boolean skip = r >= right.size()
                        || (!right.get(r).equals(next.name())
                                && !shared.isEmpty()
                                && !shared.getFirst().equals(next.name()));
                if (skip) {
                    l++;
                    continue;
                }
                if (right.get(r).equals(next.name())) {
                    l++;
                }
            }
            if (r < right.size()) {
                String name = right.get(r++);
                JsonNode before = current.get(name);
                JsonNode after = java.util.Objects.requireNonNull(wanted.get(name));
                merged.add(before == null ? after : merge(before, after, schema.items()));
                if (name.equals(shared.peekFirst())) {
                    shared.removeFirst();
                }
            }
        }
        return merged;
    }

    /** The live elements in order; of those that the configuration names only the first, since they become one. */
    private static List<Named> liveElements(
            JsonNode live, Schema schema, Set<String> wanted, Map<String, JsonNode> current) {
        List<Named> elements = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (JsonNode element : live) {
            String name = TypedFields.nameOrNull(element, schema);
            boolean first = name == null || seen.add(name);
            if (name == null || !wanted.contains(name)) {
                elements.add(new Named(name, element));
            } else if (first) {
                elements.add(new Named(name, element));
                current.put(name, element);
            }
        }
        return elements;
    }
}
