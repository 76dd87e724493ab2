// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.status.StatusException;
import io.mizzen.apiserver.admission.Admission;
import io.mizzen.apiserver.admission.AdmissionRequest;
import io.mizzen.apiserver.admission.AdmissionRequest.Operation;
import io.mizzen.apiserver.admission.Rollback;
import io.mizzen.apiserver.storage.Storage;
import io.mizzen.apiserver.storage.Storage.Entry;
import io.mizzen.apiserver.storage.Storage.WriteResult;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Deletes objects: at once, or by marking them when finalizers or a grace period stand against it. Thread-safe.
 *
 * @see <a href="https://kubernetes.io/docs/concepts/architecture/garbage-collection/">Garbage collection</a>
 */
public final class ObjectDeletion {
    private final Storage storage;
    private final Admission admission;

    /**
     * The client's wishes ({@code DeleteOptions}).
     *
     * @param gracePeriodSeconds null for the kind's default
     * @param uid the object must have this uid, null for any
     * @param resourceVersion the object must be in this state, null for any
     * @param propagation {@code Orphan}, {@code Background}, {@code Foreground}, or null for the kind's default
     */
    public record Options(
            @Nullable Long gracePeriodSeconds,
            @Nullable String uid,
            @Nullable String resourceVersion,
            @Nullable String propagation) {

        /** No wishes. */
        public static final Options NONE = new Options(null, null, null, null);
    }

    /**
     * What became of a deletion.
     *
     * @param object the object as last seen, in the request's version
     * @param gone whether it is gone; else it is marked and goes later
     */
    public record Deleted(ObjectNode object, boolean gone) {}

    public ObjectDeletion(Storage storage, Admission admission) {
        this.storage = storage;
        this.admission = admission;
    }

    /** Deletes or marks an object. */
    public Deleted delete(
            WriteContext context, ServedResource resource, String namespace, String name, Options options) {
        String key = resource.key(namespace, name);
        Entry entry = storage.get(key);
        for (int attempt = 1; ; attempt++) {
            if (entry == null) {
                throw StatusException.notFound(resource.groupResource(), name);
            }
            ObjectNode old = ObjectCodec.fromStorage(entry.value(), entry.modRevision());
            checkPreconditions(resource, name, options, old);
            admission.validate(new AdmissionRequest(context, resource, Operation.DELETE, old, old, new Rollback()));
            ObjectNode marked = mark(resource, old, options, context.now());
            boolean gone = Deletions.mayEnd(marked);
            if (context.dryRun() || !gone && marked.equals(old)) {
                return new Deleted(resource.converter().fromStored(gone ? old : marked), gone);
            }
            WriteResult result = gone
                    ? storage.delete(key, entry.modRevision())
                    : storage.update(
                            key,
                            ObjectCodec.toStorage(marked),
                            entry.modRevision(),
                            resource.strategy().ttlSeconds());
            switch (result) {
                case WriteResult.Written written -> {
                    if (gone) {
                        resource.strategy().release(old, null);
                    }
                    ObjectNode answer = gone ? old : marked;
                    ObjectTree.metadata(answer).put("resourceVersion", Long.toString(written.revision()));
                    return new Deleted(resource.converter().fromStored(answer), gone);
                }
                case WriteResult.Conflict conflict -> {
                    if (attempt >= ObjectStore.ATTEMPTS) {
                        throw StatusException.modified(resource.groupResource(), name);
                    }
                    entry = conflict.current();
                }
            }
        }
    }

    private static void checkPreconditions(ServedResource resource, String name, Options options, ObjectNode object) {
        if (options.uid() != null && !options.uid().equals(ObjectTree.uid(object))) {
            throw StatusException.conflict(
                    resource.groupResource(),
                    name,
                    "Precondition failed: UID in precondition: " + options.uid() + ", UID in object meta: "
                            + ObjectTree.uid(object));
        }
        String version = ObjectTree.resourceVersion(object);
        if (options.resourceVersion() != null && !options.resourceVersion().equals(version)) {
            throw StatusException.conflict(
                    resource.groupResource(),
                    name,
                    "Precondition failed: ResourceVersion in precondition: " + options.resourceVersion()
                            + ", ResourceVersion in object meta: " + version);
        }
    }

