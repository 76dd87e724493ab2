// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.describe;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.command.target.Selectors;
import io.mizzen.kubectl.tree.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Services, Ingresses, ServiceAccounts, ConfigMaps, Secrets, Namespaces. Pure. */
final class Services {
    private Services() {}

    /** A label selector as descriptions show it. */
    static String selector(JsonNode selector) {
        if (!selector.isObject()) {
            return "<none>";
        }
        String text = Selectors.text(selector);
        return text.isEmpty() ? "<none>" : text;
    }

    static void service(Description out, JsonNode object, List<JsonNode> slices) {
        JsonNode spec = object.path("spec");
        out.head(object);
        out.metadata(object);
        out.field(0, "Selector", Description.inline(spec.path("selector")));
        out.field(0, "Type", Json.text(spec, "type"));
        out.optional(0, "IP Family Policy", Json.text(spec, "ipFamilyPolicy"));
        if (!spec.path("ipFamilies").isEmpty()) {
            out.field(0, "IP Families", join(spec.path("ipFamilies"), ","));
        } else {
            out.field(0, "IP Families", "<none>");
        }
        out.field(0, "IP", Json.text(spec, "clusterIP"));
        out.field(0, "IPs", spec.path("clusterIPs").isEmpty() ? "<none>" : join(spec.path("clusterIPs"), ","));
        if (!spec.path("externalIPs").isEmpty()) {
            out.field(0, "External IPs", join(spec.path("externalIPs"), ","));
        }
        out.optional(0, "Desired LoadBalancer IP", Json.text(spec, "loadBalancerIP"));
        out.optional(0, "External Name", Json.text(spec, "externalName"));
        List<String> ingress = new ArrayList<>();
        for (JsonNode one : object.path("status").path("loadBalancer").path("ingress")) {
            String mode = Json.text(one, "ipMode");
            ingress.add(
                    one.has("ip")
                            ? Json.text(one, "ip") + (mode.isEmpty() ? "" : " (" + mode + ")")
                            : Json.text(one, "hostname"));
        }
        if (!ingress.isEmpty()) {
            out.field(0, "LoadBalancer Ingress", String.join(", ", ingress));
        }
        for (JsonNode port : spec.path("ports")) {
            port(out, port, slices);
        }
        out.field(0, "Session Affinity", Json.text(spec, "sessionAffinity"));
        out.optional(0, "External Traffic Policy", Json.text(spec, "externalTrafficPolicy"));
        out.optional(0, "Internal Traffic Policy", Json.text(spec, "internalTrafficPolicy"));
        out.optional(0, "Traffic Distribution", Json.text(spec, "trafficDistribution"));
        if (Json.number(spec, "healthCheckNodePort") != 0) {
            out.field(0, "HealthCheck NodePort", Json.text(spec, "healthCheckNodePort"));
        }
        if (!spec.path("loadBalancerSourceRanges").isEmpty()) {
            out.field(0, "LoadBalancer Source Ranges", join(spec.path("loadBalancerSourceRanges"), ","));
        }
    }

    private static void port(Description out, JsonNode port, List<JsonNode> slices) {
        String name = Description.orUnset(Json.text(port, "name"));
        String protocol = Json.text(port, "protocol");
        out.line(0, "Port:\t" + name + "\t" + Json.number(port, "port") + "/" + protocol);
        out.field(0, "TargetPort", Json.text(port, "targetPort") + "/" + protocol);
        if (Json.number(port, "nodePort") != 0) {
            out.line(0, "NodePort:\t" + name + "\t" + Json.number(port, "nodePort") + "/" + protocol);
        }
        out.field(0, "Endpoints", endpoints(slices, Json.text(port, "name")));
    }

    private static String addresses(List<JsonNode> slices) {
        for (JsonNode slice : slices) {
            for (JsonNode port : slice.path("ports")) {
                return endpoints(slices, Json.text(port, "name"));
            }
        }
        return "<none>";
    }

    private static String endpoints(List<JsonNode> slices, String name) {
        List<String> all = new ArrayList<>();
        int total = 0;
        for (JsonNode slice : slices) {
            for (JsonNode port : slice.path("ports")) {
                if (!Json.text(port, "name").equals(name)) {
                    continue;
                }
                for (JsonNode endpoint : slice.path("endpoints")) {
                    if (!endpoint.path("conditions").path("ready").asBoolean(true)) {
                        continue;
                    }
                    for (JsonNode address : endpoint.path("addresses")) {
                        total++;
                        if (all.size() < 3) {
                            all.add(address.asText() + ":" + Json.number(port, "port"));
                        }
                    }
                }
            }
        }
        String shown = String.join(",", all);
        if (all.isEmpty()) {
            return "<none>";
        }
        return total > all.size() ? shown + " + " + (total - all.size()) + " more..." : shown;
    }

    private static String join(JsonNode list, String separator) {
        List<String> texts = new ArrayList<>();
        list.forEach(one -> texts.add(one.asText()));
        return String.join(separator, texts);
    }

