// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.quantity.Quantity;
import io.mizzen.api.status.StatusException;
import io.mizzen.apiserver.registry.ObjectCodec;
import io.mizzen.apiserver.storage.cache.CachedObject;
import io.mizzen.apiserver.storage.cache.ObjectCache;
import io.mizzen.apiserver.storage.cache.ResourceKey;

/** The plugins StorageObjectInUseProtection and PersistentVolumeClaimResize. */
final class StoragePlugins {
    private static final ResourceKey CLASSES = new ResourceKey("storage.k8s.io", "storageclasses");

    private StoragePlugins() {}

    /** New claims and volumes get the finalizer that keeps them while they are used. */
    static final class StorageObjectInUseProtection implements Admission.Plugin {
        @Override
        public void mutate(AdmissionRequest request) {
            if (!request.isCreate()) {
                return;
            }
            if (request.isFor("", "persistentvolumeclaims")) {
                protect(request.object(), "kubernetes.io/pvc-protection");
            } else if (request.isFor("", "persistentvolumes")) {
                protect(request.object(), "kubernetes.io/pv-protection");
            }
        }

        private static void protect(ObjectNode object, String finalizer) {
            ArrayNode finalizers = ObjectTree.child(object, "metadata").withArrayProperty("finalizers");
            for (JsonNode present : finalizers) {
                if (present.asText().equals(finalizer)) {
                    return;
                }
            }
            finalizers.add(finalizer);
        }
    }

    /** A bound claim may grow where its class lets it. */
    static final class PersistentVolumeClaimResize implements Admission.Plugin {
        private final ObjectCache cache;

        PersistentVolumeClaimResize(ObjectCache cache) {
            this.cache = cache;
        }

        @Override
        public void validate(AdmissionRequest request) {
            ObjectNode old = request.old();
            if (old == null || !request.isFor("", "persistentvolumeclaims") || !grows(request.object(), old)) {
                return;
            }
            if (!ObjectTree.text(old, "status", "phase").equals("Bound")) {
                throw refusal(request, "Only bound persistent volume claims can be expanded");
            }
            String name = ObjectTree.text(old, "spec", "storageClassName");
            CachedObject found = name.isEmpty() ? null : cache.get(CLASSES, "/registry/storageclasses/" + name);
            if (found == null
                    || !ObjectCodec.parse(found.json())
                            .path("allowVolumeExpansion")
                            .asBoolean(false)) {
                throw refusal(
                        request,
                        "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc"
                                + " must support resize");
            }
        }

        private static boolean grows(ObjectNode now, ObjectNode old) {
            String wanted = ObjectTree.text(now, "spec", "resources", "requests", "storage");
            String had = ObjectTree.text(old, "spec", "resources", "requests", "storage");
            return !wanted.isEmpty() && !had.isEmpty() && Quantity.parse(wanted).compareTo(Quantity.parse(had)) > 0;
        }

        private static StatusException refusal(AdmissionRequest request, String message) {
            return StatusException.forbidden(request.resource().groupResource(), request.name(), message);
        }
    }
}
