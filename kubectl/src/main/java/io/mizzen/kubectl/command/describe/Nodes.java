// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.describe;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.api.quantity.Quantity;
import io.mizzen.kubectl.tree.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** Nodes. Pure. */
final class Nodes {
    private Nodes() {}

    static void describe(Description out, JsonNode node, JsonNode lease, List<JsonNode> pods) {
        out.field(0, "Name", Json.name(node));
        out.field(0, "Roles", roles(node.path("metadata").path("labels")));
        out.metadata(node);
        out.field(0, "CreationTimestamp", Description.time(Json.text(node, "metadata", "creationTimestamp")));
        taints(out, node.path("spec").path("taints"));
        out.field(
                0,
                "Unschedulable",
                Boolean.toString(node.path("spec").path("unschedulable").asBoolean(false)));
        lease(out, lease, Json.name(node));
        conditions(out, node.path("status").path("conditions"));
        out.line(0, "Addresses:");
        for (JsonNode address : node.path("status").path("addresses")) {
            out.field(1, Json.text(address, "type"), Json.text(address, "address"));
        }
        resources(out, "Capacity", node.path("status").path("capacity"));
        resources(out, "Allocatable", node.path("status").path("allocatable"));
        info(out, node.path("status").path("nodeInfo"));
        out.optional(0, "PodCIDR", Json.text(node, "spec", "podCIDR"));
        List<String> ranges = new ArrayList<>();
        node.path("spec").path("podCIDRs").forEach(range -> ranges.add(range.asText()));
        out.optional(0, "PodCIDRs", String.join(",", ranges));
        out.optional(0, "ProviderID", Json.text(node, "spec", "providerID"));
        pods(out, node, pods);
    }

    private static String roles(JsonNode labels) {
        TreeSet<String> roles = new TreeSet<>();
        for (String key : Json.keys(labels)) {
            if (key.startsWith("node-role.kubernetes.io/") && key.length() > 24) {
                roles.add(key.substring(24));
            } else if (key.equals("kubernetes.io/role")
                    && !Json.text(labels, key).isEmpty()) {
                roles.add(Json.text(labels, key));
            }
        }
        return roles.isEmpty() ? "<none>" : String.join(",", roles);
    }

    private static void taints(Description out, JsonNode taints) {
        List<String> shown = new ArrayList<>();
        for (JsonNode taint : taints) {
            String value = Json.text(taint, "value");
            shown.add(
                    Json.text(taint, "key") + (value.isEmpty() ? "" : "=" + value) + ":" + Json.text(taint, "effect"));
        }
        out.field(0, "Taints", shown.isEmpty() ? "<none>" : shown.getFirst());
        for (String more : shown.subList(Math.min(1, shown.size()), shown.size())) {
            out.line(0, "\t" + more);
        }
    }

    private static void lease(Description out, JsonNode lease, String name) {
        if (lease.isMissingNode()) {
            out.field(0, "Lease", "Failed to get lease: leases.coordination.k8s.io \"" + name + "\" not found");
            return;
        }
        out.line(0, "Lease:");
        JsonNode spec = lease.path("spec");
        out.field(1, "HolderIdentity", Description.orUnset(Json.text(spec, "holderIdentity")));
        out.field(1, "AcquireTime", Description.orUnset(Description.time(Json.text(spec, "acquireTime"))));
        out.field(1, "RenewTime", Description.orUnset(Description.time(Json.text(spec, "renewTime"))));
    }

    private static void conditions(Description out, JsonNode conditions) {
        if (conditions.isEmpty()) {
            return;
        }
        out.append("Conditions:\n  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage\n");
        out.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
        for (JsonNode one : conditions) {
            out.line(
                    1,
                    Json.text(one, "type") + " \t" + Json.text(one, "status") + " \t"
                            + Description.time(Json.text(one, "lastHeartbeatTime")) + " \t"
                            + Description.time(Json.text(one, "lastTransitionTime")) + " \t" + Json.text(one, "reason")
                            + " \t" + Json.text(one, "message"));
        }
    }

    private static void resources(Description out, String title, JsonNode amounts) {
        if (amounts.isEmpty()) {
            return;
        }
        out.line(0, title + ":");
        for (String name : Json.sortedKeys(amounts)) {
            out.field(1, name, Json.text(amounts, name));
        }
    }

