// SPDX-License-Identifier: Apache-2.0
package io.mizzen.api.catalog;

import io.mizzen.api.name.GroupResource;
import io.mizzen.api.name.GroupVersion;
import io.mizzen.api.name.GroupVersionKind;
import io.mizzen.api.schema.Schema;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Everything the API server knows of a resource without code: built-in kinds are read from the catalogue's data, a
 * custom resource definition makes the same value at run time. Immutable.
 *
 * @param group API group, empty for core
 * @param kind kind in CamelCase
 * @param listKind kind of its lists
 * @param plural resource name in paths
 * @param singular lower-case singular
 * @param namespaced whether objects live in a namespace
 * @param shortNames names kubectl also takes
 * @param categories groups of kinds such as {@code all}
 * @param versions served versions, most preferred first
 * @param storageVersion version that is persisted
 * @param storagePrefix key prefix in storage, with a slash at its end
 * @param verbs verbs of the main resource in alphabetical order
 * @param subresources by name, in alphabetical order
 * @param selectableFields dotted paths for field selectors besides metadata.name and metadata.namespace
 * @param columns of server-side tables; empty means the default ones
 * @param custom whether it comes from a custom resource definition
 */
public record ResourceDefinition(
        String group,
        String kind,
        String listKind,
        String plural,
        String singular,
        boolean namespaced,
        List<String> shortNames,
        List<String> categories,
        List<Version> versions,
        String storageVersion,
        String storagePrefix,
        List<String> verbs,
        Map<String, Subresource> subresources,
        List<String> selectableFields,
        List<Column> columns,
        boolean custom) {

    /** Verbs of an ordinary stored resource. */
    public static final List<String> ALL_VERBS =
            List.of("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch");

    /**
     * A served version.
     *
     * @param name version name
     * @param schema shape of an object
     * @param deprecationWarning text for a Warning header, or null
     */
    public record Version(
            String name, Schema schema, @Nullable String deprecationWarning) {}

    /**
     * A subresource.
     *
     * @param name last part of its path
     * @param kind kind it takes or answers
     * @param group group of that kind
     * @param version version of that kind; empty means that of the resource
     * @param verbs verbs it serves
     * @param scale paths for a scale subresource of a custom resource, else null
     */
    public record Subresource(
            String name,
            String kind,
            String group,
            String version,
            List<String> verbs,
            @Nullable ScalePaths scale) {}

    /** Where a custom resource keeps what its scale subresource shows; dotted paths. */
    public record ScalePaths(
            String specReplicas,
            String statusReplicas,
            @Nullable String labelSelector) {}

    /**
     * A column of a table.
     *
     * @param name heading
     * @param type OpenAPI type of the cells
     * @param format OpenAPI format, may be empty
     * @param priority 0 is always shown, higher only with {@code -o wide}
     * @param description text for the client
     * @param jsonPath where the cell is read for custom resources; null for built-in kinds
     */
    public record Column(
            String name,
            String type,
            String format,
            int priority,
            String description,
            @Nullable String jsonPath) {}

    public ResourceDefinition {
        shortNames = List.copyOf(shortNames);
        categories = List.copyOf(categories);
        versions = List.copyOf(versions);
        verbs = List.copyOf(verbs);
        selectableFields = List.copyOf(selectableFields);
        columns = List.copyOf(columns);
    }

    public GroupResource groupResource() {
        return new GroupResource(group, plural);
    }

    public GroupVersionKind kindIn(String version) {
        return new GroupVersionKind(group, version, kind);
    }

    public GroupVersion storageGroupVersion() {
        return new GroupVersion(group, storageVersion);
    }

    public @Nullable Version version(String name) {
        for (Version version : versions) {
            if (version.name().equals(name)) {
                return version;
            }
        }
        return null;
    }

    /** Schema of the version that is persisted. */
    public Schema storageSchema() {
        Version version = version(storageVersion);
        if (version == null) {
            throw new IllegalStateException("storage version " + storageVersion + " of " + plural + " is not served");
        }
        return version.schema();
    }

    public boolean serves(String verb) {
        return verbs.contains(verb);
    }

    /** Whether objects are persisted (reviews and bindings are only answered). */
    public boolean isStored() {
        return verbs.contains("get") && verbs.contains("create");
    }

    /** Whether spec and status are written by different paths. */
    public boolean hasStatus() {
        return subresources.containsKey("status");
    }

    /** Key of an object in storage. */
    public String key(String namespace, String name) {
        return namespaced ? storagePrefix + namespace + "/" + name : storagePrefix + name;
    }

    /** Names of the served versions. */
    public Set<String> versionNames() {
        return versions.stream().map(Version::name).collect(java.util.stream.Collectors.toUnmodifiableSet());
    }
}
