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
import io.mizzen.apiserver.storage.cache.ListRequest;
import io.mizzen.apiserver.storage.cache.ListResult;
import io.mizzen.apiserver.storage.cache.ObjectCache;
import io.mizzen.apiserver.storage.cache.ResourceKey;

/** The plugins DefaultStorageClass, StorageObjectInUseProtection and PersistentVolumeClaimResize. */
final class StoragePlugins {
    private static final ResourceKey CLASSES = new ResourceKey("storage.k8s.io", "storageclasses");

    private StoragePlugins() {}

    /** A claim without a class gets the default one. */
    static final class DefaultStorageClass implements Admission.Plugin {
        private static final String ANNOTATION = "storageclass.kubernetes.io/is-default-class";

        private final ObjectCache cache;

        DefaultStorageClass(ObjectCache cache) {
            this.cache = cache;
        }

        @Override
        public void mutate(AdmissionRequest request) {
            if (!request.isCreate() || !request.isFor("", "persistentvolumeclaims")) {
                return;
            }
            ObjectNode spec = ObjectTree.child(request.object(), "spec");
            if (spec.has("storageClassName")) {
                return;
            }
            String newest = "";
            String name = "";
            if (cache.list(ListRequest.all(CLASSES)) instanceof ListResult.Listed listed) {
                for (CachedObject object : listed.items()) {
                    ObjectNode candidate = ObjectCodec.parse(object.json());
                    String created = ObjectTree.text(candidate, "metadata", "creationTimestamp");
                    boolean isDefault =
                            "true".equals(ObjectTree.annotations(candidate).get(ANNOTATION));
                    if (isDefault && created.compareTo(newest) > 0) {
                        newest = created;
                        name = object.name();
                    }
                }
            }
            if (!name.isEmpty()) {
                spec.put("storageClassName", name);
            }
        }
    }

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
