// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;

/** JSON of model classes, with the settings those classes need. Thread-safe. */
public final class Json {

    private static final ObjectMapper MAPPER = configured();

    private Json() {}

    /** An empty JSON object, to build a patch in. */
    public static ObjectNode object() {
        return MAPPER.createObjectNode();
    }

    /** The JSON tree of a model object. */
    public static <T extends JsonNode> T tree(Object model) {
        return MAPPER.valueToTree(model);
    }

    /** The model object of a JSON tree. */
    public static <T> T model(JsonNode tree, Class<T> type) {
        try {
            return MAPPER.treeToValue(tree, type);
        } catch (JsonProcessingException e) {
            throw new KubernetesClientException("cannot read a " + type.getSimpleName() + ": " + e.getMessage(), e);
        }
    }

    /** A deep copy that shares nothing with the original. */
    public static <T> T copy(T model, Class<T> type) {
        return model(tree(model), type);
    }

    /** The JSON text of a tree or a model object. */
    public static String text(Object model) {
        try {
            return MAPPER.writeValueAsString(model);
        } catch (JsonProcessingException e) {
            throw new KubernetesClientException("cannot write JSON: " + e.getMessage(), e);
        }
    }

    /** Parses JSON text. */
    public static JsonNode parse(byte[] text) {
        try {
            return MAPPER.readTree(text);
        } catch (IOException e) {
            throw new KubernetesClientException("the server's answer is not JSON: " + e.getMessage(), e);
        }
    }

    /** Parses JSON text. */
    public static JsonNode parse(String text) {
        try {
            return MAPPER.readTree(text);
        } catch (JsonProcessingException e) {
            throw new KubernetesClientException("the server's answer is not JSON: " + e.getMessage(), e);
        }
    }

    private static ObjectMapper configured() {
        ObjectMapper mapper = new ObjectMapper();
        var configuring = new KubernetesSerialization(mapper, false);
        // The serialization configures the mapper on first use.
        var _ = configuring.asJson(java.util.Map.of());
        return mapper;
    }
}
