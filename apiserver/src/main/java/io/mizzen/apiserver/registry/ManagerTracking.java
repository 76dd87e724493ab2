// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.apiserver.patch.ManagedFields;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Keeps {@code metadata.managedFields} on every ordinary write; server-side apply has done it already. Stateless. */
public final class ManagerTracking implements Metadata.FieldTracker {
    @Override
    public void track(WriteContext context, ServedResource resource, @Nullable ObjectNode old, ObjectNode object) {
        if (context.apply()) {
            return;
        }
        ManagedFields.Request request = new ManagedFields.Request(
                context.fieldManager(),
                resource.storedKind().apiVersion(),
                context.subresource(),
                false,
                context.now(),
                resetFields(resource, context.subresource()));
        ObjectNode tracked = ManagedFields.update(old, object, resource.stored().storageSchema(), request);
        ObjectTree.setOrRemove(
                ObjectTree.metadata(object),
                "managedFields",
                tracked.path("metadata").get("managedFields"));
    }

    /** The root fields that a write of the object or of a subresource leaves alone and does not come to own. */
    public static List<String> resetFields(ServedResource resource, String subresource) {
        return switch (subresource) {
            case "" -> resource.stored().hasStatus() ? List.of("status") : List.of();
            case "status" -> List.of("spec");
            default -> List.of();
        };
    }
}
