// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.rest;

import java.util.List;

/**
 * A resource that the server serves.
 *
 * @param group API group; empty for the core
 * @param version API version
 * @param plural name in paths
 * @param singular name in messages
 * @param kind kind of its objects
 * @param namespaced whether objects live in a namespace
 * @param verbs what may be done
 * @param shortNames abbreviations
 * @param categories groups of resources such as {@code all}
 * @param subresources names under an object, e.g. {@code scale}
 */
public record ResourceType(
        String group,
        String version,
        String plural,
        String singular,
        String kind,
        boolean namespaced,
        List<String> verbs,
        List<String> shortNames,
        List<String> categories,
        List<String> subresources) {

    /** {@code group/version}, or the version alone for the core group. */
    public String apiVersion() {
        return group.isEmpty() ? version : group + "/" + version;
    }

    /** {@code plural.group}, or the plural alone for the core group. */
    public String qualified() {
        return group.isEmpty() ? plural : plural + "." + group;
    }

    /** {@code kind.group} in lower case as messages show it, e.g. {@code deployment.apps}. */
    public String shown() {
        String name = singular.isEmpty() ? kind.toLowerCase(java.util.Locale.ROOT) : singular;
        return group.isEmpty() ? name : name + "." + group;
    }

    /** The path of the collection, in a namespace or ({@code namespace} empty) across all. */
    public String path(String namespace) {
        StringBuilder path = new StringBuilder(64);
        path.append(group.isEmpty() ? "/api/" : "/apis/" + group + "/").append(version);
        if (namespaced && !namespace.isEmpty()) {
            path.append("/namespaces/").append(Connection.escape(namespace));
        }
        return path.append('/').append(plural).toString();
    }

    /** The path of one object. */
    public String path(String namespace, String name) {
        return path(namespace) + "/" + Connection.escape(name);
    }
}
