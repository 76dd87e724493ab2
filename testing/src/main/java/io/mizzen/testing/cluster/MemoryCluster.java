// SPDX-License-Identifier: Apache-2.0
package io.mizzen.testing.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.mizzen.client.ApiErrors;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/** The store and the rules of writing. Every write that changes something gets the next revision and enters the history. */
public final class MemoryCluster {

    private static final ResourceType NAMESPACES = ResourceType.of(Namespace.class);
    private static final ResourceType SERVICES = ResourceType.of(Service.class);
    private static final TreeMap<ObjectKey, ObjectNode> NONE = new TreeMap<>();
    private static final String ALPHABET = "bcdfghjklmnpqrstvwxz2456789";

    private final InstantSource clock;
    private final RandomGenerator random;
    private final Map<ResourceType, TreeMap<ObjectKey, ObjectNode>> objects = new HashMap<>();
    private final List<Change> history = new ArrayList<>();
    private final List<Consumer<Change>> observers = new ArrayList<>();
    private long revision = 1;

    /** An empty cluster whose names and UIDs come from {@code random}. */
    public MemoryCluster(InstantSource clock, RandomGenerator random) {
        this.clock = clock;
        this.random = random;
    }

    /** Tells every change, at the moment it happens. */
    public void observe(Consumer<Change> observer) {
        observers.add(observer);
    }

    /** All changes so far, oldest first. */
    public List<Change> history() {
        return history;
    }

    /** The object as stored now; not to be changed. */
    public Optional<ObjectNode> find(ResourceType type, ObjectKey key) {
        return Optional.ofNullable(objects.getOrDefault(type, NONE).get(key));
    }

    /** The object as a model. */
    public <T extends HasMetadata> Optional<T> find(Class<T> type, ObjectKey key) {
        return find(ResourceType.of(type), key).map(tree -> Json.model(tree, type));
    }

    /** All objects of a resource as stored now; not to be changed. */
    public List<ObjectNode> list(ResourceType type) {
        return new ArrayList<>(objects.getOrDefault(type, NONE).values());
    }

    /** All objects of a kind as models. */
    public <T extends HasMetadata> List<T> list(Class<T> type) {
        return list(ResourceType.of(type)).stream()
                .map(tree -> Json.model(tree, type))
                .toList();
    }

    /** Stores a new object: name, UID, creation time and generation are the server's to give. */
    public ObjectNode create(ResourceType type, ObjectNode given) {
        ObjectNode object = given.deepCopy();
        ObjectNode metadata = object.withObject("/metadata");
        if (metadata.path("name").asText("").isEmpty()) {
            metadata.put("name", metadata.path("generateName").asText() + randomName(5));
        }
        ObjectKey key = keyOf(object);
        refuseWithoutNamespace(key);
        refuseInTerminatingNamespace(type, key);
        if (of(type).containsKey(key)) {
            throw ApiErrors.of(409, "AlreadyExists", type.qualifiedName() + " \"" + key.name() + "\" already exists");
        }
        metadata.put("uid", randomName(8) + "-" + randomName(12));
        metadata.put("creationTimestamp", now());
        metadata.put("generation", 1);
        metadata.remove("deletionTimestamp");
        if (type.plural().equals("pods") && !object.path("status").has("phase")) {
            object.withObject("/status").put("phase", "Pending");
        }
        return store(type, key, object, Change.Kind.ADDED);
    }

    /** Where there are or were namespaces at all, nothing is put into one that is missing. */
    private void refuseWithoutNamespace(ObjectKey key) {
        boolean isMissing = objects.containsKey(NAMESPACES)
                && !key.namespace().isEmpty()
                && find(NAMESPACES, ObjectKey.cluster(key.namespace())).isEmpty();
        if (isMissing) {
            throw notFound(NAMESPACES, ObjectKey.cluster(key.namespace()));
        }
    }

    private void refuseInTerminatingNamespace(ResourceType type, ObjectKey key) {
        boolean isTerminating = find(NAMESPACES, ObjectKey.cluster(key.namespace()))
                .filter(namespace -> namespace.path("metadata").has("deletionTimestamp"))
                .isPresent();
        if (isTerminating) {
            String message = type.qualifiedName() + " \"" + key.name() + "\" is forbidden: namespace " + key.namespace()
                    + " is being terminated";
            Status status = new StatusBuilder()
                    .withCode(403)
                    .withReason("Forbidden")
                    .withMessage(message)
                    .withNewDetails()
                    .addNewCause("metadata.namespace", message, "NamespaceTerminating")
                    .endDetails()
                    .build();
            throw new KubernetesClientException(message, 403, status);
        }
    }

