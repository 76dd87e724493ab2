// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.patch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.apiserver.schema.GoText;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The entries of {@code metadata.managedFields} while one request works on them. An entry that is not touched is written
 * as it was read. Belongs to one call.
 */
final class Managers {
    static final String APPLY = "Apply";
    static final String UPDATE = "Update";
    static final String ANCIENT_CHANGES = "ancient-changes";
    private static final int MAX_UPDATERS = 10;
    private static final String FIELDS_V1 = "FieldsV1";

    private final Map<Id, Entry> entries = new LinkedHashMap<>();

    /**
     * Who an entry belongs to.
     *
     * @param apiVersion empty for appliers, which are one manager across versions
     */
    record Id(String manager, String operation, String apiVersion, String subresource) {
        private static final Comparator<Id> ORDER = Comparator.comparing(Id::manager)
                .thenComparing(Id::operation)
                .thenComparing(Id::apiVersion)
                .thenComparing(Id::subresource);

        static Id of(String manager, String operation, String apiVersion, String subresource) {
            return new Id(manager, operation, operation.equals(APPLY) ? "" : apiVersion, subresource);
        }

        boolean applies() {
            return operation.equals(APPLY);
        }

        /** As messages name the manager. */
        String show() {
            String name = GoText.quote(manager)
                    + (subresource.isEmpty() ? "" : " with subresource " + GoText.quote(subresource));
            return applies() ? name : name + " using " + apiVersion;
        }
    }

    /** What a manager owns. Fields that were read from the store are decoded when they are needed. */
    static final class Entry {
        private final String apiVersion;
        private final String time;
        private final @Nullable JsonNode raw;
        private @Nullable FieldSet fields;

        /**
         * Makes an entry.
         *
         * @param fields what is owned
         * @param apiVersion version the fields are told in
         * @param time canonical RFC 3339, or empty
         */
        Entry(FieldSet fields, String apiVersion, String time) {
            this.fields = fields;
            this.apiVersion = apiVersion;
            this.time = time;
            this.raw = null;
        }

        private Entry(JsonNode raw, String apiVersion, String time) {
            this.raw = raw;
            this.apiVersion = apiVersion;
            this.time = time;
        }

        FieldSet fields() {
            FieldSet known = fields;
            if (known == null) {
                known = raw == null ? new FieldSet() : FieldSet.decode(raw);
                fields = known;
            }
            return known;
        }

        private boolean isEmpty() {
            FieldSet known = fields;
            return known != null ? known.isEmpty() : raw == null || raw.isEmpty();
        }

        private boolean isTouchedBy(FieldSet set) {
            return raw != null ? set.touches(raw) : !fields().intersection(set).isEmpty();
        }

        private Entry with(FieldSet newFields) {
            return new Entry(newFields, apiVersion, time);
        }
    }

    /**
     * Reads {@code managedFields}.
     *
     * @param stored whether they were written by this class, so that the fields need not be looked at yet
     * @throws IllegalArgumentException in upstream's words when an entry makes no sense
     */
    static Managers decode(JsonNode managedFields, boolean stored) {
        Managers managers = new Managers();
        int index = 0;
        for (JsonNode node : managedFields) {
            String operation = node.path("operation").asText("");
            String apiVersion = node.path("apiVersion").asText("");
            String type = node.path("fieldsType").asText("");
            if (!operation.equals(APPLY) && !operation.equals(UPDATE)) {
                throw new IllegalArgumentException("operation must be `Update` or `Apply`");
            }
            if (apiVersion.isEmpty()) {
                throw new IllegalArgumentException("apiVersion must not be empty");
            }
            if (!type.equals(FIELDS_V1)) {
                throw new IllegalArgumentException(
                        type.isEmpty()
                                ? "missing fieldsType in managed fields entry " + index
                                : "invalid fieldsType " + GoText.quote(type) + " in managed fields entry " + index);
            }
            JsonNode fields = node.path("fieldsV1");
            Id id = Id.of(
                    node.path("manager").asText(""),
                    operation,
                    apiVersion,
                    node.path("subresource").asText(""));
            String time = node.path("time").asText("");
            Entry entry = stored && fields.isObject()
                    ? new Entry(fields, apiVersion, time)
                    : new Entry(fields.isMissingNode() ? new FieldSet() : FieldSet.decode(fields), apiVersion, time);
            managers.put(id, entry);
            index++;
        }
        return managers;
    }

    /** As {@link #decode}, but what makes no sense counts as nothing, as upstream has it for stored objects. */
    static Managers decodeOrEmpty(JsonNode managedFields, boolean stored) {
        try {
            return decode(managedFields, stored);
        } catch (IllegalArgumentException malformed) {
            return new Managers();
        }
    }

    boolean isEmpty() {
        return entries.isEmpty();
    }

    @Nullable
    Entry get(Id id) {
        return entries.get(id);
    }

