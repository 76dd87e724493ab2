// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.name.GroupVersionKind;
import io.mizzen.api.status.StatusCause;
import io.mizzen.api.status.StatusException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Services: dependent defaults, cluster addresses and node ports, each claimed once in the cluster. */
final class ServiceStrategy implements Strategy {
    private static final GroupVersionKind KIND = new GroupVersionKind("", "v1", "Service");

    private final ServiceAllocator allocator;

    ServiceStrategy(ServiceAllocator allocator) {
        this.allocator = allocator;
    }

    @Override
    public boolean returnsDeletedObject() {
        return true;
    }

    private static boolean isExternalName(JsonNode spec) {
        return spec.path("type").asText().equals("ExternalName");
    }

    /** A balancer outside asks it which nodes have endpoints. */
    private static boolean needsHealthCheckPort(JsonNode spec) {
        return isBalanced(spec) && spec.path("externalTrafficPolicy").asText().equals("Local");
    }

    private static boolean hasNodePorts(JsonNode spec) {
        String type = spec.path("type").asText();
        return type.equals("NodePort")
                || type.equals("LoadBalancer")
                        && spec.path("allocateLoadBalancerNodePorts").asBoolean(true);
    }

    /** From outside of the cluster. */
    private static boolean isReachable(JsonNode spec) {
        String type = spec.path("type").asText();
        return type.equals("NodePort")
                || type.equals("LoadBalancer")
                || type.equals("ClusterIP") && !spec.path("externalIPs").isEmpty();
    }

    private static boolean isBalanced(JsonNode spec) {
        return spec.path("type").asText().equals("LoadBalancer");
    }

    /** Whoever keeps its endpoints decides the families. */
    private static boolean isHeadlessWithoutSelector(JsonNode spec) {
        return spec.path("clusterIP").asText("").equals("None")
                && spec.path("selector").isEmpty();
    }

    @Override
    public void applyDefaults(ObjectNode service) {
        if (!(service.path("spec") instanceof ObjectNode spec)) {
            return;
        }
        String type = spec.path("type").asText();
        for (JsonNode port : spec.path("ports")) {
            String target = port.path("targetPort").asText("");
            if (port instanceof ObjectNode object && (target.isEmpty() || target.equals("0"))) {
                object.set("targetPort", object.path("port"));
            }
        }
        if (isReachable(spec) && !spec.has("externalTrafficPolicy")) {
            spec.put("externalTrafficPolicy", "Cluster");
        }
        if (!isExternalName(spec) && !spec.has("internalTrafficPolicy")) {
            spec.put("internalTrafficPolicy", "Cluster");
        }
        if (type.equals("LoadBalancer") && !spec.has("allocateLoadBalancerNodePorts")) {
            spec.put("allocateLoadBalancerNodePorts", true);
        }
        if (spec.path("sessionAffinity").asText().equals("ClientIP")) {
            ObjectNode client = ObjectTree.child(ObjectTree.child(spec, "sessionAffinityConfig"), "clientIP");
            if (!client.has("timeoutSeconds")) {
                client.put("timeoutSeconds", 10800);
            }
        } else {
            spec.remove("sessionAffinityConfig");
        }
        families(spec);
    }

    private static void families(ObjectNode spec) {
        if (isExternalName(spec)) {
            spec.remove(List.of("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"));
            return;
        }
        if (spec.path("clusterIP").asText("").isEmpty()
                && !spec.path("clusterIPs").isEmpty()) {
            spec.set("clusterIP", spec.path("clusterIPs").get(0));
        }
        if (!spec.path("clusterIP").asText("").isEmpty()
                && spec.path("clusterIPs").isEmpty()) {
            spec.putArray("clusterIPs").add(spec.path("clusterIP").asText());
        }
        boolean isFree = isHeadlessWithoutSelector(spec);
        if (!spec.has("ipFamilyPolicy")) {
            spec.put("ipFamilyPolicy", isFree ? "RequireDualStack" : "SingleStack");
        }
        if (spec.path("ipFamilies").isEmpty()) {
            spec.putArray("ipFamilies").add("IPv4");
        }
        boolean isSingle = spec.path("ipFamilyPolicy").asText("").equals("SingleStack");
        if (isFree && !isSingle && spec.path("ipFamilies") instanceof ArrayNode families && families.size() == 1) {
            families.add(families.path(0).asText("").equals("IPv4") ? "IPv6" : "IPv4");
        }
    }

