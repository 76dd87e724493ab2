// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.api.meta.ObjectTree;

/** The pure rules of when an object that is being deleted ends. */
final class Deletions {
    static final String ORPHAN = "orphan";
    static final String FOREGROUND = "foregroundDeletion";

    private Deletions() {}

    /** A deletion has begun, no finalizer is left and no grace is running. */
    static boolean mayEnd(JsonNode object) {
        JsonNode metadata = object.path("metadata");
        return ObjectTree.isTerminating(object)
                && metadata.path("finalizers").isEmpty()
                && object.path("spec").path("finalizers").isEmpty()
                && metadata.path("deletionGracePeriodSeconds").asLong(0) == 0;
    }
}