    void put(Id id, Entry entry) {
        if (entry.isEmpty()) {
            entries.remove(id);
        } else {
            entries.put(id, entry);
        }
    }

    /** Takes fields away from all managers but one. */
    void takeFromOthers(@Nullable Id self, FieldSet taken) {
        if (taken.isEmpty()) {
            return;
        }
        for (Id id : List.copyOf(entries.keySet())) {
            Entry entry = entries.get(id);
            if (entry != null && !id.equals(self) && entry.isTouchedBy(taken)) {
                put(id, entry.with(entry.fields().difference(taken)));
            }
        }
    }

    /** The fields of {@code wanted} that other managers own, by manager in order. */
    Map<Id, FieldSet> owned(Id self, FieldSet wanted) {
        Map<Id, FieldSet> owned = new LinkedHashMap<>();
        entries.keySet().stream()
                .filter(id -> !id.equals(self))
                .sorted(Id.ORDER)
                .forEach(id -> {
                    Entry entry = entries.get(id);
                    if (entry != null && entry.isTouchedBy(wanted)) {
                        owned.put(id, entry.fields().intersection(wanted));
                    }
                });
        return owned;
    }

    /** All fields of the managers that apply. */
    FieldSet applied() {
        FieldSet applied = new FieldSet();
        for (Map.Entry<Id, Entry> entry : entries.entrySet()) {
            if (entry.getKey().applies()) {
                applied = applied.union(entry.getValue().fields());
            }
        }
        return applied;
    }

    /** Joins the oldest updaters of each version into one entry while there are more than ten. */
    void capUpdaters() {
        Predicate<Id> updates = id -> !id.applies();
        long count = entries.keySet().stream().filter(updates).count();
        if (count <= MAX_UPDATERS) {
            return;
        }
        List<Id> oldestFirst = entries.keySet().stream()
                .filter(updates)
                .sorted(Comparator.comparing((Id id) -> timeOf(id)).thenComparing(Id.ORDER))
                .collect(Collectors.toCollection(ArrayList::new));
        Map<String, Id> firsts = new HashMap<>();
        for (Id id : oldestFirst) {
            if (count <= MAX_UPDATERS) {
                return;
            }
            Id first = firsts.putIfAbsent(id.apiVersion(), id);
            if (first != null && join(first, id)) {
                count--;
            }
        }
    }

    private String timeOf(Id id) {
        Entry entry = entries.get(id);
        return entry == null ? "" : entry.time;
    }

    private boolean join(Id first, Id next) {
        Id bucket = Id.of(ANCIENT_CHANGES, UPDATE, next.apiVersion(), "");
        Entry joined = entries.get(next);
        if (joined == null || next.equals(bucket)) {
            return false;
        }
        if (!entries.containsKey(bucket)) {
            Entry oldest = entries.remove(first);
            if (oldest != null) {
                entries.put(bucket, oldest);
            }
        }
        Entry gathered = entries.get(bucket);
        FieldSet fields = gathered == null ? joined.fields() : gathered.fields().union(joined.fields());
        entries.remove(next);
        entries.put(bucket, new Entry(fields, joined.apiVersion, joined.time));
        return true;
    }

    /** The entries in upstream's order: appliers first, then by time, then by name. */
    ArrayNode encode() {
        ArrayNode encoded = JsonNodeFactory.instance.arrayNode();
        Comparator<Map.Entry<Id, Entry>> order =
                Comparator.comparing(entry -> entry.getKey().operation());
        order = order.thenComparing(entry -> entry.getValue().time)
                .thenComparing(entry -> entry.getKey().manager())
                .thenComparing(entry -> entry.getValue().apiVersion)
                .thenComparing(entry -> entry.getKey().subresource());
        entries.entrySet().stream()
                .sorted(order)
                .forEach(entry -> encoded.add(encode(entry.getKey(), entry.getValue())));
        return encoded;
    }

    private static ObjectNode encode(Id id, Entry entry) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.put("manager", id.manager()).put("operation", id.operation()).put("apiVersion", entry.apiVersion);
        if (!entry.time.isEmpty()) {
            node.put("time", entry.time);
        }
        node.put("fieldsType", FIELDS_V1);
        node.set("fieldsV1", entry.raw != null ? entry.raw : entry.fields().encode());
        if (!id.subresource().isEmpty()) {
            node.put("subresource", id.subresource());
        }
        return node;
    }

    /** Whether two lists of entries differ in nothing but times. */
    static boolean sameButTimes(JsonNode left, JsonNode right) {
        return timeless(left).equals(timeless(right));
    }

    private static Set<JsonNode> timeless(JsonNode entries) {
        Set<JsonNode> timeless = new java.util.HashSet<>();
        for (JsonNode entry : entries) {
            if (entry instanceof ObjectNode object) {
                ObjectNode copy = JsonNodeFactory.instance.objectNode();
                copy.setAll(object);
                copy.remove("time");
                timeless.add(copy);
            }
        }
        return timeless;
    }
}