    /** Replaces all but the status. */
    public ObjectNode update(ResourceType type, ObjectNode given) {
        ObjectKey key = keyOf(given);
        ObjectNode present = require(type, key, versionOf(given), uidOf(given));
        ObjectNode object = given.deepCopy();
        if (present.has("status")) {
            object.set("status", present.get("status"));
        } else {
            object.remove("status");
        }
        return replace(type, key, present, object);
    }

    /** Replaces the status alone. */
    public ObjectNode updateStatus(ResourceType type, ObjectNode given) {
        ObjectKey key = keyOf(given);
        ObjectNode present = require(type, key, versionOf(given), uidOf(given));
        ObjectNode object = present.deepCopy();
        object.set("status", given.path("status").deepCopy());
        return replace(type, key, present, object);
    }

    /** Replaces the conditions alone, and notes when those were written that do not say so. */
    public ObjectNode updateApproval(ResourceType type, ObjectNode given) {
        ObjectNode object = given.deepCopy();
        object.at("/status/conditions").forEach(condition -> {
            if (!condition.has("lastUpdateTime")) {
                ((ObjectNode) condition).put("lastUpdateTime", now());
            }
        });
        return updateStatus(type, object);
    }

    /** Applies a merge patch to all but the status, or to the status alone. */
    public ObjectNode patch(ResourceType type, ObjectKey key, JsonNode patch, boolean statusOnly) {
        ObjectNode present = require(
                type,
                key,
                patch.path("metadata").path("resourceVersion").asText(""),
                patch.path("metadata").path("uid").asText(""));
        ObjectNode object = present.deepCopy();
        if (statusOnly) {
            ObjectNode status = Json.object();
            status.set("status", patch.path("status"));
            merge(object, status);
        } else {
            ObjectNode rest = patch.deepCopy();
            rest.remove("status");
            merge(object, rest);
        }
        return replace(type, key, present, object);
    }

    /**
     * Deletes as the API does: pods with a node only after their grace period (the kubelet's answer is a deletion without one),
     * objects with finalizers, and namespaces with such in their spec, when those are gone, dependents by the propagation policy's finalizer.
     */
    public void delete(ResourceType type, ObjectKey key, DeleteRequest request) {
        ObjectNode present = require(
                type, key, request.resourceVersion().orElse(""), request.uid().orElse(""));
        ObjectNode object = present.deepCopy();
        ObjectNode metadata = object.withObject("/metadata");
        boolean marked = metadata.has("deletionTimestamp");
        request.propagation().ifPresent(policy -> setPolicy(metadata, policy));
        String phase = object.path("status").path("phase").asText("");
        boolean hasEnded = phase.equals("Succeeded") || phase.equals("Failed");
        boolean graceful = type.plural().equals("pods")
                && !hasEnded
                && !object.path("spec").path("nodeName").asText("").isEmpty()
                && request.gracePeriodSeconds().orElse(30L) > 0;
        if (!graceful && metadata.path("finalizers").isEmpty() && !isFilled(type, object)) {
            remove(type, key);
            return;
        }
        if (!marked) {
            metadata.put("deletionTimestamp", now());
            metadata.put("deletionGracePeriodSeconds", graceful ? 30 : 0);
        } else if (!graceful) {
            metadata.put("deletionGracePeriodSeconds", 0);
        }
        replace(type, key, present, object);
    }

    /** Removes an object for good. */
    public void remove(ResourceType type, ObjectKey key) {
        ObjectNode last = of(type).remove(key);
        if (last == null) {
            throw notFound(type, key);
        }
        ObjectNode object = last.deepCopy();
        object.withObject("/metadata").put("resourceVersion", Long.toString(++revision));
        record(new Change(revision, type, Change.Kind.DELETED, object));
    }

    private static void setPolicy(ObjectNode metadata, DeleteRequest.Propagation policy) {
        ArrayNode finalizers = Json.object().putArray("finalizers");
        metadata.path("finalizers").forEach(finalizer -> {
            if (!finalizer.asText().equals("orphan") && !finalizer.asText().equals("foregroundDeletion")) {
                finalizers.add(finalizer);
            }
        });
        switch (policy) {
            case Orphan -> finalizers.add("orphan");
            case Foreground -> finalizers.add("foregroundDeletion");
            case Background -> finalizers.size();
        }
        metadata.set("finalizers", finalizers);
    }

