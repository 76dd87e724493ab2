// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.status.StatusException;
import io.mizzen.apiserver.registry.ObjectCodec;
import io.mizzen.apiserver.storage.cache.CachedObject;
import io.mizzen.apiserver.storage.cache.ObjectCache;
import io.mizzen.apiserver.storage.cache.ResourceKey;
import org.jspecify.annotations.Nullable;

/** Takes overhead and scheduling of a pod's RuntimeClass into the pod (KEP-585, KEP-688). */
final class RuntimeClassPlugin implements Admission.Plugin {
    private static final ResourceKey CLASSES = new ResourceKey("node.k8s.io", "runtimeclasses");

    private final ObjectCache cache;

    RuntimeClassPlugin(ObjectCache cache) {
        this.cache = cache;
    }

    @Override
    public void mutate(AdmissionRequest request) {
        JsonNode runtime = runtimeClass(request);
        if (runtime == null) {
            return;
        }
        ObjectNode spec = ObjectTree.child(request.object(), "spec");
        JsonNode overhead = runtime.path("overhead").path("podFixed");
        if (!overhead.isEmpty()) {
            JsonNode present = spec.path("overhead");
            if (!present.isEmpty() && !present.equals(overhead)) {
                throw refusal(request, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
            }
            spec.set("overhead", overhead.deepCopy());
        }
        JsonNode scheduling = runtime.path("scheduling");
        for (var label : scheduling.path("nodeSelector").properties()) {
            ObjectNode selector = ObjectTree.child(spec, "nodeSelector");
            if (selector.has(label.getKey()) && !selector.get(label.getKey()).equals(label.getValue())) {
                throw refusal(
                        request,
                        "conflict: runtimeClass.scheduling.nodeSelector[" + label.getKey()
                                + "] = " + label.getValue().asText() + "; pod.spec.nodeSelector[" + label.getKey()
                                + "] = " + selector.get(label.getKey()).asText());
            }
            selector.set(label.getKey(), label.getValue());
        }
        for (JsonNode toleration : scheduling.path("tolerations")) {
            var tolerations = ObjectTree.list(spec, "tolerations");
            boolean known = false;
            for (JsonNode present : tolerations) {
                known |= present.equals(toleration);
            }
            if (!known) {
                tolerations.add(toleration.deepCopy());
            }
        }
    }

    @Override
    public void validate(AdmissionRequest request) {
        if (isNewPod(request)
                && runtimeClass(request) == null
                && !request.object().path("spec").path("overhead").isEmpty()) {
            throw refusal(
                    request, "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead");
        }
    }

    private static boolean isNewPod(AdmissionRequest request) {
        return request.isCreate() && request.isFor("", "pods");
    }

    private @Nullable JsonNode runtimeClass(AdmissionRequest request) {
        String name = ObjectTree.text(request.object(), "spec", "runtimeClassName");
        if (!isNewPod(request) || name.isEmpty()) {
            return null;
        }
        CachedObject found = cache.get(CLASSES, "/registry/runtimeclasses/" + name);
        if (found == null) {
            throw refusal(request, "pod rejected: RuntimeClass \"" + name + "\" not found");
        }
        return ObjectCodec.parse(found.json());
    }

    private static StatusException refusal(AdmissionRequest request, String why) {
        return StatusException.forbidden(request.resource().groupResource(), request.name(), why);
    }
}
