// SPDX-License-Identifier: Apache-2.0
package io.mizzen.api.quota;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.api.name.GroupResource;
import io.mizzen.api.quantity.Quantity;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** How much of a quota an object takes (API page "Resource Quotas"). Pure. */
public final class QuotaUsage {
    private static final GroupResource PODS = new GroupResource("", "pods");
    private static final GroupResource SERVICES = new GroupResource("", "services");
    private static final GroupResource CLAIMS = new GroupResource("", "persistentvolumeclaims");
    private static final Quantity ONE = Quantity.of(1, Quantity.Format.DECIMAL_SI);
    private static final String CLASS = ".storageclass.storage.k8s.io/";

    /** Kinds of the core group that quotas also know without {@code count/}. */
    private static final Set<String> PLAIN_NAMES = Set.of(
            "configmaps",
            "persistentvolumeclaims",
            "pods",
            "replicationcontrollers",
            "resourcequotas",
            "secrets",
            "services");

    private static final Set<String> COMPUTE = Set.of("cpu", "memory", "ephemeral-storage");

    /** What a quota may oblige every container to say. */
    private static final Set<String> OBLIGATORY =
            Set.of("cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory");

    private QuotaUsage() {}

    /** What one object takes, by the names that quotas know. */
    public static Map<String, Quantity> of(GroupResource resource, JsonNode object, Instant now) {
        Map<String, Quantity> usage = new TreeMap<>();
        usage.put("count/" + resource, ONE);
        if (resource.equals(PODS)) {
            if (!hasEnded(object, now)) {
                usage.put("pods", ONE);
                pod(usage, object.path("spec"));
            }
            return usage;
        }
        if (resource.group().isEmpty() && PLAIN_NAMES.contains(resource.resource())) {
            usage.put(resource.resource(), ONE);
        }
        if (resource.equals(SERVICES)) {
            service(usage, object.path("spec"));
        } else if (resource.equals(CLAIMS)) {
            claim(usage, object.path("spec"));
        }
        return usage;
    }

    /** Whether a pod takes nothing any more: it has ended, or should be gone. */
    private static boolean hasEnded(JsonNode pod, Instant now) {
        String phase = pod.path("status").path("phase").asText();
        if (phase.equals("Failed") || phase.equals("Succeeded")) {
            return true;
        }
        // The time of deletion has the grace period in it.
        String deletion = pod.path("metadata").path("deletionTimestamp").asText("");
        try {
            return !deletion.isEmpty() && now.isAfter(Instant.parse(deletion));
        } catch (DateTimeParseException malformed) {
            return false;
        }
    }

    private static void pod(Map<String, Quantity> usage, JsonNode spec) {
        PodFigures.of(spec, "requests").forEach((name, quantity) -> {
            if (COMPUTE.contains(name) || name.startsWith("hugepages-")) {
                usage.put(name, quantity);
            }
            usage.put("requests." + name, quantity);
        });
        PodFigures.of(spec, "limits").forEach((name, quantity) -> {
            if (COMPUTE.contains(name)) {
                usage.put("limits." + name, quantity);
            }
        });
    }

    private static void service(Map<String, Quantity> usage, JsonNode spec) {
        String type = spec.path("type").asText();
        int ports = spec.path("ports").size();
        int nodePorts = type.equals("NodePort") ? ports : 0;
        if (type.equals("LoadBalancer")) {
            usage.put("services.loadbalancers", ONE);
            nodePorts = ports;
            if (!spec.path("allocateLoadBalancerNodePorts").asBoolean(true)) {
                nodePorts = 0;
                for (JsonNode port : spec.path("ports")) {
                    nodePorts += port.path("nodePort").asInt(0) == 0 ? 0 : 1;
                }
            }
        }
        if (nodePorts > 0) {
            usage.put("services.nodeports", Quantity.of(nodePorts, Quantity.Format.DECIMAL_SI));
        }
    }

    private static void claim(Map<String, Quantity> usage, JsonNode spec) {
        String storageClass = spec.path("storageClassName").asText("");
        JsonNode request = spec.path("resources").path("requests").path("storage");
        if (!storageClass.isEmpty()) {
            usage.put(storageClass + CLASS + "persistentvolumeclaims", ONE);
        }
        if (request.isValueNode()) {
            Quantity storage = Quantity.parse(request.asText());
            usage.put("requests.storage", storage);
            if (!storageClass.isEmpty()) {
                usage.put(storageClass + CLASS + "requests.storage", storage);
            }
        }
    }

    /** Whether a name in a quota is about a kind. */
    public static boolean concerns(String name, GroupResource resource) {
        if (name.equals("count/" + resource)) {
            return true;
        }
        if (resource.equals(PODS)) {
            boolean figure = name.startsWith("requests.") || name.startsWith("limits.");
            return name.equals("pods")
                    || COMPUTE.contains(name)
                    || name.startsWith("hugepages-")
                    || figure && !name.equals("requests.storage");
        }
        if (resource.equals(SERVICES)) {
            return name.equals("services") || name.startsWith("services.");
        }
        if (resource.equals(CLAIMS)) {
            return name.equals("persistentvolumeclaims") || name.equals("requests.storage") || name.contains(CLASS);
        }
        return resource.group().isEmpty()
                && PLAIN_NAMES.contains(resource.resource())
                && name.equals(resource.resource());
    }

    /**
     * What a pod fails to say although the quota counts it; upstream's text, empty when there is nothing.
     *
     * @param hard names that the quota limits
     */
    public static String missing(Set<String> hard, JsonNode podSpec) {
        Map<String, Set<String>> containers = new TreeMap<>();
        for (String name : hard) {
            if (!OBLIGATORY.contains(name)) {
                continue;
            }
            boolean limit = name.startsWith("limits.");
            String kind = limit ? "limits" : "requests";
            String figure = name.substring(name.indexOf('.') + 1);
            if (podSpec.path("resources").path(kind).has(figure)) {
                continue;
            }
            for (String list : List.of("containers", "initContainers")) {
                for (JsonNode container : podSpec.path(list)) {
                    if (!container.path("resources").path(kind).has(figure)) {
                        containers
                                .computeIfAbsent(name, none -> new TreeSet<>())
                                .add(container.path("name").asText());
                    }
                }
            }
        }
        List<String> texts = new ArrayList<>();
        containers.forEach((name, without) -> texts.add(name + " for: " + String.join(",", without)));
        return texts.isEmpty() ? "" : "must specify " + String.join("; ", texts);
    }

    /** The quantities of a {@code ResourceList}. */
    public static Map<String, Quantity> quantities(JsonNode list) {
        Map<String, Quantity> quantities = new TreeMap<>();
        list.properties()
                .forEach(entry -> quantities.put(
                        entry.getKey(), Quantity.parse(entry.getValue().asText())));
        return quantities;
    }
}
