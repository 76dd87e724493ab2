// SPDX-License-Identifier: Apache-2.0
package io.mizzen.api.name;

/**
 * A resource without its version.
 *
 * @param group group name, empty for core
 * @param resource plural in lower case
 */
public record GroupResource(String group, String resource) {

    /** The form used in messages and as a key: {@code pods} or {@code deployments.apps}. */
    @Override
    public String toString() {
        return group.isEmpty() ? resource : resource + "." + group;
    }
}
