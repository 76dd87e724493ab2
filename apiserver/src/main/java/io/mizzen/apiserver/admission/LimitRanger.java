// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.quantity.Quantity;
import io.mizzen.api.quota.PodFigures;
import io.mizzen.api.quota.QuotaUsage;
import io.mizzen.api.status.StatusException;
import io.mizzen.apiserver.registry.ObjectCodec;
import io.mizzen.apiserver.storage.cache.CachedObject;
import io.mizzen.apiserver.storage.cache.ListRequest;
import io.mizzen.apiserver.storage.cache.ListResult;
import io.mizzen.apiserver.storage.cache.ObjectCache;
import io.mizzen.apiserver.storage.cache.ResourceKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;

/**
 * Fills in and holds pods and claims to the limit ranges of their namespace (API page "Limit Ranges"). Pods are looked at
 * when they are made or resized, claims at every write.
 */
final class LimitRanger implements Admission.Plugin {
    private static final ResourceKey RANGES = new ResourceKey("", "limitranges");
    private static final String ANNOTATION = "kubernetes.io/limit-ranger";

    private final ObjectCache cache;

    LimitRanger(ObjectCache cache) {
        this.cache = cache;
    }

    @Override
    public void mutate(AdmissionRequest request) {
        if (isPod(request)) {
            ranges(request).forEach(range -> fill(range, request.object()));
        }
    }

    @Override
    public void validate(AdmissionRequest request) {
        boolean pod = isPod(request);
        boolean claim = request.isFor("", "persistentvolumeclaims")
                && request.operation() != AdmissionRequest.Operation.DELETE
                && (request.old() == null || !ObjectTree.isTerminating(request.old()));
        if (!pod && !claim) {
            return;
        }
        for (JsonNode range : ranges(request)) {
            List<String> errors = new ArrayList<>();
            for (JsonNode limit : range.path("spec").path("limits")) {
                if (pod) {
                    checkPod(errors, limit, request.object().path("spec"));
                } else if (limit.path("type").asText().equals("PersistentVolumeClaim")) {
                    checkClaim(errors, limit, request.object());
                }
            }
            if (!errors.isEmpty()) {
                String text = errors.size() == 1 ? errors.getFirst() : "[" + String.join(", ", errors) + "]";
                throw StatusException.forbidden(request.resource().groupResource(), request.name(), text);
            }
        }
    }

    private static boolean isPod(AdmissionRequest request) {
        boolean pods = request.resource().stored().groupResource().toString().equals("pods");
        boolean created = request.isCreate() && request.context().subresource().isEmpty();
        boolean resized = request.operation() == AdmissionRequest.Operation.UPDATE
                && request.context().subresource().equals("resize");
        return pods && (created || resized);
    }

    private List<JsonNode> ranges(AdmissionRequest request) {
        List<JsonNode> ranges = new ArrayList<>();
        if (cache.list(ListRequest.in(RANGES, request.namespace())) instanceof ListResult.Listed listed) {
            for (CachedObject range : listed.items()) {
                ranges.add(ObjectCodec.parse(range.json()));
            }
        }
        return ranges;
    }

    private static void fill(JsonNode range, ObjectNode pod) {
        List<String> done = new ArrayList<>();
        for (JsonNode limit : range.path("spec").path("limits")) {
            if (limit.path("type").asText().equals("Container")) {
                pod.path("spec").path("containers").forEach(node -> fill(done, limit, node, "container"));
                pod.path("spec").path("initContainers").forEach(node -> fill(done, limit, node, "init container"));
            }
        }
        if (!done.isEmpty()) {
            ObjectTree.child(ObjectTree.metadata(pod), "annotations")
                    .put(ANNOTATION, "LimitRanger plugin set: " + String.join("; ", done));
        }
    }

    private static void fill(List<String> done, JsonNode limit, JsonNode container, String word) {
        ObjectNode resources = ObjectTree.child((ObjectNode) container, "resources");
        TreeSet<String> limits = fill(limit.path("default"), resources, "limits");
        TreeSet<String> requests = fill(limit.path("defaultRequest"), resources, "requests");
        String of = " for " + word + " " + container.path("name").asText();
        if (!requests.isEmpty()) {
            done.add(String.join(", ", requests) + " request" + of);
        }
        if (!limits.isEmpty()) {
            done.add(String.join(", ", limits) + " limit" + of);
        }
    }

