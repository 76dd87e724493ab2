// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.endpoint;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.name.GroupResource;
import io.mizzen.api.status.StatusException;
import io.mizzen.apiserver.http.ApiResponse;
import io.mizzen.apiserver.metrics.MetricsScraper;
import io.mizzen.apiserver.metrics.Usage;
import io.mizzen.apiserver.metrics.UsageBook;
import io.mizzen.apiserver.registry.Metadata;
import io.mizzen.apiserver.registry.ObjectCodec;
import io.mizzen.apiserver.registry.ResourceRegistry;
import io.mizzen.apiserver.registry.ServedResource;
import io.mizzen.apiserver.storage.cache.CachedObject;
import io.mizzen.apiserver.storage.cache.ListRequest;
import io.mizzen.apiserver.storage.cache.ListResult;
import io.mizzen.apiserver.storage.cache.ObjectCache;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * GET of NodeMetrics and PodMetrics ({@code metrics.k8s.io/v1beta1}): nodes and running pods that there are, with what was
 * scraped of them, as metrics-server answers. Thread-safe.
 */
final class UsageVerbs {
    /** The group that is answered here. */
    static final String GROUP = "metrics.k8s.io";

    private final MetricsScraper scraper;
    private final ObjectCache cache;
    private final ResourceRegistry resources;

    UsageVerbs(MetricsScraper scraper, ObjectCache cache, ResourceRegistry resources) {
        this.scraper = scraper;
        this.cache = cache;
        this.resources = resources;
    }

    ApiResponse handle(ResourceRequest request) {
        return request.info().verb().equals("get") ? get(request) : list(request);
    }

    private ServedResource described(ResourceRequest request) {
        return resources.require("", request.resource().definition().plural());
    }

    private ApiResponse get(ResourceRequest request) {
        ServedResource described = described(request);
        CachedObject object =
                cache.get(described.cacheKey(), described.key(request.info().namespace(), request.name()));
        if (object == null) {
            throw StatusException.notFound(described.groupResource(), request.name());
        }
        ObjectNode metrics = metrics(object, request.now());
        if (metrics == null) {
            boolean pod = described.namespaced();
            throw StatusException.notFound(
                    new GroupResource(GROUP, pod ? "podmetrics" : "nodemetrics"),
                    pod ? object.namespace() + "/" + object.name() : object.name());
        }
        return WriteVerbs.answer(request, 200, metrics);
    }

    private ApiResponse list(ResourceRequest request) {
        ServedResource described = described(request);
        Selection selection = Selection.of(request.resource(), request.query());
        String namespace = request.namespace().isEmpty() ? null : request.namespace();
        ListRequest wanted =
                new ListRequest(described.cacheKey(), namespace, selection.filter(), selection.match(), null, 0, 0);
        java.util.List<ObjectNode> found = new java.util.ArrayList<>();
        if (cache.list(wanted) instanceof ListResult.Listed listed) {
            for (CachedObject object : listed.items()) {
                ObjectNode metrics = metrics(object, request.now());
                if (metrics != null) {
                    found.add(metrics);
                }
            }
        }
        Representation form = Representation.of(request.http());
        return ApiResponse.Complete.of(200, form.contentType(), form.list(request.resource(), found, request.now()));
    }

    /** Null when nothing is known of it. */
    private @Nullable ObjectNode metrics(CachedObject object, Instant now) {
        UsageBook book = scraper.book();
        if (object.namespace().isEmpty()) {
            Usage usage = book.node(object.name());
            if (usage == null) {
                return null;
            }
            ObjectNode metrics = head("NodeMetrics", object, usage, now);
            quantities(metrics.putObject("usage"), usage);
            return metrics;
        }
        Map<String, Usage> containers = book.pod(object.namespace(), object.name());
        boolean running = ObjectTree.text(ObjectCodec.parse(object.json()), "status", "phase")
                .equals("Running");
        if (containers.isEmpty() || !running) {
            return null;
        }
        ObjectNode metrics = head("PodMetrics", object, UsageBook.earliest(containers), now);
        var list = metrics.putArray("containers");
        containers.forEach((name, usage) -> {
            ObjectNode container = list.addObject().put("name", name);
            quantities(container.putObject("usage"), usage);
        });
        return metrics;
    }

    private static ObjectNode head(String kind, CachedObject object, Usage usage, Instant now) {
        ObjectNode metrics = JsonNodeFactory.instance.objectNode();
        metrics.put("kind", kind).put("apiVersion", GROUP + "/v1beta1");
        ObjectNode metadata = metrics.putObject("metadata").put("name", object.name());
        if (!object.namespace().isEmpty()) {
            metadata.put("namespace", object.namespace());
        }
        metadata.put("creationTimestamp", Metadata.time(now));
        if (!object.labels().isEmpty()) {
            ObjectNode labels = metadata.putObject("labels");
            new java.util.TreeMap<>(object.labels()).forEach(labels::put);
        }
        metrics.put("timestamp", Metadata.time(usage.time())).put("window", usage.windowText());
        return metrics;
    }

    private static void quantities(ObjectNode into, Usage usage) {
        into.put("cpu", usage.cpu().toString());
        into.put("memory", usage.memory().toString());
    }
}
