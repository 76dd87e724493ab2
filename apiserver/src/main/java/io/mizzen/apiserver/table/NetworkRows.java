// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.table;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.api.meta.ObjectTree;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;

/** Services, endpoints, routes and addresses. */
final class NetworkRows {
    private NetworkRows() {}

    static void register(Map<String, RowMaker> makers) {
        makers.put("Service", NetworkRows::service);
        makers.put("Endpoints", NetworkRows::endpoints);
        makers.put("EndpointSlice.discovery.k8s.io", NetworkRows::slice);
        makers.put("Ingress.networking.k8s.io", NetworkRows::ingress);
        makers.put("IngressClass.networking.k8s.io", NetworkRows::ingressClass);
        makers.put(
                "NetworkPolicy.networking.k8s.io",
                row -> row.name().selector(row.spec().path("podSelector")).age());
        makers.put(
                "ServiceCIDR.networking.k8s.io",
                row -> row.name()
                        .text(String.join(",", ObjectTree.texts(row.spec().path("cidrs"))))
                        .age());
        makers.put("IPAddress.networking.k8s.io", NetworkRows::address);
    }

    private static void service(Row row) {
        JsonNode spec = row.spec();
        row.name().text(spec.path("type").asText(""));
        row.text(spec.path("clusterIPs").path(0), Row.textOr(spec.path("clusterIP"), Row.NONE));
        row.text(externalAddress(row));
        List<String> ports = new ArrayList<>();
        for (JsonNode port : spec.path("ports")) {
            long nodePort = port.path("nodePort").asLong(0);
            ports.add(port.path("port").asText("") + (nodePort > 0 ? ":" + nodePort : "") + "/"
                    + port.path("protocol").asText("TCP"));
        }
        row.text(ports.isEmpty() ? Row.NONE : String.join(",", ports)).age();
        row.text(Row.labels(spec.path("selector")));
    }

    private static String externalAddress(Row row) {
        JsonNode spec = row.spec();
        List<String> external = ObjectTree.texts(spec.path("externalIPs"));
        return switch (spec.path("type").asText("")) {
            case "ClusterIP", "NodePort" -> external.isEmpty() ? Row.NONE : String.join(",", external);
            case "LoadBalancer" -> {
                List<String> all = new ArrayList<>();
                String balanced = loadBalancer(row.status());
                if (!balanced.isEmpty()) {
                    all.add(balanced);
                }
                all.addAll(external);
                yield all.isEmpty() ? "<pending>" : String.join(",", all);
            }
            case "ExternalName" -> spec.path("externalName").asText("");
            default -> Row.UNKNOWN;
        };
    }

    private static String loadBalancer(JsonNode status) {
        TreeSet<String> addresses = new TreeSet<>();
        for (JsonNode ingress : status.path("loadBalancer").path("ingress")) {
            String address =
                    Row.textOr(ingress.path("ip"), ingress.path("hostname").asText(""));
            if (!address.isEmpty()) {
                addresses.add(address);
            }
        }
        return String.join(",", addresses);
    }

    private static void endpoints(Row row) {
        List<String> shown = new ArrayList<>();
        for (JsonNode subset : row.object().path("subsets")) {
            for (JsonNode address : subset.path("addresses")) {
                if (subset.path("ports").isEmpty()) {
                    shown.add(address.path("ip").asText(""));
                }
            }
            for (JsonNode port : subset.path("ports")) {
                for (JsonNode address : subset.path("addresses")) {
                    String ip = address.path("ip").asText("");
                    String host = ip.contains(":") ? "[" + ip + "]" : ip;
                    shown.add(host + ":" + port.path("port").asText(""));
                }
            }
        }
        boolean none = row.object().path("subsets").isEmpty();
        row.name().text(none ? Row.NONE : Row.limited(shown, 3, ",")).age();
    }

    private static void slice(Row row) {
        JsonNode slice = row.object();
        List<String> ports = new ArrayList<>();
        for (JsonNode port : slice.path("ports")) {
            ports.add(port.hasNonNull("port") ? port.path("port").asText() : Row.textOr(port.path("name"), "*"));
        }
        List<String> addresses = new ArrayList<>();
        slice.path("endpoints").forEach(endpoint -> addresses.addAll(ObjectTree.texts(endpoint.path("addresses"))));
        row.name().text(slice.path("addressType").asText(""));
        row.text(ports.isEmpty() ? Row.UNSET : Row.limited(ports, 3, ","));
        row.text(addresses.isEmpty() ? Row.UNSET : Row.limited(addresses, 3, ","))
                .age();
    }

    private static void ingress(Row row) {
        JsonNode spec = row.spec();
        List<String> hosts = new ArrayList<>();
        int rules = 0;
        boolean more = false;
        for (JsonNode rule : spec.path("rules")) {
            rules++;
            more |= hosts.size() == 3;
            String host = rule.path("host").asText("");
            if (!more && !host.isEmpty()) {
                hosts.add(host);
            }
        }
        String shown = hosts.isEmpty() ? "*" : String.join(",", hosts);
        row.name().text(spec.path("ingressClassName"), Row.NONE);
        row.text(more ? shown + " + " + (rules - 3) + " more..." : shown);
        row.text(loadBalancer(row.status()));
        row.text(spec.path("tls").isEmpty() ? "80" : "80, 443").age();
    }

    private static void ingressClass(Row row) {
        JsonNode parameters = row.spec().path("parameters");
        String text = Row.NONE;
        if (parameters.isObject()) {
            String group = parameters.path("apiGroup").asText("");
            text = parameters.path("kind").asText("") + (group.isEmpty() ? "" : "." + group) + "/"
                    + parameters.path("name").asText("");
        }
        row.name().text(row.spec().path("controller").asText("")).text(text).age();
    }

    private static void address(Row row) {
        JsonNode parent = row.spec().path("parentRef");
        String text = Row.NONE;
        if (parent.isObject()) {
            String group = parent.path("group").asText("");
            String namespace = parent.path("namespace").asText("");
            text = parent.path("resource").asText("") + "." + group;
            if (group.isEmpty()) {
                text = parent.path("resource").asText("");
            }
            text = (text + (namespace.isEmpty() ? "" : "/" + namespace) + "/"
                            + parent.path("name").asText(""))
                    .toLowerCase(Locale.ROOT);
        }
        row.name().text(text);
    }
}