    /** One family of addresses is all that there is here. */
    private static void checkFamilies(ObjectNode spec, String name) {
        if (isExternalName(spec) || isHeadlessWithoutSelector(spec)) {
            return;
        }
        int index = 0;
        for (JsonNode family : spec.path("ipFamilies")) {
            if (!family.asText("").equals("IPv4")) {
                throw refusal(
                        name,
                        "spec.ipFamilies[" + index + "]",
                        "\"" + family.asText("") + "\"",
                        "not configured on this cluster");
            }
            index++;
        }
        if (spec.path("ipFamilyPolicy").asText("").equals("RequireDualStack")) {
            throw refusal(
                    name,
                    "spec.ipFamilyPolicy",
                    "\"RequireDualStack\"",
                    "this cluster is not configured for dual-stack services");
        }
    }

    /** What a Service of the new type has no use for goes, unless the request itself sets it: that is refused later. */
    private static void dropIfKept(ObjectNode spec, JsonNode before, String... fields) {
        for (String field : fields) {
            if (before.has(field) && before.path(field).equals(spec.path(field))) {
                spec.remove(field);
            }
        }
    }

    @Override
    public void prepareForUpdate(WriteContext context, ObjectNode service, ObjectNode old) {
        if (!(service.path("spec") instanceof ObjectNode spec)) {
            return;
        }
        JsonNode before = old.path("spec");
        if (!isExternalName(spec) && spec.path("clusterIP").asText("").isEmpty() && before.has("clusterIP")) {
            spec.set("clusterIP", before.get("clusterIP"));
            spec.set("clusterIPs", before.get("clusterIPs"));
        }
        if (hasNodePorts(spec)) {
            keepNodePorts(spec, before);
        } else {
            // A change away from NodePort drops the ports that the server had chosen.
            if (hasNodePorts(before)) {
                spec.path("ports").forEach(port -> ((ObjectNode) port).remove("nodePort"));
            }
        }
        if (!needsHealthCheckPort(spec)) {
            dropIfKept(spec, before, "healthCheckNodePort");
        } else if (spec.path("healthCheckNodePort").asInt(0) == 0 && before.has("healthCheckNodePort")) {
            spec.set("healthCheckNodePort", before.get("healthCheckNodePort"));
        }
        if (isBalanced(before) && !isBalanced(spec)) {
            dropIfKept(spec, before, "allocateLoadBalancerNodePorts", "loadBalancerClass");
        }
        if (isReachable(before) && !isReachable(spec)) {
            dropIfKept(spec, before, "externalTrafficPolicy");
        }
        if (!isBalanced(spec)) {
            ObjectTree.child(service, "status").putObject("loadBalancer");
        }
    }

    private static void keepNodePorts(ObjectNode spec, JsonNode before) {
        for (JsonNode port : spec.path("ports")) {
            if (port.path("nodePort").asInt(0) != 0 || !(port instanceof ObjectNode object)) {
                continue;
            }
            for (JsonNode earlier : before.path("ports")) {
                boolean same = earlier.path("port").equals(port.path("port"))
                        && earlier.path("protocol")
                                .asText()
                                .equals(port.path("protocol").asText());
                if (same && earlier.path("nodePort").asInt(0) != 0) {
                    object.set("nodePort", earlier.get("nodePort"));
                }
            }
        }
    }

    @Override
    public void prepareForCreate(WriteContext context, ObjectNode service) {
        ObjectTree.child(service, "status").removeAll().putObject("loadBalancer");
    }

    @Override
    public void allocate(WriteContext context, ObjectNode service, @Nullable ObjectNode old) {
        ServiceStrategy strategy = context.dryRun() ? new ServiceStrategy(allocator.forDryRun()) : this;
        strategy.claim(service, old);
    }

