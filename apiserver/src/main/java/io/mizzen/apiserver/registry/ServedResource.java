// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry;

import io.mizzen.api.catalog.ResourceDefinition;
import io.mizzen.api.name.GroupResource;
import io.mizzen.api.name.GroupVersionKind;
import io.mizzen.api.schema.Schema;
import io.mizzen.apiserver.storage.cache.ResourceKey;

/**
 * A resource in one of its served versions, with everything a verb needs to work on it.
 *
 * @param definition the resource as the client names it
 * @param version the version the client asked for
 * @param stored the resource whose objects are persisted: the same, but for kinds that show another's objects
 * @param converter between the client's version and the stored one
 * @param form how bodies are read
 * @param strategy behaviour of the kind
 */
public record ServedResource(
        ResourceDefinition definition,
        ResourceDefinition.Version version,
        ResourceDefinition stored,
        VersionConverter converter,
        ObjectForm form,
        Strategy strategy) {

    public GroupResource groupResource() {
        return definition.groupResource();
    }

    public GroupVersionKind kind() {
        return definition.kindIn(version.name());
    }

    /** The kind as it is persisted. */
    public GroupVersionKind storedKind() {
        return stored.kindIn(stored.storageVersion());
    }

    public Schema schema() {
        return version.schema();
    }

    public String apiVersion() {
        return kind().apiVersion();
    }

    /** The name of this resource's objects in the watch cache. */
    public ResourceKey cacheKey() {
        return new ResourceKey(stored.group(), stored.plural());
    }

    public boolean namespaced() {
        return definition.namespaced();
    }

    /** Storage key of an object. */
    public String key(String namespace, String name) {
        return stored.key(namespace, name);
    }
}
