// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.target;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.rest.ResourceType;

/**
 * One object that a command works on.
 *
 * @param type its resource
 * @param namespace where it lives; empty for cluster-scoped ones
 * @param name its name; empty when the server is to make one
 * @param object the object as the file or the server has it; a missing node when only its name is known
 * @param source where it came from, for messages; empty when from the command line
 */
public record Target(ResourceType type, String namespace, String name, JsonNode object, String source) {

    /** Its path on the server. */
    public String path() {
        return type.path(namespace, name);
    }

    /** The path of its collection. */
    public String collection() {
        return type.path(namespace);
    }

    /** {@code kind.group/name} as results show it. */
    public String shown() {
        return type.shown() + "/" + name;
    }

    /** The same target with another object. */
    public Target with(JsonNode changed) {
        return new Target(type, namespace, name, changed, source);
    }
}
