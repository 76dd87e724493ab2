// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy.service;

import io.fabric8.kubernetes.api.model.LoadBalancerIngress;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceSpec;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointConditions;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPort;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.ForNode;
import io.fabric8.kubernetes.api.model.discovery.v1.ForZone;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * All ports of all Services of one IP family with the endpoints that this node may use, ordered by id.
 *
 * @param ports the ports
 */
public record ServiceTable(Map<ServicePort, EndpointChoice> ports) {
    private static final String SERVICE_NAME = "kubernetes.io/service-name";
    private static final String PROXY_NAME = "service.kubernetes.io/service-proxy-name";
    private static final int DEFAULT_AFFINITY_SECONDS = 10800;

    /**
     * The node that the table is for.
     *
     * @param name its name
     * @param zone its zone, null where it has none
     */
    public record Place(String name, @Nullable String zone) {}

    /**
     * Reads the world as this node sees it. Headless Services, those of type ExternalName and those that name another proxy are
     * left out.
     */
    public static ServiceTable of(
            Collection<Service> services, Collection<EndpointSlice> slices, Place node, Family family) {
        Map<String, List<EndpointSlice>> slicesByService = new HashMap<>();
        for (EndpointSlice slice : slices) {
            String service = label(slice.getMetadata().getLabels(), SERVICE_NAME);
            if (service != null && isOfFamily(slice, family)) {
                slicesByService
                        .computeIfAbsent(slice.getMetadata().getNamespace() + "/" + service, key -> new ArrayList<>())
                        .add(slice);
            }
        }
        Map<String, ServicePort> ports = new TreeMap<>();
        Map<ServicePort, EndpointChoice> table = new LinkedHashMap<>();
        for (Service service : services) {
            readPorts(service, family).forEach(port -> ports.put(port.id(), port));
        }
        for (ServicePort port : ports.values()) {
            List<EndpointSlice> own = slicesByService.getOrDefault(port.namespace() + "/" + port.service(), List.of());
            table.put(port, EndpointChoice.of(readEndpoints(own, port, node.name()), node.name(), node.zone()));
        }
        return new ServiceTable(table);
    }

    private static boolean isOfFamily(EndpointSlice slice, Family family) {
        return (family == Family.IPV4 ? "IPv4" : "IPv6").equals(slice.getAddressType());
    }

    private static List<ServicePort> readPorts(Service service, Family family) {
        ServiceSpec spec = service.getSpec();
        if (spec == null
                || "ExternalName".equals(spec.getType())
                || label(service.getMetadata().getLabels(), PROXY_NAME) != null) {
            return List.of();
        }
        String clusterIp = clusterIp(spec, family);
        if (clusterIp == null) {
            return List.of();
        }
        boolean isExternalLocal = "Local".equals(spec.getExternalTrafficPolicy());
        List<ServicePort> ports = new ArrayList<>();
        for (io.fabric8.kubernetes.api.model.ServicePort port : spec.getPorts()) {
            ports.add(new ServicePort(
                    service.getMetadata().getNamespace(),
                    service.getMetadata().getName(),
                    orEmpty(port.getName()),
                    protocol(port.getProtocol()),
                    port.getPort(),
                    port.getNodePort() == null ? 0 : port.getNodePort(),
                    clusterIp,
                    ofFamily(spec.getExternalIPs(), family),
                    loadBalancerIps(service, family),
                    ofFamily(spec.getLoadBalancerSourceRanges(), family),
                    affinitySeconds(spec),
                    "Local".equals(spec.getInternalTrafficPolicy()),
                    isExternalLocal));
        }
        return ports;
    }

    private static @Nullable String clusterIp(ServiceSpec spec, Family family) {
        List<String> all = new ArrayList<>(spec.getClusterIPs());
        if (all.isEmpty() && spec.getClusterIP() != null) {
            all.add(spec.getClusterIP());
        }
        return all.stream()
                .filter(ip -> !ip.isEmpty() && !ip.equals("None") && Family.of(ip) == family)
                .findFirst()
                .orElse(null);
    }

