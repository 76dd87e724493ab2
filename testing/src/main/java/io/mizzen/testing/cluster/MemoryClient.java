// SPDX-License-Identifier: Apache-2.0
package io.mizzen.testing.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.mizzen.client.ApiClient;
import io.mizzen.client.ApiErrors;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.Discovery;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/** An {@link ApiClient} of a {@link MemoryCluster}, with faults on its writes. */
public final class MemoryClient implements ApiClient, ApiClient.Dynamic {

    private static final String SCALE = "/scale";
    private static final Pattern FINALIZE = Pattern.compile("/api/v1/namespaces/[^/]+/finalize");

    private static final Pattern APPROVAL =
            Pattern.compile("/apis/certificates.k8s.io/v1/certificatesigningrequests/[^/]+/approval");

    private final MemoryCluster cluster;
    private final Faults faults;
    private final List<ResourceType> served;
    private final BiFunction<String, JsonNode, Optional<JsonNode>> extra;

    /**
     * A client.
     *
     * @param served what discovery tells
     */
    public MemoryClient(MemoryCluster cluster, Faults faults, List<ResourceType> served) {
        this(cluster, faults, served, (path, body) -> Optional.empty());
    }

    /**
     * A client of a cluster that serves more than what is stored.
     *
     * @param served what discovery tells
     * @param extra answers to reads of paths, where there are any, and to what is asked by posting a body
     */
    public MemoryClient(
            MemoryCluster cluster,
            Faults faults,
            List<ResourceType> served,
            BiFunction<String, JsonNode, Optional<JsonNode>> extra) {
        this.extra = extra;
        this.cluster = cluster;
        this.faults = faults;
        this.served = List.copyOf(served);
    }

    @Override
    public <T extends HasMetadata> T create(T object) {
        ResourceType type = ResourceType.of(object.getClass());
        ObjectNode tree = Json.tree(object);
        return model(write("create", type, () -> cluster.create(type, tree)), classOf(object));
    }

    @Override
    public <T extends HasMetadata> T update(T object) {
        ResourceType type = ResourceType.of(object.getClass());
        ObjectNode tree = Json.tree(object);
        return model(write("update", type, () -> cluster.update(type, tree)), classOf(object));
    }

    @Override
    public <T extends HasMetadata> T updateStatus(T object) {
        ResourceType type = ResourceType.of(object.getClass());
        ObjectNode tree = Json.tree(object);
        return model(write("updateStatus", type, () -> cluster.updateStatus(type, tree)), classOf(object));
    }

    @Override
    public <T extends HasMetadata> T patch(Class<T> type, ObjectKey key, JsonNode mergePatch) {
        ResourceType resource = ResourceType.of(type);
        return model(write("patch", resource, () -> cluster.patch(resource, key, mergePatch, false)), type);
    }

    @Override
    public <T extends HasMetadata> T patchStatus(Class<T> type, ObjectKey key, JsonNode mergePatch) {
        ResourceType resource = ResourceType.of(type);
        return model(write("patchStatus", resource, () -> cluster.patch(resource, key, mergePatch, true)), type);
    }

    @Override
    public <T extends HasMetadata> Optional<T> find(Class<T> type, ObjectKey key) {
        return cluster.find(type, key);
    }

    @Override
    public <T extends HasMetadata> List<T> list(Class<T> type, String namespace) {
        return cluster.list(type).stream()
                .filter(object ->
                        namespace.isEmpty() || ObjectKey.of(object).namespace().equals(namespace))
                .toList();
    }

    @Override
    public <T extends HasMetadata> void delete(Class<T> type, ObjectKey key, DeleteRequest request) {
        delete(ResourceType.of(type), key, request);
    }

    @Override
    public Dynamic dynamic() {
        return this;
    }

    @Override
    public Optional<GenericKubernetesResource> findMetadata(ResourceType type, ObjectKey key) {
        return cluster.find(type, key).map(tree -> metadata(type, tree));
    }

    @Override
    public List<GenericKubernetesResource> listMetadata(ResourceType type, String namespace) {
        return cluster.list(type).stream()
                .map(tree -> metadata(type, tree))
                .filter(object ->
                        namespace.isEmpty() || ObjectKey.of(object).namespace().equals(namespace))
                .toList();
    }

    @Override
    public GenericKubernetesResource patch(ResourceType type, ObjectKey key, JsonNode mergePatch) {
        return metadata(type, write("patch", type, () -> cluster.patch(type, key, mergePatch, false)));
    }

    @Override
    public void delete(ResourceType type, ObjectKey key, DeleteRequest request) {
        write("delete", type, () -> {
            cluster.delete(type, key, request);
            return Json.object();
        });
    }