    private static void info(Description out, JsonNode info) {
        out.line(0, "System Info:");
        out.field(1, "Machine ID", Json.text(info, "machineID"));
        out.field(1, "System UUID", Json.text(info, "systemUUID"));
        out.field(1, "Boot ID", Json.text(info, "bootID"));
        out.field(1, "Kernel Version", Json.text(info, "kernelVersion"));
        out.field(1, "OS Image", Json.text(info, "osImage"));
        out.field(1, "Operating System", Json.text(info, "operatingSystem"));
        out.field(1, "Architecture", Json.text(info, "architecture"));
        out.field(1, "Container Runtime Version", Json.text(info, "containerRuntimeVersion"));
        out.field(1, "Kubelet Version", Json.text(info, "kubeletVersion"));
    }

    /** What a pod asks for: its containers together, or its largest init container when that is more. */
    static Map<String, Quantity> asked(JsonNode pod, String part) {
        Map<String, Quantity> total = new TreeMap<>();
        for (JsonNode container : pod.path("spec").path("containers")) {
            add(total, container.path("resources").path(part));
        }
        Map<String, Quantity> sidecars = new TreeMap<>();
        Map<String, Quantity> largest = new TreeMap<>();
        for (JsonNode container : pod.path("spec").path("initContainers")) {
            JsonNode amounts = container.path("resources").path(part);
            if (Json.text(container, "restartPolicy").equals("Always")) {
                add(total, amounts);
                add(sidecars, amounts);
                raise(largest, sidecars);
            } else {
                Map<String, Quantity> alone = new TreeMap<>(sidecars);
                add(alone, amounts);
                raise(largest, alone);
            }
        }
        raise(total, largest);
        add(total, pod.path("spec").path("overhead"));
        return total;
    }

    private static void add(Map<String, Quantity> total, JsonNode amounts) {
        for (Map.Entry<String, JsonNode> amount : amounts.properties()) {
            total.merge(amount.getKey(), Quantity.parse(Json.show(amount.getValue())), Quantity::plus);
        }
    }

    private static void raise(Map<String, Quantity> total, Map<String, Quantity> least) {
        least.forEach((name, amount) -> total.merge(name, amount, (a, b) -> a.compareTo(b) >= 0 ? a : b));
    }

    private static void pods(Description out, JsonNode node, List<JsonNode> pods) {
        out.field(0, "Non-terminated Pods", "(" + pods.size() + " in total)");
        out.line(1, "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge");
        out.line(1, "---------\t----\t\t------------\t----------\t---------------\t-------------\t---");
        JsonNode allocatable = node.path("status").path("allocatable");
        if (allocatable.isEmpty()) {
            allocatable = node.path("status").path("capacity");
        }
        Map<String, Quantity> requests = new TreeMap<>();
        Map<String, Quantity> limits = new TreeMap<>();
        for (JsonNode pod : pods) {
            Map<String, Quantity> asks = asked(pod, "requests");
            Map<String, Quantity> may = asked(pod, "limits");
            out.line(
                    1,
                    Json.namespace(pod) + "\t" + Json.name(pod) + "\t\t" + share(asks, "cpu", allocatable) + "\t"
                            + share(may, "cpu", allocatable) + "\t" + share(asks, "memory", allocatable) + "\t"
                            + share(may, "memory", allocatable) + "\t"
                            + PodTemplates.age(Json.text(pod, "metadata", "creationTimestamp")));
            asks.forEach((name, amount) -> requests.merge(name, amount, Quantity::plus));
            may.forEach((name, amount) -> limits.merge(name, amount, Quantity::plus));
        }
        out.append("Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)\n");
        out.line(1, "Resource\tRequests\tLimits");
        out.line(1, "--------\t--------\t------");
        List<String> names = new ArrayList<>(List.of("cpu", "memory", "ephemeral-storage"));
        for (String name : Json.sortedKeys(allocatable)) {
            if (!names.contains(name) && !name.equals("pods")) {
                names.add(name);
            }
        }
        for (String name : names) {
            boolean standard = name.equals("cpu")
                    || name.equals("memory")
                    || name.startsWith("ephemeral")
                    || name.startsWith("hugepages-");
            out.line(
                    1,
                    name + "\t"
                            + (standard ? share(requests, name, allocatable) : amount(requests, name)) + "\t"
                            + (standard ? share(limits, name, allocatable) : amount(limits, name)));
        }
    }

    private static String amount(Map<String, Quantity> amounts, String name) {
        Quantity amount = amounts.get(name);
        return amount == null ? "0" : amount.toString();
    }

    private static String share(Map<String, Quantity> amounts, String name, JsonNode allocatable) {
        Quantity amount = amounts.get(name);
        String whole = Json.text(allocatable, name);
        long percent = 0;
        if (amount != null && !whole.isEmpty()) {
            double all = Quantity.parse(whole).value().doubleValue();
            percent = all == 0 ? 0 : (long) (amount.value().doubleValue() / all * 100);
        }
        return amount(amounts, name) + " (" + percent + "%)";
    }
}
