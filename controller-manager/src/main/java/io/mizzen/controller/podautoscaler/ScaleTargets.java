// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.podautoscaler;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.autoscaling.v2.CrossVersionObjectReference;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.mizzen.client.ApiClient;
import io.mizzen.client.Discovery;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.ResourceType;
import java.util.List;
import java.util.Optional;

/**
 * The {@code scale} subresource of any kind, found by discovery. Thread-safe; what discovery told is kept and asked for again
 * when a kind is not in it.
 */
final class ScaleTargets {
    private final ApiClient api;
    private volatile List<Discovery.Served> known = List.of();

    /**
     * The size of a target.
     *
     * @param path of the subresource
     * @param tree the Scale as it was read, to be written back
     */
    record Scale(String path, ObjectNode tree) {
        int replicas() {
            return tree.path("spec").path("replicas").asInt(0);
        }

        int statusReplicas() {
            return tree.path("status").path("replicas").asInt(0);
        }

        String selector() {
            return tree.path("status").path("selector").asText("");
        }
    }

    ScaleTargets(ApiClient api) {
        this.api = api;
    }

    /**
     * Reads the scale of a target.
     *
     * @throws MetricUnavailable when no such kind is served
     * @throws KubernetesClientException when the server refuses
     */
    Scale read(String namespace, CrossVersionObjectReference target) throws MetricUnavailable {
        String path = type(target).objectPath(new ObjectKey(namespace, target.getName())) + "/scale";
        JsonNode tree = api.dynamic().get(path);
        if (tree instanceof ObjectNode scale) {
            return new Scale(path, scale);
        }
        throw new MetricUnavailable("the scale of " + target.getName() + " is not an object");
    }

    /** Writes a new size, on the condition that the target is as it was read. */
    void write(Scale scale, int replicas) {
        ObjectNode wanted = scale.tree().deepCopy();
        wanted.withObject("/spec").put("replicas", replicas);
        JsonNode written = api.dynamic().send("PUT", scale.path(), wanted);
        if (!written.isObject()) {
            throw new KubernetesClientException("the server answered a scale with something else than an object");
        }
    }

    private ResourceType type(CrossVersionObjectReference target) throws MetricUnavailable {
        Optional<ResourceType> type = find(target);
        if (type.isEmpty()) {
            known = api.dynamic().discover().resources();
            type = find(target);
        }
        return type.orElseThrow(() -> new MetricUnavailable(
                "no matches for kind \"" + target.getKind() + "\" in group \"" + group(target) + "\""));
    }

    private Optional<ResourceType> find(CrossVersionObjectReference target) {
        return known.stream()
                .map(Discovery.Served::type)
                .filter(type ->
                        type.kind().equals(target.getKind()) && type.group().equals(group(target)))
                .findFirst();
    }

    private static String group(CrossVersionObjectReference target) {
        String version = target.getApiVersion() == null ? "" : target.getApiVersion();
        int slash = version.indexOf('/');
        return slash < 0 ? "" : version.substring(0, slash);
    }
}