    private void claim(ObjectNode service, @Nullable ObjectNode old) {
        if (!(service.path("spec") instanceof ObjectNode spec)) {
            return;
        }
        String reference = ObjectTree.namespace(service) + "/" + ObjectTree.name(service);
        Set<String> oldIps = old == null ? Set.of() : addresses(old);
        Set<Integer> oldPorts = old == null ? Set.of() : nodePorts(old);
        if (old == null
                || !old.path("spec").path("ipFamilies").equals(spec.path("ipFamilies"))
                || !old.path("spec").path("ipFamilyPolicy").equals(spec.path("ipFamilyPolicy"))) {
            checkFamilies(spec, ObjectTree.name(service));
        }
        List<Runnable> undo = new ArrayList<>();
        try {
            claimAddress(spec, reference, oldIps, undo, ObjectTree.name(service));
            claimNodePorts(spec, reference, oldPorts, undo, ObjectTree.name(service));
            claimHealthCheckPort(spec, reference, oldPorts, undo, ObjectTree.name(service));
        } catch (RuntimeException refused) {
            undo.forEach(Runnable::run);
            throw refused;
        }
    }

    private void claimAddress(ObjectNode spec, String reference, Set<String> held, List<Runnable> undo, String name) {
        String address = spec.path("clusterIP").asText("");
        if (isExternalName(spec) || address.equals("None") || held.contains(address)) {
            return;
        }
        if (address.isEmpty()) {
            address = allocator.claimAnyAddress(reference);
        } else {
            String problem = allocator.claimAddress(address, reference);
            if (problem != null) {
                throw refusal(name, "spec.clusterIPs", "[\"" + address + "\"]", problem);
            }
        }
        String claimed = address;
        undo.add(() -> allocator.releaseAddress(claimed));
        spec.put("clusterIP", claimed);
        spec.putArray("clusterIPs").add(claimed);
    }

    private void claimHealthCheckPort(
            ObjectNode spec, String reference, Set<Integer> held, List<Runnable> undo, String name) {
        if (!needsHealthCheckPort(spec)) {
            return;
        }
        int wanted = spec.path("healthCheckNodePort").asInt(0);
        if (held.contains(wanted)) {
            return;
        }
        if (wanted == 0) {
            wanted = allocator.claimAnyPort(reference);
            spec.put("healthCheckNodePort", wanted);
        } else {
            String problem = allocator.claimPort(wanted, reference);
            if (problem != null) {
                throw refusal(name, "spec.healthCheckNodePort", Integer.toString(wanted), problem);
            }
        }
        int claimed = wanted;
        undo.add(() -> allocator.releasePort(claimed));
    }

    private void claimNodePorts(
            ObjectNode spec, String reference, Set<Integer> held, List<Runnable> undo, String name) {
        if (!hasNodePorts(spec)) {
            return;
        }
        Set<Integer> mine = new HashSet<>(held);
        int index = 0;
        for (JsonNode node : spec.path("ports")) {
            ObjectNode port = (ObjectNode) node;
            int wanted = port.path("nodePort").asInt(0);
            if (wanted == 0) {
                wanted = allocator.claimAnyPort(reference);
                port.put("nodePort", wanted);
            } else if (!mine.contains(wanted)) {
                String problem = allocator.claimPort(wanted, reference);
                if (problem != null) {
                    throw refusal(name, "spec.ports[" + index + "].nodePort", Integer.toString(wanted), problem);
                }
            } else {
                index++;
                continue;
            }
            int claimed = wanted;
            mine.add(claimed);
            undo.add(() -> allocator.releasePort(claimed));
            index++;
        }
    }

    private static StatusException refusal(String name, String field, String value, String problem) {
        return StatusException.invalid(
                KIND,
                name,
                List.of(new StatusCause("FieldValueInvalid", "Invalid value: " + value + ": " + problem, field)));
    }

    @Override
    public void release(ObjectNode service, @Nullable ObjectNode kept) {
        Set<String> addresses = addresses(service);
        Set<Integer> ports = nodePorts(service);
        if (kept != null) {
            addresses.removeAll(addresses(kept));
            ports.removeAll(nodePorts(kept));
        }
        addresses.forEach(allocator::releaseAddress);
        ports.forEach(allocator::releasePort);
    }

    static Set<String> addresses(JsonNode service) {
        Set<String> addresses =
                new HashSet<>(ObjectTree.texts(service.path("spec").path("clusterIPs")));
        addresses.remove("None");
        return addresses;
    }

    static Set<Integer> nodePorts(JsonNode service) {
        Set<Integer> ports = new HashSet<>();
        service.path("spec")
                .path("ports")
                .forEach(port -> ports.add(port.path("nodePort").asInt(0)));
        ports.add(service.path("spec").path("healthCheckNodePort").asInt(0));
        ports.remove(0);
        return ports;
    }
}