    /** The object as a deletion leaves it: marked, with the finalizers that the propagation policy asks for. */
    static ObjectNode mark(ServedResource resource, ObjectNode old, Options options, Instant now) {
        ObjectNode marked = old.deepCopy();
        ObjectNode metadata = ObjectTree.metadata(marked);
        applyPropagation(resource, metadata, options.propagation());
        Long grace = resource.strategy().gracePeriodSeconds(old, options.gracePeriodSeconds());
        long seconds = grace == null ? 0 : grace;
        if (!ObjectTree.isTerminating(old)) {
            metadata.put("deletionTimestamp", Metadata.time(now.plusSeconds(seconds)));
            metadata.put("deletionGracePeriodSeconds", seconds);
            if (resource.strategy().countsGenerations() && metadata.has("generation")) {
                metadata.put("generation", metadata.path("generation").asLong() + 1);
            }
        } else if (seconds < metadata.path("deletionGracePeriodSeconds").asLong(0)) {
            // A second deletion may only shorten the grace that is running.
            long before = metadata.path("deletionGracePeriodSeconds").asLong(0);
            Instant deadline = Instant.parse(metadata.path("deletionTimestamp").asText());
            metadata.put("deletionTimestamp", Metadata.time(deadline.minusSeconds(before - seconds)));
            metadata.put("deletionGracePeriodSeconds", seconds);
        }
        if (resource.stored().plural().equals("namespaces")
                && resource.stored().group().isEmpty()) {
            ObjectTree.child(marked, "status").put("phase", "Terminating");
        }
        return marked;
    }

    private static void applyPropagation(ServedResource resource, ObjectNode metadata, @Nullable String propagation) {
        String policy = propagation;
        Set<String> finalizers = new LinkedHashSet<>(ObjectTree.texts(metadata.path("finalizers")));
        if (policy == null) {
            if (finalizers.contains(Deletions.ORPHAN) || finalizers.contains(Deletions.FOREGROUND)) {
                return;
            }
            policy = resource.strategy().orphansByDefault() ? "Orphan" : "Background";
        }
        finalizers.remove(Deletions.ORPHAN);
        finalizers.remove(Deletions.FOREGROUND);
        if (policy.equals("Orphan")) {
            finalizers.add(Deletions.ORPHAN);
        } else if (policy.equals("Foreground")) {
            finalizers.add(Deletions.FOREGROUND);
        }
        if (finalizers.isEmpty()) {
            metadata.remove("finalizers");
        } else {
            ArrayNode list = metadata.putArray("finalizers");
            finalizers.forEach(list::add);
        }
    }

    /** The wishes in a {@code DeleteOptions} body and in the query, the query being the older way. */
    public static Options options(@Nullable JsonNode body, String queryPolicy, @Nullable Long queryGrace) {
        JsonNode tree = body == null ? com.fasterxml.jackson.databind.node.MissingNode.getInstance() : body;
        String policy = tree.path("propagationPolicy").asText(queryPolicy);
        if (policy.isEmpty() && tree.hasNonNull("orphanDependents")) {
            policy = tree.get("orphanDependents").asBoolean() ? "Orphan" : "Background";
        }
        if (!policy.isEmpty() && !Set.of("Orphan", "Background", "Foreground").contains(policy)) {
            throw StatusException.of(
                    io.mizzen.api.status.StatusReason.Invalid,
                    "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Unsupported value: \"" + policy
                            + "\": supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\"");
        }
        Long grace = tree.hasNonNull("gracePeriodSeconds")
                ? Long.valueOf(tree.get("gracePeriodSeconds").asLong())
                : queryGrace;
        JsonNode preconditions = tree.path("preconditions");
        return new Options(
                grace,
                preconditions.hasNonNull("uid") ? preconditions.get("uid").asText() : null,
                preconditions.hasNonNull("resourceVersion")
                        ? preconditions.get("resourceVersion").asText()
                        : null,
                policy.isEmpty() ? null : policy);
    }
}
