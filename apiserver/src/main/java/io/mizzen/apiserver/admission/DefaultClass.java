// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.admission;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.apiserver.registry.ObjectCodec;
import io.mizzen.apiserver.storage.cache.CachedObject;
import io.mizzen.apiserver.storage.cache.ListRequest;
import io.mizzen.apiserver.storage.cache.ListResult;
import io.mizzen.apiserver.storage.cache.ObjectCache;
import io.mizzen.apiserver.storage.cache.ResourceKey;

/**
 * The plugins DefaultStorageClass and DefaultIngressClass: a new object that names no class gets the default one, of
 * several the newest.
 */
final class DefaultClass implements Admission.Plugin {
    private final ObjectCache cache;
    private final String group;
    private final String resource;
    private final String field;
    private final String oldAnnotation;
    private final ResourceKey classes;
    private final String mark;

    /**
     * @param field of the spec that names a class
     * @param oldAnnotation names a class too
     * @param mark the annotation of a class that says it is the default
     */
    private DefaultClass(
            ObjectCache cache,
            String group,
            String resource,
            String field,
            String oldAnnotation,
            ResourceKey classes,
            String mark) {
        this.cache = cache;
        this.group = group;
        this.resource = resource;
        this.field = field;
        this.oldAnnotation = oldAnnotation;
        this.classes = classes;
        this.mark = mark;
    }

    static DefaultClass ofStorage(ObjectCache cache) {
        return new DefaultClass(
                cache,
                "",
                "persistentvolumeclaims",
                "storageClassName",
                "volume.beta.kubernetes.io/storage-class",
                new ResourceKey("storage.k8s.io", "storageclasses"),
                "storageclass.kubernetes.io/is-default-class");
    }

    static DefaultClass ofIngress(ObjectCache cache) {
        return new DefaultClass(
                cache,
                "networking.k8s.io",
                "ingresses",
                "ingressClassName",
                "kubernetes.io/ingress.class",
                new ResourceKey("networking.k8s.io", "ingressclasses"),
                "ingressclass.kubernetes.io/is-default-class");
    }

    @Override
    public void mutate(AdmissionRequest request) {
        if (!request.isCreate() || !request.isFor(group, resource)) {
            return;
        }
        ObjectNode spec = ObjectTree.child(request.object(), "spec");
        if (spec.has(field) || ObjectTree.annotations(request.object()).containsKey(oldAnnotation)) {
            return;
        }
        String name = newestDefault();
        if (!name.isEmpty()) {
            spec.put(field, name);
        }
    }

    private String newestDefault() {
        String newest = "";
        String name = "";
        if (cache.list(ListRequest.all(classes)) instanceof ListResult.Listed listed) {
            for (CachedObject object : listed.items()) {
                ObjectNode candidate = ObjectCodec.parse(object.json());
                String created = ObjectTree.text(candidate, "metadata", "creationTimestamp");
                boolean isDefault =
                        "true".equals(ObjectTree.annotations(candidate).get(mark));
                if (isDefault && created.compareTo(newest) > 0) {
                    newest = created;
                    name = object.name();
                }
            }
        }
        return name;
    }
}
