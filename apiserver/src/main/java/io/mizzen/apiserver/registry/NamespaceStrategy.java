// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;

/** Namespaces: phase, the {@code kubernetes} finalizer in spec, and the label that carries the name. */
final class NamespaceStrategy implements Strategy {
    static final String FINALIZER = "kubernetes";
    private static final String NAME_LABEL = "kubernetes.io/metadata.name";

    @Override
    public void applyDefaults(ObjectNode namespace) {
        ObjectNode labels = ObjectTree.child(ObjectTree.metadata(namespace), "labels");
        labels.put(NAME_LABEL, ObjectTree.name(namespace));
    }

    @Override
    public void prepareForCreate(WriteContext context, ObjectNode namespace) {
        ObjectTree.child(namespace, "status").removeAll().put("phase", "Active");
        var finalizers = ObjectTree.list(ObjectTree.child(namespace, "spec"), "finalizers");
        if (!ObjectTree.texts(finalizers).contains(FINALIZER)) {
            finalizers.add(FINALIZER);
        }
    }

    @Override
    public void prepareForUpdate(WriteContext context, ObjectNode namespace, ObjectNode old) {
        // Only the finalize subresource changes what stands against deletion.
        ObjectTree.setOrRemove(namespace, "spec", old.get("spec"));
    }
}
