// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.List;
import java.util.Optional;

/**
 * Requests to the API server, one HTTP request a call and never a hidden retry, so that a caller can say exactly what
 * has happened when a call throws.
 *
 * <p>Every method throws {@code KubernetesClientException}: with the server's code and {@code Status} when it refused,
 * with code 0 when there was no answer (the write may or may not have happened). {@link ApiErrors} reads it. Calls block
 * and are made from virtual threads; implementations are thread-safe.
 */
public interface ApiClient {

    /** Creates an object and returns it as stored. */
    <T extends HasMetadata> T create(T object);

    /** Replaces an object; with a resourceVersion in it only if it is still at that version. */
    <T extends HasMetadata> T update(T object);

    /** Replaces the status of an object, on the same terms as {@link #update}. */
    <T extends HasMetadata> T updateStatus(T object);

    /** Applies a JSON merge patch (RFC 7386). */
    <T extends HasMetadata> T patch(Class<T> type, ObjectKey key, JsonNode mergePatch);

    /** Applies a JSON merge patch to the status. */
    <T extends HasMetadata> T patchStatus(Class<T> type, ObjectKey key, JsonNode mergePatch);

    /** Reads the newest state of an object, past all caches. */
    <T extends HasMetadata> Optional<T> find(Class<T> type, ObjectKey key);

    /** Reads the newest state of all objects of a namespace; {@code ""} means of all. */
    <T extends HasMetadata> List<T> list(Class<T> type, String namespace);

    /** Deletes an object; an absent one is a 404. */
    <T extends HasMetadata> void delete(Class<T> type, ObjectKey key, DeleteRequest request);

    /**
     * Deletes an object that may have gone already.
     *
     * @return whether this request deleted it; if not, the object that the request means is no more
     */
    default <T extends HasMetadata> boolean deleteIfPresent(Class<T> type, ObjectKey key, DeleteRequest request) {
        return request.unlessGone(() -> delete(type, key, request));
    }

    /** Requests by resource instead of model class, for kinds known only at run time. */
    Dynamic dynamic();

    /** Metadata-only requests on any resource. */
    interface Dynamic {

        /** Reads the metadata of an object, past all caches. */
        Optional<GenericKubernetesResource> findMetadata(ResourceType type, ObjectKey key);

        /** Reads the metadata of all objects of a namespace; {@code ""} means of all. */
        List<GenericKubernetesResource> listMetadata(ResourceType type, String namespace);

        /** Applies a JSON merge patch and returns the new metadata. */
        GenericKubernetesResource patch(ResourceType type, ObjectKey key, JsonNode mergePatch);

        /** Deletes an object; an absent one is a 404. */
        void delete(ResourceType type, ObjectKey key, DeleteRequest request);

        /** Deletes an object that may have gone already, on the terms of {@link ApiClient#deleteIfPresent}. */
        default boolean deleteIfPresent(ResourceType type, ObjectKey key, DeleteRequest request) {
            return request.unlessGone(() -> delete(type, key, request));
        }

        /** Deletes every object of a namespace. */
        void deleteCollection(ResourceType type, String namespace, DeleteRequest request);

        /** What the server serves now. */
        Discovery discover();

        /** Reads a path, as JSON. */
        JsonNode get(String path);

        /** Sends JSON to a path by PUT or POST, as subresources without an own method here want it. */
        JsonNode send(String method, String path, JsonNode body);
    }
}
