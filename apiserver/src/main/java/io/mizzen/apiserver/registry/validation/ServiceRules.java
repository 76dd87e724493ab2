// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry.validation;

import static io.mizzen.apiserver.schema.FieldErrors.at;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.apiserver.schema.FieldErrors;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Services: ports, types and addresses. What only the allocators know (ranges, taken addresses) is not here. */
final class ServiceRules implements KindRules {
    private static final List<String> TYPES = List.of("ClusterIP", "ExternalName", "LoadBalancer", "NodePort");
    private static final int DAY_SECONDS = 86_400;

    @Override
    public void check(FieldErrors errors, ObjectNode service) {
        JsonNode spec = service.path("spec");
        String type = spec.path("type").asText("");
        boolean headless = spec.path("clusterIP").asText("").equals("None");
        boolean external = type.equals("ExternalName");
        if (spec.path("ports").isEmpty() && !headless && !external) {
            errors.required("spec.ports", "");
        }
        Values.requiredOneOf(errors, "spec.type", spec.path("type"), TYPES);
        if (headless && (type.equals("LoadBalancer") || type.equals("NodePort"))) {
            errors.invalid("spec.clusterIPs[0]", "None", "may not be set to 'None' for " + type + " services");
        }
        if (external) {
            if (!Values.absent(spec.path("clusterIP")) && !headless) {
                errors.forbidden("spec.clusterIPs", "may not be set for ExternalName services");
            }
            Values.required(errors, "spec.externalName", spec.path("externalName"));
        }
        ports(errors, spec, type);
        Values.labels(errors, "spec.selector", spec.path("selector"));
        Values.oneOf(errors, "spec.sessionAffinity", spec.path("sessionAffinity"), List.of("ClientIP", "None"));
        JsonNode timeout = spec.path("sessionAffinityConfig").path("clientIP").path("timeoutSeconds");
        if (timeout.isNumber() && (timeout.asLong() <= 0 || timeout.asLong() > DAY_SECONDS)) {
            errors.invalid(
                    "spec.sessionAffinityConfig.clientIP.timeoutSeconds",
                    timeout,
                    "must be greater than 0 and less than 86400");
        }
        balancer(errors, spec, type);
        List<String> policies = List.of("Cluster", "Local");
        Values.oneOf(errors, "spec.externalTrafficPolicy", spec.path("externalTrafficPolicy"), policies);
        Values.oneOf(errors, "spec.internalTrafficPolicy", spec.path("internalTrafficPolicy"), policies);
        Values.oneOf(
                errors,
                "spec.ipFamilyPolicy",
                spec.path("ipFamilyPolicy"),
                List.of("PreferDualStack", "RequireDualStack", "SingleStack"));
        int family = 0;
        for (JsonNode value : spec.path("ipFamilies")) {
            Values.oneOf(errors, at("spec.ipFamilies", family++), value, List.of("IPv4", "IPv6"));
        }
        Values.oneOf(
                errors,
                "spec.trafficDistribution",
                spec.path("trafficDistribution"),
                List.of("PreferClose", "PreferSameZone", "PreferSameNode"));
    }

    private static void ports(FieldErrors errors, JsonNode spec, String type) {
        boolean several = spec.path("ports").size() > 1;
        Set<String> names = new HashSet<>();
        Set<String> uses = new HashSet<>();
        Set<String> nodePorts = new HashSet<>();
        int index = 0;
        for (JsonNode port : spec.path("ports")) {
            String own = at("spec.ports", index++);
            String name = port.path("name").asText("");
            if (several && name.isEmpty()) {
                errors.required(at(own, "name"), "");
            } else if (!name.isEmpty()) {
                Values.reasons(errors, at(own, "name"), name, io.mizzen.api.meta.Names.labelErrors(name));
                if (!names.add(name)) {
                    errors.duplicate(at(own, "name"), name);
                }
            }
            long number = port.path("port").asLong(0);
            if (number < 1 || number > 65535) {
                errors.invalid(at(own, "port"), number, Values.PORT_RANGE);
            }
            Values.requiredOneOf(errors, at(own, "protocol"), port.path("protocol"), Values.PROTOCOLS);
            Values.portOrName(errors, at(own, "targetPort"), port.path("targetPort"));
            String protocol = port.path("protocol").asText("");
            if (!uses.add(protocol + number)) {
                errors.duplicate(own, use(protocol, number));
            }
            long nodePort = port.path("nodePort").asLong(0);
            if (nodePort != 0 && (type.equals("ClusterIP") || type.equals("ExternalName"))) {
                errors.forbidden(at(own, "nodePort"), "may not be used when `type` is '" + type + "'");
            } else if (nodePort != 0 && !nodePorts.add(protocol + nodePort)) {
                errors.duplicate(at(own, "nodePort"), nodePort);
            }
        }
    }

