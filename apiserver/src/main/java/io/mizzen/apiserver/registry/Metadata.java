// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.status.StatusException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The rules of {@code metadata} and of the split between spec and status, which all kinds share. Changes the objects it is
 * given; keeps no state but its source of randomness. Thread-safe when that is.
 */
public final class Metadata {
    private static final String ALPHABET = "bcdfghjklmnpqrstvwxz2456789";
    private static final int SUFFIX = 5;
    private static final int LONGEST_BASE = 63 - SUFFIX;

    private final RandomGenerator random;
    private final FieldTracker tracker;

    /** Keeps account of who owns which field; see server-side apply. */
    @FunctionalInterface
    public interface FieldTracker {
        /**
         * Writes {@code metadata.managedFields} of an object that is about to be stored.
         *
         * @param old the object before, null when it is new
         */
        void track(WriteContext context, ServedResource resource, @Nullable ObjectNode old, ObjectNode object);
    }

    public Metadata(RandomGenerator random, FieldTracker tracker) {
        this.random = random;
        this.tracker = tracker;
    }

    /** The text of a time in metadata: RFC 3339, whole seconds, UTC. */
    public static String time(Instant instant) {
        return instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    void prepareForCreate(WriteContext context, ServedResource resource, String namespace, ObjectNode object) {
        ObjectNode metadata = ObjectTree.metadata(object);
        if (resource.namespaced()) {
            metadata.put("namespace", namespace);
        } else {
            metadata.remove("namespace");
        }
        String generateName = metadata.path("generateName").asText("");
        if (metadata.path("name").asText("").isEmpty() && !generateName.isEmpty()) {
            metadata.put("name", generateName(generateName));
        }
        metadata.put("uid", ObjectStore.newUid());
        metadata.put("creationTimestamp", time(context.now()));
        metadata.remove(List.of("resourceVersion", "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds"));
        if (resource.strategy().countsGenerations()) {
            metadata.put("generation", 1);
        } else if (!resource.definition().custom()) {
            metadata.remove("generation");
        }
        if (resource.stored().hasStatus() && !keepsStatusAtCreation(resource)) {
            object.remove("status");
        }
    }

    /** The kubelet registers its node with a status. */
    private static boolean keepsStatusAtCreation(ServedResource resource) {
        return resource.stored().group().isEmpty() && resource.stored().plural().equals("nodes");
    }

    /** A name from its base and five random letters, as upstream makes it. */
    public String generateName(String base) {
        StringBuilder name = new StringBuilder(base.length() > LONGEST_BASE ? base.substring(0, LONGEST_BASE) : base);
        for (int i = 0; i < SUFFIX; i++) {
            name.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
        }
        return name.toString();
    }

    /**
     * Compares the state the client names with the present one.
     *
     * @return whether the client named a state
     * @throws StatusException 409 when they differ
     */
    boolean checkPreconditions(
            WriteContext context, ServedResource resource, String name, ObjectNode changed, ObjectNode current) {
        String uid = ObjectTree.uid(changed);
        if (!uid.isEmpty() && !uid.equals(ObjectTree.uid(current))) {
            throw StatusException.conflict(
                    resource.groupResource(),
                    name,
                    "Precondition failed: UID in precondition: " + uid + ", UID in object meta: "
                            + ObjectTree.uid(current));
        }
        String version = ObjectTree.resourceVersion(changed);
        if (version.isEmpty() || version.equals("0")) {
            return false;
        }
        if (!version.equals(ObjectTree.resourceVersion(current))) {
            throw StatusException.modified(resource.groupResource(), name);
        }
        return true;
    }

    void prepareForUpdate(
            WriteContext context, ServedResource resource, String namespace, ObjectNode object, ObjectNode old) {
        ObjectNode metadata = ObjectTree.metadata(object);
        JsonNode before = old.path("metadata");
        for (String field : List.of(
                "name",
                "namespace",
                "uid",
                "creationTimestamp",
                "resourceVersion",
                "generation",
                "generateName",
                "deletionTimestamp",
                "deletionGracePeriodSeconds")) {
            if (field.equals("generateName") && metadata.has(field)) {
                continue;
            }
            ObjectTree.setOrRemove(metadata, field, before.get(field));
        }
        metadata.remove("selfLink");
        switch (context.subresource()) {
            case "" -> {
                if (resource.stored().hasStatus()) {
                    ObjectTree.setOrRemove(object, "status", old.get("status"));
                }
            }
            case "status" -> keepAllButStatus(object, old);
            default -> {}
        }
    }

    private static void keepAllButStatus(ObjectNode object, ObjectNode old) {
        List<String> fields = new ArrayList<>();
        object.fieldNames().forEachRemaining(fields::add);
        old.fieldNames().forEachRemaining(fields::add);
        for (String field : fields) {
            if (!field.equals("status") && !field.equals("metadata")) {
                ObjectTree.setOrRemove(object, field, old.get(field));
            }
        }
        ObjectNode metadata = ObjectTree.metadata(object);
        ObjectTree.setOrRemove(metadata, "labels", old.path("metadata").get("labels"));
        ObjectTree.setOrRemove(metadata, "ownerReferences", old.path("metadata").get("ownerReferences"));
    }

    /** Counts a change of anything outside metadata and status as a new generation. */
    void countGeneration(ServedResource resource, ObjectNode object, ObjectNode old) {
        if (!resource.strategy().countsGenerations()) {
            return;
        }
        long generation = old.path("metadata").path("generation").asLong(0);
        ObjectNode metadata = ObjectTree.metadata(object);
        boolean deletionBegins = ObjectTree.isTerminating(object) && !ObjectTree.isTerminating(old);
        if (specDiffers(object, old) || deletionBegins) {
            metadata.put("generation", generation + 1);
        }
    }

    private static boolean specDiffers(ObjectNode object, ObjectNode old) {
        return !withoutMetadataAndStatus(object).equals(withoutMetadataAndStatus(old));
    }

    private static ObjectNode withoutMetadataAndStatus(ObjectNode object) {
        ObjectNode rest = object.objectNode().setAll(object);
        rest.remove(List.of("metadata", "status"));
        return rest;
    }

    void trackFields(WriteContext context, ServedResource resource, @Nullable ObjectNode old, ObjectNode object) {
        tracker.track(context, resource, old, object);
    }

    /** Drops empty maps and lists of metadata, which are not written out. */
    static void dropEmpty(ObjectNode metadata) {
        Iterator<Map.Entry<String, JsonNode>> fields = metadata.properties().iterator();
        while (fields.hasNext()) {
            Map.Entry<String, JsonNode> field = fields.next();
            if (field.getValue().isContainerNode() && field.getValue().isEmpty()) {
                fields.remove();
            }
        }
    }
}
