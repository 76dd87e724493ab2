// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.catalog.ResourceDefinition;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.apiserver.storage.cache.CachedObject;
import io.mizzen.apiserver.storage.cache.EntryDecoder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Between trees and bytes. In storage an object is its JSON without {@code metadata.resourceVersion}; in the cache and on
 * the wire with it. Thread-safe.
 */
public final class ObjectCodec {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private ObjectCodec() {}

    /** The bytes to store. */
    public static byte[] toStorage(ObjectNode object) {
        ObjectNode copy = object;
        if (object.path("metadata").has("resourceVersion")) {
            copy = object.objectNode().setAll(object);
            ObjectNode metadata = object.objectNode().setAll((ObjectNode) object.get("metadata"));
            metadata.remove("resourceVersion");
            copy.set("metadata", metadata);
        }
        return toBytes(copy);
    }

    /** A stored object with its revision as {@code resourceVersion}. */
    public static ObjectNode fromStorage(byte[] value, long revision) {
        ObjectNode object = parse(value);
        ObjectTree.metadata(object).put("resourceVersion", Long.toString(revision));
        return object;
    }

    /** Bytes known to hold an object. */
    public static ObjectNode parse(byte[] json) {
        try {
            return (ObjectNode) MAPPER.readTree(json);
        } catch (IOException broken) {
            throw new UncheckedIOException("a stored object is not JSON", broken);
        }
    }

    /** JSON text of any shape. */
    static JsonNode parseAny(String json) {
        try {
            return MAPPER.readTree(json);
        } catch (JsonProcessingException malformed) {
            throw io.mizzen.api.status.StatusException.badRequest(
                    "an annotation does not hold JSON: " + malformed.getOriginalMessage());
        }
    }

    /** The compact UTF-8 form of a tree. */
    public static byte[] toBytes(JsonNode node) {
        try {
            return MAPPER.writeValueAsBytes(node);
        } catch (JsonProcessingException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    /** How the watch cache reads the objects of a resource. */
    public static EntryDecoder decoder(ResourceDefinition definition) {
        List<String> selectable = definition.selectableFields();
        boolean namespaced = definition.namespaced();
        return (key, value, revision) -> {
            ObjectNode object = fromStorage(value, revision);
            Map<String, String> fields = new HashMap<>();
            for (String path : selectable) {
                String text = SelectableFields.value(object, path);
                if (!text.isEmpty()) {
                    fields.put(path, text);
                }
            }
            return new CachedObject(
                    key,
                    namespaced ? ObjectTree.namespace(object) : "",
                    ObjectTree.name(object),
                    revision,
                    ObjectTree.labels(object),
                    fields,
                    toBytes(object));
        };
    }
}
