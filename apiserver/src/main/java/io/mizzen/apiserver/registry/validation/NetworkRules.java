// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry.validation;

import static io.mizzen.apiserver.registry.validation.WorkloadRules.of;
import static io.mizzen.apiserver.schema.FieldErrors.at;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.apiserver.schema.FieldErrors;
import java.util.List;
import java.util.Map;

/** Ingresses, network policies and endpoints. */
final class NetworkRules {
    private static final int MAX_ENDPOINTS = 1000;

    private NetworkRules() {}

    static void register(Map<String, KindRules> rules) {
        rules.put("Service", new ServiceRules());
        rules.put("Ingress.networking.k8s.io", of(NetworkRules::ingress, (errors, object, old) -> {}));
        rules.put(
                "IngressClass.networking.k8s.io",
                of(
                        (errors, object) -> {},
                        (errors, object, old) -> Values.immutable(
                                errors,
                                "spec.controller",
                                object.path("spec").path("controller"),
                                old.path("spec").path("controller"))));
        rules.put("NetworkPolicy.networking.k8s.io", of(NetworkRules::policy, (errors, object, old) -> {}));
        rules.put(
                "EndpointSlice.discovery.k8s.io",
                of(
                        NetworkRules::slice,
                        (errors, object, old) -> Values.immutable(
                                errors, "addressType", object.path("addressType"), old.path("addressType"))));
        rules.put("Endpoints", of(NetworkRules::endpoints, (errors, object, old) -> {}));
    }

    private static void ingress(FieldErrors errors, ObjectNode ingress) {
        JsonNode spec = ingress.path("spec");
        if (!spec.path("defaultBackend").isObject() && spec.path("rules").isEmpty()) {
            errors.invalid("spec", spec, "either `defaultBackend` or `rules` must be specified");
        }
        if (spec.path("defaultBackend").isObject()) {
            backend(errors, "spec.defaultBackend", spec.path("defaultBackend"));
        }
        int index = 0;
        for (JsonNode rule : spec.path("rules")) {
            String own = at("spec.rules", index++);
            JsonNode host = rule.path("host");
            if (host.asText("").matches("[0-9.]+|.*:.*")) {
                errors.invalid(at(own, "host"), host, "must be a DNS name, not an IP address");
            }
            int number = 0;
            for (JsonNode path : rule.path("http").path("paths")) {
                path(errors, at(at(own, "http.paths"), number++), path);
            }
        }
    }

    private static void path(FieldErrors errors, String own, JsonNode path) {
        String type = path.path("pathType").asText("");
        if (type.isEmpty()) {
            errors.required(at(own, "pathType"), "pathType must be specified");
        } else {
            Values.oneOf(
                    errors,
                    at(own, "pathType"),
                    path.path("pathType"),
                    List.of("Exact", "ImplementationSpecific", "Prefix"));
        }
        String text = path.path("path").asText("");
        boolean strict = type.equals("Exact") || type.equals("Prefix");
        if ((strict || !text.isEmpty()) && !text.startsWith("/")) {
            errors.invalid(at(own, "path"), text, "must be an absolute path");
        }
        backend(errors, at(own, "backend"), path.path("backend"));
    }

    private static void backend(FieldErrors errors, String own, JsonNode backend) {
        JsonNode service = backend.path("service");
        if (service.isObject() && backend.path("resource").isObject()) {
            errors.invalid(own, "", "cannot set both resource and service backends");
        } else if (service.isObject()) {
            Values.required(errors, at(own, "service.name"), service.path("name"));
            boolean name = !Values.absent(service.path("port").path("name"));
            boolean number = service.path("port").path("number").asLong(0) != 0;
            if (name && number) {
                errors.invalid(own, "", "cannot set both port name & port number");
            } else if (!name && !number) {
                errors.required(own, "port name or number is required");
            } else {
                Values.port(
                        errors,
                        at(own, "service.port.number"),
                        service.path("port").path("number"));
            }
        }
    }

    private static void policy(FieldErrors errors, ObjectNode policy) {
        JsonNode spec = policy.path("spec");
        Values.selector(errors, "spec.podSelector", spec.path("podSelector"));
        direction(errors, "spec.ingress", spec.path("ingress"), "from");
        direction(errors, "spec.egress", spec.path("egress"), "to");
    }

    private static void direction(FieldErrors errors, String path, JsonNode rules, String peers) {
        int index = 0;
        for (JsonNode rule : rules) {
            String own = at(path, index++);
            int number = 0;
            for (JsonNode port : rule.path("ports")) {
                String place = at(at(own, "ports"), number++);
                Values.oneOf(errors, at(place, "protocol"), port.path("protocol"), Values.PROTOCOLS);
                Values.portOrName(errors, at(place, "port"), port.path("port"));
                JsonNode end = port.path("endPort");
                if (end.isNumber() && end.asLong() < port.path("port").asLong(0)) {
                    errors.invalid(at(place, "endPort"), end, "must be greater than or equal to `port`");
                }
            }
            number = 0;
            for (JsonNode peer : rule.path(peers)) {
                peer(errors, at(at(own, peers), number++), peer);
            }
        }
    }

    private static void peer(FieldErrors errors, String own, JsonNode peer) {
        boolean selects = peer.path("podSelector").isObject()
                || peer.path("namespaceSelector").isObject();
        boolean block = peer.path("ipBlock").isObject();
        if (selects && block) {
            errors.forbidden(own, "may not specify both ipBlock and another peer");
        } else if (!selects && !block) {
            errors.required(own, "must specify a peer");
        }
        Values.selector(errors, at(own, "podSelector"), peer.path("podSelector"));
        Values.selector(errors, at(own, "namespaceSelector"), peer.path("namespaceSelector"));
    }

    private static void slice(FieldErrors errors, ObjectNode slice) {
        Values.requiredOneOf(errors, "addressType", slice.path("addressType"), List.of("FQDN", "IPv4", "IPv6"));
        JsonNode endpoints = slice.path("endpoints");
        if (endpoints.size() > MAX_ENDPOINTS) {
            errors.tooMany("endpoints", endpoints.size(), MAX_ENDPOINTS);
            return;
        }
        int index = 0;
        for (JsonNode endpoint : endpoints) {
            if (endpoint.path("addresses").isEmpty()) {
                errors.required(at(at("endpoints", index), "addresses"), "must contain at least 1 address");
            }
            index++;
        }
    }

    private static void endpoints(FieldErrors errors, ObjectNode endpoints) {
        int index = 0;
        for (JsonNode subset : endpoints.path("subsets")) {
            if (subset.path("addresses").isEmpty()
                    && subset.path("notReadyAddresses").isEmpty()) {
                errors.required(at("subsets", index), "must specify `addresses` or `notReadyAddresses`");
            }
            index++;
        }
    }
}
