// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.deployment;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.mizzen.client.Json;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Identifies a pod template by a short word: FNV-1a of its content in a fixed order and of the collision count, in the
 * alphabet of Kubernetes' generated names. Equal templates have equal hashes whatever the order of their map entries.
 */
public final class PodTemplateHash {

    /** The label that carries the hash. */
    public static final String LABEL = "pod-template-hash";

    private static final String ALPHABET = "bcdfghjklmnpqrstvwxz2456789";

    private PodTemplateHash() {}

    /** The hash of a template; the label of the hash itself does not count. */
    public static String of(PodTemplateSpec template, @Nullable Integer collisionCount) {
        int hash = fnv1a(canonical(withoutLabel(template)).toString(), 0x811c9dc5);
        if (collisionCount != null) {
            hash = fnv1a("#" + collisionCount, hash);
        }
        return safe(Integer.toUnsignedString(hash));
    }

    /** The same for any content, for revisions of other kinds. */
    public static String of(Object content, @Nullable Integer collisionCount) {
        int hash = fnv1a(canonical(Json.tree(content)).toString(), 0x811c9dc5);
        if (collisionCount != null) {
            hash = fnv1a("#" + collisionCount, hash);
        }
        return safe(Integer.toUnsignedString(hash));
    }

    /** Whether two templates are the same but for the label of the hash. */
    public static boolean equalIgnoringHash(@Nullable PodTemplateSpec a, @Nullable PodTemplateSpec b) {
        PodTemplateSpec one = a == null ? new PodTemplateSpec() : a;
        PodTemplateSpec two = b == null ? new PodTemplateSpec() : b;
        return canonical(withoutLabel(one)).equals(canonical(withoutLabel(two)));
    }

    private static JsonNode withoutLabel(PodTemplateSpec template) {
        JsonNode tree = Json.tree(template);
        if (tree.path("metadata").path("labels") instanceof ObjectNode labels) {
            labels.remove(LABEL);
        }
        return tree;
    }

    /** Object fields sorted, and what is empty left out: absent and empty mean the same in a template. */
    private static JsonNode canonical(JsonNode node) {
        if (node.isObject()) {
            Map<String, JsonNode> sorted = new TreeMap<>();
            node.properties().forEach(entry -> sorted.put(entry.getKey(), canonical(entry.getValue())));
            ObjectNode result = Json.object();
            sorted.forEach((name, value) -> {
                if (!value.isNull() && !isEmptyContainer(name, value)) {
                    result.set(name, value);
                }
            });
            return result;
        }
        if (node.isArray()) {
            var array = Json.object().putArray("items");
            node.forEach(element -> array.add(canonical(element)));
            return array;
        }
        return node;
    }

    /** Metadata and lists may be empty without meaning; an empty object elsewhere, such as emptyDir, is a choice. */
    private static boolean isEmptyContainer(String name, JsonNode value) {
        boolean metadata = name.equals("metadata") || name.equals("labels") || name.equals("annotations");
        return value.isEmpty() && (value.isArray() || (value.isObject() && metadata));
    }

    private static int fnv1a(String text, int seed) {
        int hash = seed;
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            hash ^= b & 0xff;
            hash *= 0x01000193;
        }
        return hash;
    }

    private static String safe(String digits) {
        StringBuilder result = new StringBuilder();
        for (char c : digits.toCharArray()) {
            result.append(ALPHABET.charAt(c % ALPHABET.length()));
        }
        return result.toString();
    }
}
