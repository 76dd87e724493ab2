// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.patch;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.schema.Schema;
import io.mizzen.api.status.StatusCause;
import io.mizzen.api.status.StatusException;
import io.mizzen.api.status.StatusReason;
import io.mizzen.apiserver.patch.Managers.Entry;
import io.mizzen.apiserver.patch.Managers.Id;
import io.mizzen.apiserver.schema.Numbers;
import io.mizzen.apiserver.schema.RfcTime;
import io.mizzen.apiserver.schema.StrictJson;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Server-Side Apply and the record of who manages which field (API page "Server-Side Apply", KEP-555): {@link #apply}
 * merges a configuration, {@link #update} keeps the record when an object is written in any other way. Pure; results
 * may share parts with the arguments, which are not changed and must not be afterwards.
 */
public final class ManagedFields {
    private static final String BEFORE_FIRST_APPLY = "before-first-apply";
    private static final String KUBECTL = "kubectl";
    private static final String LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
    private static final int MAX_ANNOTATION_BYTES = 256 * 1024;
    private static final ObjectMapper SORTED =
            new ObjectMapper().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS);
    private static final FieldSet NEVER_MANAGED = neverManaged();

    private ManagedFields() {}

    /**
     * Who writes, and how.
     *
     * @param manager name of the field manager
     * @param apiVersion version the object is written in
     * @param subresource written subresource, or empty
     * @param force take fields from others instead of failing; for apply only
     * @param now time of the request
     * @param resetFields fields of the root that this way of writing does not change and does not own: {@code status}
     *     for an object with a status subresource, {@code spec} for its status
     */
    public record Request(
            String manager,
            String apiVersion,
            String subresource,
            boolean force,
            Instant now,
            List<String> resetFields) {

        public Request {
            resetFields = List.copyOf(resetFields);
        }

        /** A request on a kind with a status subresource. */
        public Request(String manager, String apiVersion, String subresource, boolean force, Instant now) {
            this(manager, apiVersion, subresource, force, now, defaultResetFields(subresource));
        }

        private static List<String> defaultResetFields(String subresource) {
            return switch (subresource) {
                case "" -> List.of("status");
                case "status" -> List.of("spec");
                default -> List.of();
            };
        }

        private Id id(String operation) {
            return Id.of(manager, operation, apiVersion, subresource);
        }
    }

    private static FieldSet neverManaged() {
        FieldSet set = new FieldSet();
        set.insert(List.of("f:apiVersion"));
        set.insert(List.of("f:kind"));
        set.insert(List.of("f:metadata"));
        for (String name : List.of(
                "name",
                "namespace",
                "creationTimestamp",
                "selfLink",
                "uid",
                "clusterName",
                "generation",
                "managedFields",
                "resourceVersion")) {
            set.insert(List.of("f:metadata", PathElements.field(name)));
        }
        return set;
    }

    /**
     * Merges an applied configuration into the live object. What this manager owned alone and does not give any more is
     * removed; what others own and this would change is a conflict.
     *
     * @param live the stored object, or null when there is none
     * @param config what the client applies: only the fields it wants to own
     * @return the merged object with {@code metadata.managedFields}; not yet defaulted or validated
     * @throws StatusException Conflict with a cause a field, BadRequest, or InternalError for a configuration that does
     *     not fit the schema, each in upstream's words
     */
    public static ObjectNode apply(@Nullable ObjectNode live, ObjectNode config, Schema schema, Request request) {
        checkConfig(config, schema, request);
        ObjectNode base = live == null ? identity(config) : withManagedFields(live, null);
        JsonNode stored = managedFieldsOf(live);
        Managers managers = Managers.decodeOrEmpty(stored, true);
        if (live != null && managers.isEmpty()) {
            Id unknown = Id.of(BEFORE_FIRST_APPLY, Managers.UPDATE, request.apiVersion(), request.subresource());
            FieldSet owned = Comparison.between(identity(config), base, schema)
                    .without(request.resetFields())
                    .added();
            managers.put(unknown, entry(owned.difference(NEVER_MANAGED), request));
        }
        Id self = request.id(Managers.APPLY);
        Entry last = managers.get(self);
        FieldSet set = TypedFields.of(config, schema);
        for (String field : request.resetFields()) {
            set = set.without(List.of(PathElements.field(field)));
        }
        managers.put(self, entry(set, request));

        JsonNode canonical = Numbers.copy(config);
        ObjectNode merged = (ObjectNode) ApplyMerge.merge(base, canonical, schema);
        if (last != null && !last.fields().difference(set).isEmpty()) {
            // Pruning drops what it empties; what the configuration itself gives as empty comes back.
            ObjectNode pruned = prune(merged, schema, managers.applied(), last.fields());
            merged = (ObjectNode) ApplyMerge.merge(pruned, canonical, schema);
        }
        Comparison changes = Comparison.between(base, merged, schema).without(request.resetFields());
        FieldSet changed = changes.modified().union(changes.added());
        Map<Id, FieldSet> conflicts = managers.owned(self, changed);
        if (!request.force() && !conflicts.isEmpty()) {
            conflicts = notAllowedByLastApplied(conflicts, live, schema, request);
            if (!conflicts.isEmpty()) {
                throw conflict(conflicts);
            }
        }
        managers.takeFromOthers(self, changed.union(changes.removed()));
        managers.put(self, entry(set.difference(NEVER_MANAGED), request));
        merged = syncLastApplied(live, config, merged, request);
        JsonNode entries = managers.encode();
        boolean unchanged = live != null && merged.equals(base) && Managers.sameButTimes(entries, stored);
        return withManagedFields(merged, unchanged ? stored : entries);
    }

    /**
     * Brings the record of managers up to date when an object is created, replaced or patched: fields that changed move
     * to this manager, fields that are gone leave all. An object that was stored without a record stays without.
     *
     * @param live the stored object, or null when it is being created
     * @param changed the object that is about to be stored; the managed fields in it are a client's wish
     * @return {@code changed} with new {@code metadata.managedFields}
     */
    public static ObjectNode update(@Nullable ObjectNode live, ObjectNode changed, Schema schema, Request request) {
        JsonNode stored = managedFieldsOf(live);
        JsonNode wished = managedFieldsOf(changed);
        boolean reset = request.subresource().isEmpty()
                && wished.size() == 1
                && wished.get(0).isObject()
                && wished.get(0).isEmpty();
        boolean takesWish = request.subresource().isEmpty() && !wished.isEmpty() && !wished.equals(stored);
        ObjectNode base = live == null ? identity(changed) : withManagedFields(live, null);
        ObjectNode bare = withManagedFields(changed, null);
        if (live != null && (reset || (stored.isEmpty() && !takesWish))) {
            return bare;
        }
        Comparison changes = Comparison.between(base, bare, schema).without(request.resetFields());
        if (live != null && changes.isEmpty() && !takesWish) {
            return withManagedFields(bare, stored);
        }
        Managers managers =
                reset ? new Managers() : takesWish ? wishedOr(wished, stored) : Managers.decodeOrEmpty(stored, true);
        if (live != null && managers.isEmpty()) {
            return bare;
        }
        FieldSet changedFields = changes.added().union(changes.modified());
        managers.takeFromOthers(null, changedFields.union(changes.removed()));
        FieldSet own = changedFields.difference(NEVER_MANAGED);
        if (!own.isEmpty()) {
            Id self = request.id(Managers.UPDATE);
            Entry previous = managers.get(self);
            managers.put(self, entry(previous == null ? own : own.union(previous.fields()), request));
        }
        managers.capUpdaters();
        return withManagedFields(bare, managers.encode());
    }

    private static Managers wishedOr(JsonNode wished, JsonNode stored) {
        Managers managers = Managers.decodeOrEmpty(wished, false);
        return managers.isEmpty() ? Managers.decodeOrEmpty(stored, true) : managers;
    }

    private static Entry entry(FieldSet fields, Request request) {
        return new Entry(fields, request.apiVersion(), RfcTime.format(request.now()));
    }

    private static void checkConfig(ObjectNode config, Schema schema, Request request) {
        String apiVersion = config.path("apiVersion").asText("");
        if (!apiVersion.isEmpty() && !apiVersion.equals(request.apiVersion())) {
            throw StatusException.badRequest("Incorrect version specified in apply patch. Specified patch version: "
                    + apiVersion + ", expected: " + request.apiVersion());
        }
        if (!managedFieldsOf(config).isEmpty()) {
            throw StatusException.badRequest("metadata.managedFields must be nil");
        }
        checkTyped(config, schema, request.apiVersion());
    }

    /**
     * Refuses a configuration whose fields the schema does not declare, or whose values are of another type.
     *
     * @throws StatusException InternalError with all that does not fit, as upstream
     */
    public static void checkTyped(JsonNode config, Schema schema, String apiVersion) {
        List<String> problems = TypedFields.problems(config, schema);
        if (!problems.isEmpty()) {
            String subject = config.path("metadata").path("namespace").asText("") + "/"
                    + config.path("metadata").path("name").asText("") + "; " + apiVersion + ", Kind="
                    + config.path("kind").asText("");
            String text = problems.size() == 1 ? problems.getFirst() : "errors:\n  " + String.join("\n  ", problems);
            throw PatchFailure.uninterpreted("failed to create typed patch object (" + subject + "): " + text);
        }
    }

    /**
     * The merged object without what this manager applied last time and nobody applies now. Fields that only updaters
     * own stay, unless they stand in something that is removed.
     */
    private static ObjectNode prune(ObjectNode merged, Schema schema, FieldSet applied, FieldSet last) {
        FieldSet lastNamed = TypedFields.withNamedFields(last, schema);
        FieldSet mergedSet = named(merged, schema);
        JsonNode withoutLast = orEmpty(TypedFields.remove(merged, schema, lastNamed));
        FieldSet kept = named(withoutLast, schema).union(TypedFields.withNamedFields(applied, schema));
        JsonNode withOwned = orEmpty(TypedFields.remove(merged, schema, mergedSet.difference(kept)));
        FieldSet gone = mergedSet.difference(named(withOwned, schema)).intersection(lastNamed);
        return (ObjectNode) orEmpty(TypedFields.remove(merged, schema, gone));
    }

    private static FieldSet named(JsonNode object, Schema schema) {
        return TypedFields.withNamedFields(TypedFields.of(object, schema), schema);
    }

    private static JsonNode orEmpty(@Nullable JsonNode node) {
        return node == null ? JsonNodeFactory.instance.objectNode() : node;
    }

    private static StatusException conflict(Map<Id, FieldSet> conflicts) {
        List<StatusCause> causes = new ArrayList<>();
        StringBuilder several = new StringBuilder();
        conflicts.forEach((id, fields) -> {
            several.append(several.isEmpty() ? "" : "\n")
                    .append("conflicts with ")
                    .append(id.show())
                    .append(':');
            fields.forEach(path -> {
                String shown = PathElements.show(path);
                several.append("\n- ").append(shown);
                causes.add(new StatusCause("FieldManagerConflict", "conflict with " + id.show(), shown));
            });
        });
        String message = causes.size() == 1
                ? "Apply failed with 1 conflict: " + causes.getFirst().message() + ": "
                        + causes.getFirst().field()
                : "Apply failed with " + causes.size() + " conflicts: " + several;
        return StatusException.of(StatusReason.Conflict, message).withCauses(causes);
    }

    /**
     * The conflicts that remain for kubectl, which may take over without force what it wrote by client-side apply, as
     * the annotation tells (KEP-555, "upgrading from client-side apply").
     */
    private static Map<Id, FieldSet> notAllowedByLastApplied(
            Map<Id, FieldSet> conflicts, @Nullable ObjectNode live, Schema schema, Request request) {
        JsonNode annotation = lastApplied(live);
        if (!request.manager().equals(KUBECTL) || !annotation.isTextual()) {
            return conflicts;
        }
        FieldSet allowed;
        try {
            JsonNode applied = StrictJson.parse(annotation.textValue()).value();
            if (!applied.path("apiVersion").asText("").equals(request.apiVersion())) {
                return conflicts;
            }
            allowed = TypedFields.of(applied, schema);
        } catch (StrictJson.JsonSyntaxException malformed) {
            return conflicts;
        }
        Map<Id, FieldSet> remaining = new java.util.LinkedHashMap<>();
        conflicts.forEach((id, fields) -> {
            FieldSet rest = fields.difference(allowed);
            if (!rest.isEmpty()) {
                remaining.put(id, rest);
            }
        });
        return remaining;
    }

    private static JsonNode lastApplied(@Nullable ObjectNode object) {
        return object == null
                ? JsonNodeFactory.instance.missingNode()
                : object.path("metadata").path("annotations").path(LAST_APPLIED);
    }

    /** Keeps kubectl's annotation equal to what kubectl applies on the server's side, where there is one. */
    private static ObjectNode syncLastApplied(
            @Nullable ObjectNode live, ObjectNode config, ObjectNode merged, Request request) {
        boolean synced = request.manager().equals(KUBECTL)
                && request.subresource().isEmpty()
                && lastApplied(live).isTextual()
                && lastApplied(merged).isTextual();
        if (!synced) {
            return merged;
        }
        String text;
        try {
            text = SORTED.writeValueAsString(SORTED.convertValue(config, TreeMap.class)) + "\n";
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException("a tree cannot be written", impossible);
        }
        if (text.length() > MAX_ANNOTATION_BYTES) {
            return merged;
        }
        ObjectNode annotated = copy(merged);
        ObjectNode metadata = copy((ObjectNode) merged.get("metadata"));
        ObjectNode annotations = copy((ObjectNode) metadata.get("annotations"));
        annotations.put(LAST_APPLIED, text);
        metadata.set("annotations", annotations);
        annotated.set("metadata", metadata);
        return annotated;
    }

    private static ObjectNode copy(ObjectNode object) {
        return JsonNodeFactory.instance.objectNode().setAll(object);
    }

    private static JsonNode managedFieldsOf(@Nullable ObjectNode object) {
        JsonNode fields = object == null ? null : object.path("metadata").get("managedFields");
        return fields != null && fields.isArray() ? fields : JsonNodeFactory.instance.arrayNode();
    }

    private static ObjectNode identity(ObjectNode object) {
        ObjectNode identity = JsonNodeFactory.instance.objectNode();
        for (String name : List.of("apiVersion", "kind")) {
            if (object.has(name)) {
                identity.set(name, object.get(name));
            }
        }
        return identity;
    }

    private static ObjectNode withManagedFields(ObjectNode object, @Nullable JsonNode fields) {
        boolean none = fields == null || fields.isEmpty();
        if (none
                && managedFieldsOf(object).isEmpty()
                && !object.path("metadata").has("managedFields")) {
            return object;
        }
        ObjectNode result = copy(object);
        ObjectNode metadata = object.get("metadata") instanceof ObjectNode present
                ? copy(present)
                : JsonNodeFactory.instance.objectNode();
        if (none) {
            metadata.remove("managedFields");
        } else {
            metadata.set("managedFields", fields);
        }
        result.set("metadata", metadata);
        return result;
    }
}
