// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespaced;

/**
 * Where the objects of one kind live under the API.
 *
 * @param group API group, empty for the core group
 * @param version API version
 * @param plural lower-case plural, the path element
 * @param kind kind of one object
 * @param namespaced whether objects live in namespaces
 */
public record ResourceType(String group, String version, String plural, String kind, boolean namespaced) {

    /** The type of a model class, read from its annotations. */
    public static ResourceType of(Class<? extends HasMetadata> type) {
        String group = HasMetadata.getGroup(type);
        return new ResourceType(
                group == null ? "" : group,
                HasMetadata.getVersion(type),
                HasMetadata.getPlural(type),
                HasMetadata.getKind(type),
                Namespaced.class.isAssignableFrom(type));
    }

    /** {@code group/version}, or just the version in the core group. */
    public String apiVersion() {
        return group.isEmpty() ? version : group + "/" + version;
    }

    /** The path of the collection; an empty namespace of a namespaced type means all namespaces. */
    public String collectionPath(String namespace) {
        String base = (group.isEmpty() ? "/api/" : "/apis/" + group + "/") + version;
        return namespaced && !namespace.isEmpty()
                ? base + "/namespaces/" + namespace + "/" + plural
                : base + "/" + plural;
    }

    /** The path of one object. */
    public String objectPath(ObjectKey key) {
        return collectionPath(key.namespace()) + "/" + key.name();
    }

    /** The resource's name with its group, as {@code kubectl} prints it. */
    public String qualifiedName() {
        return group.isEmpty() ? plural : plural + "." + group;
    }
}
