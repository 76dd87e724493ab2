// SPDX-License-Identifier: Apache-2.0
package io.mizzen.api.name;

/**
 * The full name of a kind.
 *
 * @param group group name, empty for core
 * @param version version name
 * @param kind kind in CamelCase
 */
public record GroupVersionKind(String group, String version, String kind) {

    public GroupVersion groupVersion() {
        return new GroupVersion(group, version);
    }

    public String apiVersion() {
        return groupVersion().apiVersion();
    }

    /** The form that Kubernetes prints in messages: {@code apps/v1, Kind=Deployment}. */
    @Override
    public String toString() {
        return apiVersion() + ", Kind=" + kind;
    }
}