    private ObjectNode replace(ResourceType type, ObjectKey key, ObjectNode present, ObjectNode object) {
        ObjectNode metadata = object.withObject("/metadata");
        JsonNode before = present.path("metadata");
        for (String fixed : List.of("uid", "creationTimestamp", "generation", "resourceVersion", "name", "namespace")) {
            if (before.has(fixed)) {
                metadata.set(fixed, before.get(fixed));
            }
        }
        if (before.has("deletionTimestamp")) {
            metadata.set("deletionTimestamp", before.get("deletionTimestamp"));
        }
        if (type.equals(SERVICES)) {
            dropLoadBalancer(object, present);
        }
        if (object.equals(present)) {
            return present;
        }
        if (!object.path("spec").equals(present.path("spec"))
                || metadata.has("deletionTimestamp") != before.has("deletionTimestamp")) {
            metadata.put("generation", before.path("generation").asLong() + 1);
        }
        boolean mayStop = type.plural().equals("pods")
                && metadata.path("deletionGracePeriodSeconds").asInt(0) > 0;
        if (metadata.has("deletionTimestamp")
                && metadata.path("finalizers").isEmpty()
                && !mayStop
                && !isFilled(type, object)) {
            of(type).put(key, object);
            remove(type, key);
            return object;
        }
        return store(type, key, object, Change.Kind.MODIFIED);
    }

    /** A Service that stops being a load balancer loses its addresses with that very write. */
    private static void dropLoadBalancer(ObjectNode object, ObjectNode present) {
        boolean stops = !object.at("/spec/type").equals(present.at("/spec/type"))
                && !object.at("/spec/type").asText().equals("LoadBalancer");
        if (stops && object.path("status") instanceof ObjectNode status) {
            status.remove("loadBalancer");
        }
    }

    /** A namespace stays until its spec's finalizers, which stand for its content, are gone. */
    private static boolean isFilled(ResourceType type, ObjectNode object) {
        return type.equals(NAMESPACES)
                && !object.path("spec").path("finalizers").isEmpty();
    }

    private ObjectNode store(ResourceType type, ObjectKey key, ObjectNode object, Change.Kind kind) {
        object.withObject("/metadata").put("resourceVersion", Long.toString(++revision));
        of(type).put(key, object);
        record(new Change(revision, type, kind, object));
        return object;
    }

    private void record(Change change) {
        history.add(change);
        observers.forEach(observer -> observer.accept(change));
    }

    private ObjectNode require(ResourceType type, ObjectKey key, String version, String uid) {
        ObjectNode present = of(type).get(key);
        if (present == null) {
            throw notFound(type, key);
        }
        boolean sameVersion = version.isEmpty() || version.equals(versionOf(present));
        boolean sameUid = uid.isEmpty() || uid.equals(uidOf(present));
        if (!sameVersion || !sameUid) {
            throw ApiErrors.of(
                    409,
                    "Conflict",
                    "Operation cannot be fulfilled on " + type.qualifiedName() + " \"" + key.name() + "\""
                            + (sameUid
                                    ? ""
                                    : ": Precondition failed: UID in precondition: " + uid + ", UID in object meta: "
                                            + uidOf(present)));
        }
        return present;
    }

    private static RuntimeException notFound(ResourceType type, ObjectKey key) {
        return ApiErrors.of(404, "NotFound", type.qualifiedName() + " \"" + key.name() + "\" not found");
    }

    private TreeMap<ObjectKey, ObjectNode> of(ResourceType type) {
        return objects.computeIfAbsent(type, t -> new TreeMap<>());
    }

    private static void merge(ObjectNode target, JsonNode patch) {
        patch.properties().forEach(entry -> {
            JsonNode value = entry.getValue();
            if (value.isNull()) {
                target.remove(entry.getKey());
            } else if (value.isObject()) {
                JsonNode present = target.get(entry.getKey());
                ObjectNode child = present != null && present.isObject() ? (ObjectNode) present : Json.object();
                merge(child, value);
                target.set(entry.getKey(), child);
            } else {
                target.set(entry.getKey(), value.deepCopy());
            }
        });
    }

    static ObjectKey keyOf(ObjectNode object) {
        JsonNode metadata = object.path("metadata");
        return new ObjectKey(
                metadata.path("namespace").asText(""), metadata.path("name").asText(""));
    }

    private static String versionOf(ObjectNode object) {
        return object.path("metadata").path("resourceVersion").asText("");
    }

    private static String uidOf(ObjectNode object) {
        return object.path("metadata").path("uid").asText("");
    }

    private String now() {
        return clock.instant().truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private String randomName(int length) {
        StringBuilder name = new StringBuilder();
        for (int i = 0; i < length; i++) {
            name.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
        }
        return name.toString();
    }
}
