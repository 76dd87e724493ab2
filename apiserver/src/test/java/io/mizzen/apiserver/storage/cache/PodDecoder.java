// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.cache;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;

/** Decodes JSON pods by their metadata and node, as the server's decoders do. */
public final class PodDecoder implements EntryDecoder {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Override
    public CachedObject decode(String key, byte[] value, long revision) {
        try {
            ObjectNode pod = (ObjectNode) JSON.readTree(value);
            ObjectNode metadata = pod.withObject("metadata");
            metadata.put("resourceVersion", String.valueOf(revision));
            Map<String, String> labels = new HashMap<>();
            for (Map.Entry<String, JsonNode> label : metadata.path("labels").properties()) {
                labels.put(label.getKey(), label.getValue().asText());
            }
            String node = pod.path("spec").path("nodeName").asText();
            return new CachedObject(
                    key,
                    metadata.path("namespace").asText(),
                    metadata.path("name").asText(),
                    revision,
                    labels,
                    node.isEmpty() ? Map.of() : Map.of("spec.nodeName", node),
                    JSON.writeValueAsBytes(pod));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A pod as it is stored. */
    public static byte[] pod(String namespace, String name, String app, String node) {
        ObjectNode pod = JSON.createObjectNode().put("kind", "Pod").put("apiVersion", "v1");
        pod.putObject("metadata")
                .put("namespace", namespace)
                .put("name", name)
                .putObject("labels")
                .put("app", app);
        pod.putObject("spec").put("nodeName", node);
        try {
            return JSON.writeValueAsString(pod).getBytes(UTF_8);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static String resourceVersion(byte[] json) {
        try {
            return JSON.readTree(json).path("metadata").path("resourceVersion").asText();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