    private static TreeSet<String> fill(JsonNode defaults, ObjectNode resources, String kind) {
        TreeSet<String> set = new TreeSet<>();
        defaults.properties().forEach(entry -> {
            ObjectNode figures = ObjectTree.child(resources, kind);
            if (!figures.has(entry.getKey())) {
                figures.set(entry.getKey(), entry.getValue());
                set.add(entry.getKey());
            }
        });
        return set;
    }

    private static void checkPod(List<String> errors, JsonNode limit, JsonNode spec) {
        switch (limit.path("type").asText()) {
            case "Container" -> {
                for (String list : List.of("containers", "initContainers")) {
                    for (JsonNode container : spec.path(list)) {
                        JsonNode resources = container.path("resources");
                        new Check(
                                        errors,
                                        "Container",
                                        QuotaUsage.quantities(resources.path("requests")),
                                        QuotaUsage.quantities(resources.path("limits")))
                                .all(limit);
                    }
                }
            }
            case "Pod" ->
                new Check(errors, "Pod", PodFigures.of(spec, "requests"), PodFigures.of(spec, "limits")).all(limit);
            default -> {
                // Other types are not about pods.
            }
        }
    }

    private static void checkClaim(List<String> errors, JsonNode limit, ObjectNode claim) {
        Map<String, Quantity> requests =
                QuotaUsage.quantities(claim.path("spec").path("resources").path("requests"));
        Check check = new Check(errors, "PersistentVolumeClaim", requests, Map.of());
        QuotaUsage.quantities(limit.path("min")).forEach(check::min);
        QuotaUsage.quantities(limit.path("max")).forEach(check::maxRequest);
    }

    /** Holds one thing's figures to the bounds of a limit range; texts are upstream's. */
    private record Check(
            List<String> errors, String type, Map<String, Quantity> requests, Map<String, Quantity> limits) {

        void all(JsonNode limit) {
            QuotaUsage.quantities(limit.path("min")).forEach(this::min);
            QuotaUsage.quantities(limit.path("max")).forEach(this::max);
            QuotaUsage.quantities(limit.path("maxLimitRequestRatio")).forEach(this::ratio);
        }

        void min(String name, Quantity bound) {
            String text = "minimum " + name + " usage per " + type + " is " + bound;
            Quantity request = requests.get(name);
            Quantity limit = limits.get(name);
            if (request == null) {
                errors.add(text + ".  No request is specified");
            } else if (request.compareTo(bound) < 0) {
                errors.add(text + ", but request is " + request);
            } else if (limit != null && limit.compareTo(bound) < 0) {
                errors.add(text + ", but limit is " + limit);
            }
        }

        void max(String name, Quantity bound) {
            String text = "maximum " + name + " usage per " + type + " is " + bound;
            Quantity limit = limits.get(name);
            if (limit == null) {
                errors.add(text + ".  No limit is specified");
            } else if (limit.compareTo(bound) > 0) {
                errors.add(text + ", but limit is " + limit);
            } else {
                tooMuch(name, bound, text);
            }
        }

        void maxRequest(String name, Quantity bound) {
            String text = "maximum " + name + " usage per " + type + " is " + bound;
            if (!requests.containsKey(name)) {
                errors.add(text + ".  No request is specified");
            } else {
                tooMuch(name, bound, text);
            }
        }

        private void tooMuch(String name, Quantity bound, String text) {
            Quantity request = requests.get(name);
            if (request != null && request.compareTo(bound) > 0) {
                errors.add(text + ", but request is " + request);
            }
        }

        void ratio(String name, Quantity bound) {
            String text = name + " max limit to request ratio per " + type + " is " + bound + ", but ";
            Quantity request = requests.get(name);
            Quantity limit = limits.get(name);
            if (request == null || request.isZero()) {
                errors.add(text + "no request is specified or request is 0");
            } else if (limit == null || limit.isZero()) {
                errors.add(text + "no limit is specified or limit is 0");
            } else {
                double ratio = limit.value().doubleValue() / request.value().doubleValue();
                if (ratio > bound.value().doubleValue()) {
                    errors.add(text + String.format(Locale.ROOT, "provided ratio is %f", ratio));
                }
            }
        }
    }
}
