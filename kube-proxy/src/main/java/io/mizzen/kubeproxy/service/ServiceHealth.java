// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy.service;

import io.fabric8.kubernetes.api.model.Service;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What a balancer outside is told of a Service at its health check port.
 *
 * @param namespace the Service's namespace
 * @param name the Service's name
 * @param localEndpoints how many ready endpoints it has on this node
 */
public record ServiceHealth(String namespace, String name, int localEndpoints) {
    /** Those of all Services that have a health check port, by that port. */
    public static Map<Integer, ServiceHealth> of(Collection<Service> services, ServiceTable table) {
        Map<String, Set<String>> ready = new TreeMap<>();
        table.ports()
                .forEach((port, choice) -> choice.local().stream()
                        .filter(Endpoint::isReady)
                        .forEach(endpoint -> ready.computeIfAbsent(
                                        port.namespace() + "/" + port.service(), key -> new HashSet<>())
                                .add(endpoint.ip())));
        Map<Integer, ServiceHealth> health = new TreeMap<>();
        for (Service service : services) {
            Integer port = service.getSpec() == null ? null : service.getSpec().getHealthCheckNodePort();
            if (port != null && port > 0) {
                String namespace = service.getMetadata().getNamespace();
                String name = service.getMetadata().getName();
                int count = ready.getOrDefault(namespace + "/" + name, Set.of()).size();
                health.put(port, new ServiceHealth(namespace, name, count));
            }
        }
        return health;
    }

    /** The body of the answer. */
    public String json() {
        return "{\"service\":{\"namespace\":\"" + namespace + "\",\"name\":\"" + name + "\"},\"localEndpoints\":"
                + localEndpoints + ",\"serviceProxyHealthy\":true}";
    }
}
