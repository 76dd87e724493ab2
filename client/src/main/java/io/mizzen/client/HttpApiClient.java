// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** {@link ApiClient} over the HTTP connection of a {@code KubernetesClient}. */
public final class HttpApiClient implements ApiClient, ApiClient.Dynamic {

    private final Transport transport;

    /** Uses the connection of {@code client}, which stays its caller's to close. */
    public HttpApiClient(KubernetesClient client) {
        this(new Transport(client));
    }

    HttpApiClient(Transport transport) {
        this.transport = transport;
    }

    @Override
    public <T extends HasMetadata> T create(T object) {
        String path = typeOf(object).collectionPath(ObjectKey.of(object).namespace());
        return decode(transport.send("POST", path, Transport.JSON, Transport.JSON, Json.tree(object)), classOf(object));
    }

    @Override
    public <T extends HasMetadata> T update(T object) {
        String path = typeOf(object).objectPath(ObjectKey.of(object));
        return decode(transport.send("PUT", path, Transport.JSON, Transport.JSON, Json.tree(object)), classOf(object));
    }

    @Override
    public <T extends HasMetadata> T updateStatus(T object) {
        String path = typeOf(object).objectPath(ObjectKey.of(object)) + "/status";
        return decode(transport.send("PUT", path, Transport.JSON, Transport.JSON, Json.tree(object)), classOf(object));
    }

    @Override
    public <T extends HasMetadata> T patch(Class<T> type, ObjectKey key, JsonNode mergePatch) {
        String path = ResourceType.of(type).objectPath(key);
        return decode(transport.send("PATCH", path, Transport.JSON, Transport.MERGE_PATCH, mergePatch), type);
    }

    @Override
    public <T extends HasMetadata> T patchStatus(Class<T> type, ObjectKey key, JsonNode mergePatch) {
        String path = ResourceType.of(type).objectPath(key) + "/status";
        return decode(transport.send("PATCH", path, Transport.JSON, Transport.MERGE_PATCH, mergePatch), type);
    }

    @Override
    public <T extends HasMetadata> Optional<T> find(Class<T> type, ObjectKey key) {
        return findTree(ResourceType.of(type).objectPath(key), Transport.JSON).map(tree -> decode(tree, type));
    }

    @Override
    public <T extends HasMetadata> List<T> list(Class<T> type, String namespace) {
        JsonNode list =
                transport.send("GET", ResourceType.of(type).collectionPath(namespace), Transport.JSON, null, null);
        List<T> items = new ArrayList<>();
        list.path("items").forEach(item -> items.add(decode(item, type)));
        return items;
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
        return findTree(type.objectPath(key), Transport.METADATA).map(tree -> metadataOnly(type, tree));
    }

    @Override
    public List<GenericKubernetesResource> listMetadata(ResourceType type, String namespace) {
        JsonNode list = transport.send("GET", type.collectionPath(namespace), Transport.METADATA_LIST, null, null);
        List<GenericKubernetesResource> items = new ArrayList<>();
        list.path("items").forEach(item -> items.add(metadataOnly(type, item)));
        return items;
    }

    @Override
    public GenericKubernetesResource patch(ResourceType type, ObjectKey key, JsonNode mergePatch) {
        return metadataOnly(
                type,
                transport.send("PATCH", type.objectPath(key), Transport.METADATA, Transport.MERGE_PATCH, mergePatch));
    }

    @Override
    public void delete(ResourceType type, ObjectKey key, DeleteRequest request) {
        JsonNode answer = transport.send("DELETE", type.objectPath(key), Transport.JSON, Transport.JSON, body(request));
        requireObject(answer);
    }

    @Override
    public void deleteCollection(ResourceType type, String namespace, DeleteRequest request) {
        JsonNode answer = transport.send(
                "DELETE", type.collectionPath(namespace), Transport.METADATA_LIST, Transport.JSON, body(request));
        requireObject(answer);
    }

    @Override
    public Discovery discover() {
        return Discovery.read(transport);
    }

    @Override
    public JsonNode get(String path) {
        return transport.send("GET", path, Transport.JSON, null, null);
    }

    @Override
    public JsonNode send(String method, String path, JsonNode body) {
        return transport.send(method, path, Transport.JSON, Transport.JSON, body);
    }

    /** Keeps of an answer what a metadata request is for, whether or not the server understood that it was one. */
    static GenericKubernetesResource metadataOnly(ResourceType type, JsonNode tree) {
        ObjectNode slim = Json.object();
        slim.set("metadata", tree.path("metadata"));
        slim.put("kind", type.kind());
        slim.put("apiVersion", type.apiVersion());
        return Json.model(slim, GenericKubernetesResource.class);
    }

    private Optional<JsonNode> findTree(String path, String accept) {
        return ApiErrors.ifPresent(() -> transport.send("GET", path, accept, null, null));
    }

    private static void requireObject(JsonNode answer) {
        if (!answer.isObject()) {
            throw new KubernetesClientException("the server answered a deletion with something else than an object");
        }
    }

    private static JsonNode body(DeleteRequest request) {
        ObjectNode body = Json.object().put("kind", "DeleteOptions").put("apiVersion", "v1");
        request.propagation().ifPresent(policy -> body.put("propagationPolicy", policy.name()));
        request.gracePeriodSeconds().ifPresent(seconds -> body.put("gracePeriodSeconds", seconds));
        if (request.uid().isPresent() || request.resourceVersion().isPresent()) {
            ObjectNode preconditions = body.putObject("preconditions");
            request.uid().ifPresent(uid -> preconditions.put("uid", uid));
            request.resourceVersion().ifPresent(version -> preconditions.put("resourceVersion", version));
        }
        return body;
    }

    private static ResourceType typeOf(HasMetadata object) {
        return ResourceType.of(object.getClass());
    }

    @SuppressWarnings("unchecked") // The class of a value of type T is a Class<? extends T>.
    private static <T extends HasMetadata> Class<T> classOf(T object) {
        return (Class<T>) object.getClass();
    }

    private static <T> T decode(@Nullable JsonNode tree, Class<T> type) {
        if (tree == null || !tree.isObject()) {
            throw new KubernetesClientException("the server's answer is not an object");
        }
        return Json.model(tree, type);
    }
}
