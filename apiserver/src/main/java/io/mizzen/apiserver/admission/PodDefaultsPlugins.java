// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.status.StatusException;
import io.mizzen.apiserver.registry.ObjectCodec;
import io.mizzen.apiserver.storage.cache.CachedObject;
import io.mizzen.apiserver.storage.cache.ListRequest;
import io.mizzen.apiserver.storage.cache.ListResult;
import io.mizzen.apiserver.storage.cache.ObjectCache;
import io.mizzen.apiserver.storage.cache.ResourceKey;
import java.util.List;

/** The plugins Priority and DefaultTolerationSeconds: both fill pods from what the cluster says. */
final class PodDefaultsPlugins {
    private PodDefaultsPlugins() {}

    /** Gives a pod the number and the preemption policy of its priority class. */
    static final class Priority implements Admission.Plugin {
        private static final ResourceKey CLASSES = new ResourceKey("scheduling.k8s.io", "priorityclasses");

        private final ObjectCache cache;

        Priority(ObjectCache cache) {
            this.cache = cache;
        }

        @Override
        public void mutate(AdmissionRequest request) {
            if (!request.isCreate() || !request.isFor("", "pods")) {
                return;
            }
            ObjectNode spec = ObjectTree.child(request.object(), "spec");
            String name = spec.path("priorityClassName").asText("");
            JsonNode priorityClass = name.isEmpty() ? globalDefault() : byName(request, name);
            int value = priorityClass == null ? 0 : priorityClass.path("value").asInt(0);
            if (spec.has("priority") && spec.get("priority").asInt() != value) {
                throw StatusException.forbidden(
                        request.resource().groupResource(),
                        request.name(),
                        "the integer value of priority (" + spec.get("priority").asInt()
                                + ") must not be provided in pod spec; priority admission controller computed " + value
                                + " from the given PriorityClass name");
            }
            spec.put("priority", value);
            if (priorityClass != null && name.isEmpty()) {
                spec.put("priorityClassName", ObjectTree.name(priorityClass));
            }
            String policy = priorityClass == null
                    ? "PreemptLowerPriority"
                    : priorityClass.path("preemptionPolicy").asText("PreemptLowerPriority");
            if (!spec.has("preemptionPolicy")) {
                spec.put("preemptionPolicy", policy);
            }
        }

        private JsonNode byName(AdmissionRequest request, String name) {
            CachedObject found = cache.get(CLASSES, "/registry/priorityclasses/" + name);
            if (found == null) {
                throw StatusException.forbidden(
                        request.resource().groupResource(),
                        request.name(),
                        "no PriorityClass with name " + name + " was found");
            }
            return ObjectCodec.parse(found.json());
        }

        private @org.jspecify.annotations.Nullable JsonNode globalDefault() {
            JsonNode best = null;
            if (cache.list(ListRequest.all(CLASSES)) instanceof ListResult.Listed listed) {
                for (CachedObject object : listed.items()) {
                    JsonNode candidate = ObjectCodec.parse(object.json());
                    boolean lower = best == null
                            || candidate.path("value").asInt()
                                    < best.path("value").asInt();
                    if (candidate.path("globalDefault").asBoolean(false) && lower) {
                        best = candidate;
                    }
                }
            }
            return best;
        }
    }

    /** Lets a pod stay for five minutes on a node that is not ready or not reachable. */
    static final class DefaultTolerationSeconds implements Admission.Plugin {
        private static final int SECONDS = 300;

        @Override
        public void mutate(AdmissionRequest request) {
            if (request.operation() == AdmissionRequest.Operation.DELETE || !request.isFor("", "pods")) {
                return;
            }
            ObjectNode spec = ObjectTree.child(request.object(), "spec");
            ArrayNode tolerations = spec.arrayNode().addAll(ObjectTree.list(spec, "tolerations"));
            for (String key : List.of("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")) {
                if (!tolerates(tolerations, key)) {
                    tolerations
                            .addObject()
                            .put("key", key)
                            .put("operator", "Exists")
                            .put("effect", "NoExecute")
                            .put("tolerationSeconds", SECONDS);
                }
            }
            spec.set("tolerations", tolerations);
        }

        private static boolean tolerates(ArrayNode tolerations, String key) {
            for (JsonNode toleration : tolerations) {
                String tolerated = toleration.path("key").asText("");
                String effect = toleration.path("effect").asText("");
                boolean sameKey = tolerated.equals(key) || tolerated.isEmpty();
                if (sameKey && (effect.isEmpty() || effect.equals("NoExecute"))) {
                    return true;
                }
            }
            return false;
        }
    }
}
