// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.write;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.tree.Json;

/** The annotation in which client-side apply keeps what it applied last. Stateless. */
final class LastApplied {
    static final String KEY = "kubectl.kubernetes.io/last-applied-configuration";

    private LastApplied() {}

    /** A copy of {@code object} whose annotation holds the object itself. */
    static ObjectNode annotate(JsonNode object) {
        ObjectNode copy = object.deepCopy();
        ObjectNode annotations = Json.child(copy, "metadata", "annotations");
        annotations.remove(KEY);
        String text = Json.compact(copy) + "\n";
        annotations.put(KEY, text);
        return copy;
    }

    /** What was applied last; a missing node when the object carries no annotation. */
    static JsonNode of(JsonNode object) {
        JsonNode text = object.path("metadata").path("annotations").path(KEY);
        return text.isTextual() && !text.textValue().isEmpty() ? Json.parse(text.textValue()) : text.path("none");
    }
}
