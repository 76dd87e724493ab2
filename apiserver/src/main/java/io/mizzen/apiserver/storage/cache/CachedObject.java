// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.cache;

import java.util.Map;
import java.util.Objects;

/**
 * An object as the cache holds it: what it is selected by, and its JSON.
 *
 * @param key the storage key
 * @param namespace empty for a cluster-scoped object
 * @param name the object's name
 * @param revision the revision of the write, which is its {@code metadata.resourceVersion}
 * @param labels {@code metadata.labels}; immutable
 * @param fields the selectable fields by their path ({@code spec.nodeName}), without {@code metadata.name} and
 *     {@code metadata.namespace}; immutable. A field with an empty value may be left out
 * @param json the object as UTF-8 JSON with {@code metadata.resourceVersion} filled in; shared by everybody, never change it
 */
public record CachedObject(
        String key,
        String namespace,
        String name,
        long revision,
        Map<String, String> labels,
        Map<String, String> fields,
        byte[] json) {
    public CachedObject {
        Objects.requireNonNull(key);
        Objects.requireNonNull(namespace);
        Objects.requireNonNull(name);
        Objects.requireNonNull(json);
        labels = Map.copyOf(labels);
        fields = Map.copyOf(fields);
    }

    /** A selectable field's value, empty when the object does not have it; knows the two metadata fields too. */
    public String field(String path) {
        return switch (path) {
            case "metadata.name" -> name;
            case "metadata.namespace" -> namespace;
            default -> fields.getOrDefault(path, "");
        };
    }
}
