// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.quantity.Quantity;
import java.util.List;

/** The defaults of a pod that depend on other fields (pkg/apis/core/v1/defaults.go). Idempotent; changes what it is given. */
final class PodDefaults {
    private static final List<String> CONTAINER_LISTS = List.of("initContainers", "containers", "ephemeralContainers");

    private PodDefaults() {}

    /** Defaults of a PodSpec wherever it stands. */
    static void spec(ObjectNode spec) {
        for (String list : CONTAINER_LISTS) {
            for (JsonNode container : spec.path(list)) {
                if (container instanceof ObjectNode object) {
                    container(object);
                }
            }
        }
        for (JsonNode volume : spec.path("volumes")) {
            if (volume instanceof ObjectNode object && object.size() == 1 && object.has("name")) {
                object.putObject("emptyDir");
            }
            if (volume.path("image") instanceof ObjectNode image && !image.has("pullPolicy")) {
                image.put("pullPolicy", pullPolicy(image.path("reference").asText("")));
            }
        }
    }

    /** The spec of a template; a template without one is left alone. */
    static void template(JsonNode template) {
        if (template.path("spec") instanceof ObjectNode spec) {
            spec(spec);
        }
    }

    private static void container(ObjectNode container) {
        String image = container.path("image").asText("");
        if (!container.has("imagePullPolicy") && !image.isEmpty()) {
            container.put("imagePullPolicy", pullPolicy(image));
        }
    }

    /** {@code Always} for the tag latest and for no tag, else {@code IfNotPresent}. */
    static String pullPolicy(String image) {
        if (image.contains("@")) {
            return "IfNotPresent";
        }
        int slash = image.lastIndexOf('/');
        int colon = image.indexOf(':', slash + 1);
        String tag = colon < 0 ? "latest" : image.substring(colon + 1);
        return tag.equals("latest") ? "Always" : "IfNotPresent";
    }

    /** Defaults that only pods get, not templates. */
    static void pod(ObjectNode pod) {
        if (!(pod.path("spec") instanceof ObjectNode spec)) {
            return;
        }
        spec(spec);
        if (!spec.has("enableServiceLinks")) {
            spec.put("enableServiceLinks", true);
        }
        boolean hostNetwork = spec.path("hostNetwork").asBoolean(false);
        for (String list : List.of("initContainers", "containers")) {
            for (JsonNode container : spec.path(list)) {
                requestsFromLimits(container);
                if (hostNetwork) {
                    hostPorts(container);
                }
            }
        }
        podRequests(spec);
    }

    private static void requestsFromLimits(JsonNode container) {
        if (!(container.path("resources") instanceof ObjectNode resources) || !resources.has("limits")) {
            return;
        }
        ObjectNode requests = ObjectTree.child(resources, "requests");
        resources.get("limits").properties().forEach(limit -> {
            if (!requests.has(limit.getKey())) {
                requests.set(limit.getKey(), limit.getValue());
            }
        });
        if (requests.isEmpty()) {
            resources.remove("requests");
        }
    }

    private static void hostPorts(JsonNode container) {
        for (JsonNode port : container.path("ports")) {
            if (port instanceof ObjectNode object && object.path("hostPort").asInt(0) == 0) {
                object.set("hostPort", object.path("containerPort"));
            }
        }
    }

    /** Requests of the whole pod, where it has limits: the containers' sum first, then the limit. */
    private static void podRequests(ObjectNode spec) {
        if (!(spec.path("resources") instanceof ObjectNode resources) || !resources.has("limits")) {
            return;
        }
        ObjectNode requests = ObjectTree.child(resources, "requests");
        for (String name : List.of("cpu", "memory")) {
            if (requests.has(name)) {
                continue;
            }
            Quantity sum = Quantity.ZERO;
            for (JsonNode container : spec.path("containers")) {
                String request = ObjectTree.text(container, "resources", "requests", name);
                sum = request.isEmpty() ? sum : sum.plus(Quantity.parse(request));
            }
            if (!sum.isZero()) {
                requests.put(name, sum.toString());
            } else if (resources.path("limits").has(name)) {
                requests.set(name, resources.path("limits").get(name));
            }
        }
        if (requests.isEmpty()) {
            resources.remove("requests");
        }
    }
}
