// SPDX-License-Identifier: Apache-2.0
package io.mizzen.testing.cluster;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.client.ResourceType;

/**
 * One entry of the history.
 *
 * @param revision its place in the history of the whole cluster
 * @param type the resource
 * @param kind what happened
 * @param object the object after it, or before its deletion; not to be changed
 */
public record Change(long revision, ResourceType type, Kind kind, ObjectNode object) {

    /** What a watch calls it. */
    public enum Kind {
        /** The object is new. */
        ADDED,
        /** The object changed. */
        MODIFIED,
        /** The object is gone. */
        DELETED
    }
}
