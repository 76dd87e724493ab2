// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.admission;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.apiserver.registry.ServedResource;
import io.mizzen.apiserver.registry.WriteContext;
import org.jspecify.annotations.Nullable;

/**
 * A write on its way to storage.
 *
 * @param context circumstances
 * @param resource what is written
 * @param operation what happens to it
 * @param object the object in the stored version; for a deletion the one that goes
 * @param old the object before a change, else null
 * @param rollback where a plugin notes what it has claimed for this write
 */
public record AdmissionRequest(
        WriteContext context,
        ServedResource resource,
        Operation operation,
        ObjectNode object,
        @Nullable ObjectNode old,
        Rollback rollback) {

    /** What happens. */
    public enum Operation {
        CREATE,
        UPDATE,
        DELETE
    }

    public String namespace() {
        return ObjectTree.namespace(object);
    }

    public String name() {
        return ObjectTree.name(object);
    }

    /** Whether the main resource of a kind of the core or another group is meant. */
    public boolean isFor(String group, String plural) {
        return context.subresource().isEmpty()
                && resource.stored().group().equals(group)
                && resource.stored().plural().equals(plural);
    }

    public boolean isCreate() {
        return operation == Operation.CREATE;
    }
}
