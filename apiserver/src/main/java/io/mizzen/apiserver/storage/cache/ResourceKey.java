// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.cache;

import java.util.Objects;

/**
 * Names a resource in the cache, whatever versions it is served in.
 *
 * @param group the API group, empty for the core group
 * @param resource the plural name, for example {@code pods}
 */
public record ResourceKey(String group, String resource) implements Comparable<ResourceKey> {
    public ResourceKey {
        Objects.requireNonNull(group);
        Objects.requireNonNull(resource);
    }

    @Override
    public int compareTo(ResourceKey other) {
        int byGroup = group.compareTo(other.group);
        return byGroup != 0 ? byGroup : resource.compareTo(other.resource);
    }

    /** In upstream's form: {@code pods} or {@code deployments.apps}. */
    @Override
    public String toString() {
        return group.isEmpty() ? resource : resource + "." + group;
    }
}
