// SPDX-License-Identifier: Apache-2.0
package io.mizzen.api.name;

/**
 * An API group and one of its versions; the core group is the empty string.
 *
 * @param group group name, empty for core
 * @param version version name such as {@code v1}
 */
public record GroupVersion(String group, String version) {

    /** Parses {@code v1} or {@code apps/v1}; more than one slash is an {@link IllegalArgumentException}. */
    public static GroupVersion parse(String apiVersion) {
        int slash = apiVersion.indexOf('/');
        if (slash < 0) {
            return new GroupVersion("", apiVersion);
        }
        if (apiVersion.indexOf('/', slash + 1) >= 0) {
            throw new IllegalArgumentException("unexpected GroupVersion string: " + apiVersion);
        }
        return new GroupVersion(apiVersion.substring(0, slash), apiVersion.substring(slash + 1));
    }

    /** The form used in {@code apiVersion}: {@code v1} or {@code apps/v1}. */
    public String apiVersion() {
        return group.isEmpty() ? version : group + "/" + version;
    }

    public GroupVersionKind withKind(String kind) {
        return new GroupVersionKind(group, version, kind);
    }

    @Override
    public String toString() {
        return apiVersion();
    }
}