    @Override
    public void deleteCollection(ResourceType type, String namespace, DeleteRequest request) {
        for (GenericKubernetesResource object : listMetadata(type, namespace)) {
            delete(type, ObjectKey.of(object), request);
        }
    }

    @Override
    public Discovery discover() {
        Set<String> verbs = Set.of("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch");
        return new Discovery(
                served.stream().map(type -> new Discovery.Served(type, verbs)).toList(), List.of());
    }

    @Override
    public JsonNode get(String path) {
        if (path.endsWith(SCALE)) {
            Scaled scaled = scaled(path);
            return scaleOf(scaled.object());
        }
        return ask(path, Json.object());
    }

    private JsonNode ask(String path, JsonNode body) {
        return extra.apply(path, body)
                .orElseThrow(() -> ApiErrors.of(404, "NotFound", path + " is not served by the cluster in memory"));
    }

    @Override
    public JsonNode send(String method, String path, JsonNode body) {
        if (method.equals("PUT") && FINALIZE.matcher(path).matches()) {
            ResourceType type = ResourceType.of(Namespace.class);
            return write("finalize", type, () -> cluster.update(type, (ObjectNode) body));
        }
        if (method.equals("PUT") && path.endsWith(SCALE)) {
            Scaled scaled = scaled(path);
            ObjectNode patch = Json.object();
            patch.putObject("metadata")
                    .put(
                            "resourceVersion",
                            body.path("metadata").path("resourceVersion").asText());
            patch.putObject("spec").set("replicas", body.path("spec").path("replicas"));
            ObjectKey key = MemoryCluster.keyOf(scaled.object());
            return scaleOf(write("scale", scaled.type(), () -> cluster.patch(scaled.type(), key, patch, false)));
        }
        if (method.equals("PUT") && APPROVAL.matcher(path).matches()) {
            ResourceType type = ResourceType.of(CertificateSigningRequest.class);
            return write("approval", type, () -> cluster.updateApproval(type, (ObjectNode) body));
        }
        return ask(path, body);
    }

    private record Scaled(ResourceType type, ObjectNode object) {}

    private Scaled scaled(String path) {
        String owner = path.substring(0, path.length() - SCALE.length());
        for (ResourceType type : served) {
            for (ObjectNode object : cluster.list(type)) {
                if (type.objectPath(MemoryCluster.keyOf(object)).equals(owner)) {
                    return new Scaled(type, object);
                }
            }
        }
        throw ApiErrors.of(404, "NotFound", path + " not found");
    }

    /** The scale of an object whose selector has labels only. */
    private static ObjectNode scaleOf(ObjectNode object) {
        ObjectNode scale = Json.object();
        ObjectNode metadata = scale.putObject("metadata");
        for (String field : List.of("namespace", "name", "uid", "resourceVersion")) {
            metadata.set(field, object.path("metadata").path(field));
        }
        scale.putObject("spec").set("replicas", object.path("spec").path("replicas"));
        List<String> selector = new ArrayList<>();
        object.at("/spec/selector/matchLabels")
                .properties()
                .forEach(label ->
                        selector.add(label.getKey() + "=" + label.getValue().asText()));
        scale.putObject("status")
                .put("replicas", object.path("status").path("replicas").asInt())
                .put("selector", String.join(",", selector));
        return scale;
    }

    private ObjectNode write(String verb, ResourceType type, Supplier<ObjectNode> write) {
        String what = verb + " " + type.plural();
        return switch (faults.next(verb, type.plural())) {
            case NORMAL -> write.get();
            case CONFLICT -> throw ApiErrors.of(409, "Conflict", "simulated conflict on " + what);
            case LOST_REQUEST -> throw new KubernetesClientException("simulated loss of the request to " + what);
            case LOST_ANSWER -> {
                ObjectNode unanswered = write.get();
                assert unanswered != null;
                throw new KubernetesClientException("simulated loss of the answer to " + what);
            }
            case CRASH_BEFORE -> throw new Faults.Crash("before " + what);
            case CRASH_AFTER -> {
                ObjectNode unanswered = write.get();
                assert unanswered != null;
                throw new Faults.Crash("after " + what);
            }
        };
    }

    static GenericKubernetesResource metadata(ResourceType type, ObjectNode tree) {
        ObjectNode slim = Json.object();
        slim.set("metadata", tree.path("metadata"));
        slim.put("kind", type.kind());
        slim.put("apiVersion", type.apiVersion());
        return Json.model(slim, GenericKubernetesResource.class);
    }

    private static <T extends HasMetadata> T model(ObjectNode tree, Class<T> type) {
        return Json.model(tree, type);
    }

    @SuppressWarnings("unchecked") // The class of a value of type T is a Class<? extends T>.
    private static <T extends HasMetadata> Class<T> classOf(T object) {
        return (Class<T>) object.getClass();
    }
}
