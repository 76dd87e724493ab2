// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.HasMetadata;

/** JSON merge patches that the server refuses with a conflict unless the object is still as it was read. */
public final class Patches {

    private Patches() {}

    /** A patch that changes nothing yet. It replaces lists as a whole, so what is put in must be the whole list. */
    public static ObjectNode guarded(HasMetadata object) {
        ObjectNode patch = Json.object();
        patch.putObject("metadata")
                .put("uid", object.getMetadata().getUid())
                .put("resourceVersion", object.getMetadata().getResourceVersion());
        return patch;
    }

    /** A list in the metadata of a {@link #guarded} patch, empty at first, that will replace the object's. */
    public static ArrayNode metadataList(ObjectNode patch, String field) {
        return patch.withObjectProperty("metadata").putArray(field);
    }

    /** Takes a finalizer off. */
    public static ObjectNode withoutFinalizer(HasMetadata object, String finalizer) {
        ObjectNode patch = guarded(object);
        ArrayNode rest = metadataList(patch, "finalizers");
        object.getFinalizers().stream()
                .filter(present -> !present.equals(finalizer))
                .forEach(rest::add);
        return patch;
    }
}