    static void configMap(Description out, JsonNode object) {
        out.head(object);
        out.metadata(object);
        out.append("\nData\n====\n");
        JsonNode data = object.path("data");
        for (String key : Json.sortedKeys(data)) {
            out.append(key + ":\n----\n" + Json.text(data, key) + "\n\n");
        }
        out.append("\nBinaryData\n====\n");
        JsonNode binary = object.path("binaryData");
        for (String key : Json.sortedKeys(binary)) {
            out.append(key + ": " + decodedLength(Json.text(binary, key)) + " bytes\n");
        }
        out.append("\n");
    }

    private static int decodedLength(String base64) {
        int padding = base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0;
        return base64.length() / 4 * 3 - padding;
    }

    static void secret(Description out, JsonNode object) {
        out.head(object);
        out.metadata(object);
        out.append("\n");
        out.field(0, "Type", Json.text(object, "type"));
        out.append("\nData\n====\n");
        JsonNode data = object.path("data");
        boolean token = Json.text(object, "type").equals("kubernetes.io/service-account-token");
        for (String key : Json.sortedKeys(data)) {
            String value = Json.text(data, key);
            if (token && key.equals("token")) {
                String decoded = new String(
                        java.util.Base64.getDecoder().decode(value), java.nio.charset.StandardCharsets.UTF_8);
                out.field(0, key, decoded);
            } else {
                out.field(0, key, decodedLength(value) + " bytes");
            }
        }
    }

    static void serviceAccount(Description out, JsonNode object, List<String> tokens) {
        out.head(object);
        out.metadata(object);
        names(out, "Image pull secrets:", object.path("imagePullSecrets"));
        if (!object.path("secrets").isEmpty()) {
            names(out, "Mountable secrets: ", object.path("secrets"));
        }
        if (!tokens.isEmpty()) {
            out.append("Tokens:            \t" + String.join("\n                   \t", tokens) + "\n");
        }
    }

    private static void names(Description out, String title, JsonNode references) {
        out.append(title + "\t");
        if (references.isEmpty()) {
            out.append("<none>\n");
        }
        String indent = "";
        for (JsonNode reference : references) {
            out.append(indent + Json.text(reference, "name") + "\n");
            indent = "                   \t";
        }
    }

    static void namespace(Description out, JsonNode object) {
        out.field(0, "Name", Json.name(object));
        out.metadata(object);
        out.field(0, "Status", Json.text(object, "status", "phase"));
        if (!object.path("status").path("conditions").isEmpty()) {
            out.append("Conditions:\n  Type\tStatus\tLastTransitionTime\tReason\tMessage\n");
            out.line(1, "----\t------\t------------------\t------\t-------");
            for (JsonNode one : object.path("status").path("conditions")) {
                out.line(
                        1,
                        Json.text(one, "type") + "\t" + Json.text(one, "status") + "\t"
                                + Description.time(Json.text(one, "lastTransitionTime")) + "\t"
                                + Json.text(one, "reason") + "\t" + Json.text(one, "message"));
            }
        }
    }

    static void ingress(Description out, JsonNode object, Function<String, List<JsonNode>> slices) {
        JsonNode spec = object.path("spec");
        out.field(0, "Name", Json.name(object));
        out.labels("Labels", object.path("metadata").path("labels"));
        out.field(0, "Namespace", Json.namespace(object));
        List<String> addresses = new ArrayList<>();
        for (JsonNode one : object.path("status").path("loadBalancer").path("ingress")) {
            addresses.add(one.has("ip") ? Json.text(one, "ip") : Json.text(one, "hostname"));
        }
        out.field(0, "Address", String.join(",", addresses));
        out.field(0, "Ingress Class", Description.orNone(Json.text(spec, "ingressClassName")));
        JsonNode backend = spec.path("defaultBackend");
        out.field(0, "Default backend", backend.isObject() ? backend(backend, slices) : "<default>");
        if (!spec.path("tls").isEmpty()) {
            out.line(0, "TLS:");
            for (JsonNode one : spec.path("tls")) {
                String secret = Json.text(one, "secretName");
                out.line(
                        1, (secret.isEmpty() ? "SNI routes " : secret + " terminates ") + join(one.path("hosts"), ","));
            }
        }
        out.append("Rules:\n  Host\tPath\tBackends\n");
        out.line(1, "----\t----\t--------");
        for (JsonNode rule : spec.path("rules")) {
            String host = Json.text(rule, "host");
            out.line(1, (host.isEmpty() ? "*" : host) + "\t");
            for (JsonNode path : rule.path("http").path("paths")) {
                out.line(2, "\t" + Json.text(path, "path") + " \t" + backend(path.path("backend"), slices));
            }
        }
        if (spec.path("rules").isEmpty()) {
            out.line(1, "*\t*\t" + (backend.isObject() ? backend(backend, slices) : "<default>"));
        }
        out.annotations("Annotations", object.path("metadata").path("annotations"));
    }

    private static String backend(JsonNode backend, Function<String, List<JsonNode>> slices) {
        JsonNode service = backend.path("service");
        if (service.isObject()) {
            String port = Json.text(service, "port", "name");
            return Json.text(service, "name") + ":" + (port.isEmpty() ? Json.text(service, "port", "number") : port)
                    + " (" + addresses(slices.apply(Json.text(service, "name"))) + ")";
        }
        JsonNode resource = backend.path("resource");
        return "APIGroup: " + Json.text(resource, "apiGroup") + ", Kind: " + Json.text(resource, "kind") + ", Name: "
                + Json.text(resource, "name");
    }
}