    private static List<String> loadBalancerIps(Service service, Family family) {
        if (service.getStatus() == null || service.getStatus().getLoadBalancer() == null) {
            return List.of();
        }
        return ofFamily(
                service.getStatus().getLoadBalancer().getIngress().stream()
                        .filter(ingress -> !"Proxy".equals(ingress.getIpMode()))
                        .map(LoadBalancerIngress::getIp)
                        .filter(Objects::nonNull)
                        .toList(),
                family);
    }

    private static int affinitySeconds(ServiceSpec spec) {
        if (!"ClientIP".equals(spec.getSessionAffinity())) {
            return 0;
        }
        boolean isSet = spec.getSessionAffinityConfig() != null
                && spec.getSessionAffinityConfig().getClientIP() != null
                && spec.getSessionAffinityConfig().getClientIP().getTimeoutSeconds() != null;
        return isSet ? spec.getSessionAffinityConfig().getClientIP().getTimeoutSeconds() : DEFAULT_AFFINITY_SECONDS;
    }

    private static List<Endpoint> readEndpoints(List<EndpointSlice> slices, ServicePort port, String nodeName) {
        Map<String, Endpoint> endpoints = new TreeMap<>();
        for (EndpointSlice slice : slices) {
            for (EndpointPort slicePort : slice.getPorts()) {
                if (slicePort.getPort() == null
                        || !orEmpty(slicePort.getName()).equals(port.portName())
                        || !protocol(slicePort.getProtocol()).equals(port.protocol())) {
                    continue;
                }
                for (io.fabric8.kubernetes.api.model.discovery.v1.Endpoint endpoint : slice.getEndpoints()) {
                    if (!endpoint.getAddresses().isEmpty()) {
                        Endpoint read = readEndpoint(endpoint, slicePort.getPort(), nodeName);
                        endpoints.merge(read.ip() + " " + read.port(), read, (old, now) -> old.isReady() ? old : now);
                    }
                }
            }
        }
        return endpoints.values().stream()
                .sorted(Comparator.comparing(Endpoint::ip).thenComparingInt(Endpoint::port))
                .toList();
    }

    private static Endpoint readEndpoint(
            io.fabric8.kubernetes.api.model.discovery.v1.Endpoint endpoint, int port, String nodeName) {
        EndpointConditions conditions = endpoint.getConditions();
        boolean isReady =
                conditions == null || conditions.getReady() == null || Boolean.TRUE.equals(conditions.getReady());
        boolean isServing = conditions == null || conditions.getServing() == null
                ? isReady
                : Boolean.TRUE.equals(conditions.getServing());
        boolean isTerminating = conditions != null && Boolean.TRUE.equals(conditions.getTerminating());
        Set<String> zones = new HashSet<>();
        Set<String> nodes = new HashSet<>();
        if (endpoint.getHints() != null) {
            endpoint.getHints().getForZones().stream().map(ForZone::getName).forEach(zones::add);
            endpoint.getHints().getForNodes().stream().map(ForNode::getName).forEach(nodes::add);
        }
        return new Endpoint(
                endpoint.getAddresses().getFirst(),
                port,
                isReady,
                isServing,
                isTerminating,
                nodeName.equals(endpoint.getNodeName()),
                zones,
                nodes);
    }

    private static List<String> ofFamily(@Nullable List<String> addresses, Family family) {
        return addresses == null
                ? List.of()
                : addresses.stream()
                        .map(String::trim)
                        .filter(address -> Family.of(address) == family)
                        .sorted()
                        .distinct()
                        .toList();
    }

    private static String protocol(@Nullable String protocol) {
        return protocol == null || protocol.isEmpty() ? "tcp" : protocol.toLowerCase(Locale.ROOT);
    }

    private static @Nullable String label(@Nullable Map<String, String> labels, String key) {
        return labels == null ? null : labels.get(key);
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }
}
