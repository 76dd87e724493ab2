// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.endpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.name.GroupResource;
import io.mizzen.api.selector.LabelSelector;
import io.mizzen.api.status.StatusCause;
import io.mizzen.api.status.StatusException;
import io.mizzen.api.status.StatusReason;
import io.mizzen.apiserver.registry.Metadata;
import io.mizzen.apiserver.registry.ObjectCodec;
import io.mizzen.apiserver.registry.ObjectDeletion;
import io.mizzen.apiserver.registry.ObjectStore;
import io.mizzen.apiserver.registry.ResourceRegistry;
import io.mizzen.apiserver.registry.ServedResource;
import io.mizzen.apiserver.registry.WriteContext;
import io.mizzen.apiserver.storage.cache.CachedObject;
import io.mizzen.apiserver.storage.cache.ListRequest;
import io.mizzen.apiserver.storage.cache.ListResult;
import io.mizzen.apiserver.storage.cache.ObjectCache;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Whether a pod may be evicted: asks its disruption budget and takes one disruption from it (API-initiated Eviction). */
final class Evictions {
    private static final int RETRY_SECONDS = 10;
    private static final String REFUSED = "Cannot evict pod as it would violate the pod's disruption budget.";

    private final ObjectStore store;
    private final ObjectCache cache;
    private final ResourceRegistry resources;

    Evictions(ObjectStore store, ObjectCache cache, ResourceRegistry resources) {
        this.store = store;
        this.cache = cache;
        this.resources = resources;
    }

    /** Returns when the pod may go; throws 429 when its budget is used up. */
    void check(ResourceRequest request, ObjectDeletion.Options options) {
        ObjectNode pod = store.get(request.resource(), request.namespace(), request.name());
        String phase = ObjectTree.text(pod, "status", "phase");
        if (!phase.equals("Running") || ObjectTree.isTerminating(pod)) {
            return;
        }
        List<ObjectNode> budgets = budgets(request.namespace(), pod);
        if (budgets.size() > 1) {
            throw StatusException.of(
                    StatusReason.InternalError,
                    "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.");
        }
        if (!budgets.isEmpty() && !unhealthyMayGo(pod, budgets.getFirst())) {
            take(request, ObjectTree.name(budgets.getFirst()));
        }
    }

    private List<ObjectNode> budgets(String namespace, ObjectNode pod) {
        ServedResource resource = resources.require("policy", "poddisruptionbudgets");
        List<ObjectNode> matching = new ArrayList<>();
        if (cache.list(ListRequest.in(resource.cacheKey(), namespace)) instanceof ListResult.Listed listed) {
            for (CachedObject object : listed.items()) {
                ObjectNode budget = ObjectCodec.parse(object.json());
                JsonNode selector = budget.path("spec").path("selector");
                if (!selector.isMissingNode()
                        && LabelSelector.ofObject(selector).matches(ObjectTree.labels(pod))) {
                    matching.add(budget);
                }
            }
        }
        return matching;
    }

    private static boolean unhealthyMayGo(ObjectNode pod, ObjectNode budget) {
        JsonNode ready = ObjectTree.condition(pod, "Ready");
        if (ready != null && ready.path("status").asText().equals("True")) {
            return false;
        }
        if (ObjectTree.text(budget, "spec", "unhealthyPodEvictionPolicy").equals("AlwaysAllow")) {
            return true;
        }
        int desired = budget.path("status").path("desiredHealthy").asInt(0);
        return desired > 0 && budget.path("status").path("currentHealthy").asInt(0) >= desired;
    }

    private void take(ResourceRequest request, String name) {
        ServedResource resource = resources.require("policy", "poddisruptionbudgets");
        WriteContext context = WriteContext.server(request.now()).withSubresource("status");
        store.update(context, resource, request.namespace(), name, current -> {
            ObjectNode budget = taken(current, name);
            ObjectTree.child(ObjectTree.child(budget, "status"), "disruptedPods")
                    .put(request.name(), Metadata.time(request.now()));
            ObjectTree.metadata(budget).remove("resourceVersion");
            return budget;
        });
    }

    private static ObjectNode taken(@Nullable ObjectNode budget, String name) {
        if (budget == null) {
            throw StatusException.notFound(new GroupResource("policy", "poddisruptionbudgets"), name);
        }
        ObjectNode status = ObjectTree.child(budget, "status");
        long generation = budget.path("metadata").path("generation").asLong(0);
        if (status.path("observedGeneration").asLong(0) < generation) {
            throw refused("The disruption budget " + name + " is still being processed by the server.")
                    .withRetryAfter(RETRY_SECONDS);
        }
        int allowed = status.path("disruptionsAllowed").asInt(0);
        if (allowed <= 0) {
            throw refused("The disruption budget " + name + " needs "
                    + status.path("desiredHealthy").asInt(0) + " healthy pods and has "
                    + status.path("currentHealthy").asInt(0) + " currently");
        }
        status.put("disruptionsAllowed", allowed - 1);
        return budget;
    }

    private static StatusException refused(String cause) {
        return StatusException.of(StatusReason.TooManyRequests, REFUSED)
                .withCauses(List.of(new StatusCause("DisruptionBudget", cause, "")));
    }
}
