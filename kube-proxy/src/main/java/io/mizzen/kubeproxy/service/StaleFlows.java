// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy.service;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Which connections the kernel must forget after a change. UDP knows no end of a connection: a client that keeps sending from the
 * same port would stay with an endpoint that is gone, or with "nobody" after the first endpoint came. TCP is left alone.
 */
public final class StaleFlows {
    /**
     * Flows to forget.
     *
     * @param address the Service's address, empty for a node port
     * @param port the Service's port or the node port
     * @param endpoint the endpoint they go to, empty for all
     */
    public record Flow(String address, int port, String endpoint) {}

    private StaleFlows() {}

    /** The flows made stale by going from one table to the next. */
    public static Set<Flow> between(ServiceTable before, ServiceTable after) {
        Map<String, Map.Entry<ServicePort, EndpointChoice>> old = byId(before);
        Map<String, Map.Entry<ServicePort, EndpointChoice>> now = byId(after);
        Set<Flow> stale = new LinkedHashSet<>();
        old.forEach((id, entry) -> {
            var next = now.get(id);
            Set<String> kept = next == null ? Set.of() : ips(next.getValue());
            for (String gone : ips(entry.getValue())) {
                if (!kept.contains(gone)) {
                    add(stale, entry.getKey(), gone);
                }
            }
        });
        now.forEach((id, entry) -> {
            var previous = old.get(id);
            boolean hadNone = previous == null || ips(previous.getValue()).isEmpty();
            if (hadNone && !ips(entry.getValue()).isEmpty()) {
                add(stale, entry.getKey(), "");
            }
        });
        return stale;
    }

    private static Map<String, Map.Entry<ServicePort, EndpointChoice>> byId(ServiceTable table) {
        Map<String, Map.Entry<ServicePort, EndpointChoice>> byId = new TreeMap<>();
        for (Map.Entry<ServicePort, EndpointChoice> entry : table.ports().entrySet()) {
            if (entry.getKey().protocol().equals("udp")) {
                byId.put(entry.getKey().id(), entry);
            }
        }
        return byId;
    }

    private static Set<String> ips(EndpointChoice choice) {
        Set<String> ips = new HashSet<>();
        choice.cluster().forEach(endpoint -> ips.add(endpoint.ip()));
        choice.local().forEach(endpoint -> ips.add(endpoint.ip()));
        return ips;
    }

    private static void add(Set<Flow> stale, ServicePort port, String endpoint) {
        List<String> addresses = new ArrayList<>();
        addresses.add(port.clusterIp());
        addresses.addAll(port.externalIps());
        addresses.addAll(port.loadBalancerIps());
        addresses.forEach(address -> stale.add(new Flow(address, port.port(), endpoint)));
        if (port.nodePort() > 0) {
            stale.add(new Flow("", port.nodePort(), endpoint));
        }
    }
}