    /** A use of a port as upstream shows it: by the names that its fields have in the source, those that do not count empty. */
    private static ObjectNode use(String protocol, long port) {
        ObjectNode use = JsonNodeFactory.instance.objectNode();
        use.put("Name", "").put("Protocol", protocol).putNull("AppProtocol");
        return use.put("Port", port).put("TargetPort", 0).put("NodePort", 0);
    }

    private static void balancer(FieldErrors errors, JsonNode spec, String type) {
        if (!type.equals("LoadBalancer")) {
            for (String field :
                    List.of("loadBalancerSourceRanges", "allocateLoadBalancerNodePorts", "loadBalancerClass")) {
                JsonNode value = spec.path(field);
                if (!Values.absent(value) && !(value.isArray() && value.isEmpty())) {
                    errors.forbidden(at("spec", field), "may only be used when `type` is 'LoadBalancer'");
                }
            }
        }
        boolean reachable = type.equals("LoadBalancer")
                || type.equals("NodePort")
                || !spec.path("externalIPs").isEmpty();
        JsonNode policy = spec.path("externalTrafficPolicy");
        if (!Values.absent(policy) && !reachable) {
            errors.invalid("spec.externalTrafficPolicy", policy, "may only be set for externally-accessible services");
        }
        JsonNode healthPort = spec.path("healthCheckNodePort");
        if (healthPort.asInt(0) != 0
                && !(type.equals("LoadBalancer") && policy.asText("").equals("Local"))) {
            errors.invalid(
                    "spec.healthCheckNodePort",
                    healthPort,
                    "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'");
        }
        int index = 0;
        for (JsonNode address : spec.path("externalIPs")) {
            String text = address.asText("");
            if (text.startsWith("127.") || text.equals("::1")) {
                errors.invalid(
                        at("spec.externalIPs", index),
                        address,
                        "may not be in the loopback range (127.0.0.0/8, ::1/128)");
            }
            index++;
        }
    }

    @Override
    public void change(FieldErrors errors, ObjectNode service, ObjectNode old) {
        JsonNode now = service.path("spec");
        JsonNode before = old.path("spec");
        boolean external = now.path("type").asText("").equals("ExternalName")
                || before.path("type").asText("").equals("ExternalName");
        String had = before.path("clusterIP").asText("");
        String has = now.path("clusterIP").asText("");
        if (!external && !had.isEmpty() && !has.equals(had)) {
            if (has.isEmpty()) {
                errors.invalid("spec.clusterIPs[0]", now.path("clusterIPs"), "primary clusterIP can not be unset");
            } else {
                errors.invalid("spec.clusterIPs[0]", has, "may not change once set");
            }
        }
        JsonNode family = before.path("ipFamilies").path(0);
        JsonNode wanted = now.path("ipFamilies").path(0);
        if (!external && family.isTextual() && wanted.isTextual() && !wanted.equals(family)) {
            errors.invalid("spec.ipFamilies[0]", wanted, "may not change once set");
        }
        boolean balanced = now.path("type").asText("").equals("LoadBalancer")
                && before.path("type").asText("").equals("LoadBalancer");
        if (balanced && !Values.same(now.path("loadBalancerClass"), before.path("loadBalancerClass"))) {
            errors.invalid("spec.loadBalancerClass", now.path("loadBalancerClass"), "may not change once set");
        }
        int port = now.path("healthCheckNodePort").asInt(0);
        int portBefore = before.path("healthCheckNodePort").asInt(0);
        if (port != 0 && portBefore != 0 && port != portBefore) {
            errors.invalid("spec.healthCheckNodePort", port, "field is immutable");
        }
    }
}
