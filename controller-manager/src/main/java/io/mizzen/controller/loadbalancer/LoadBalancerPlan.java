// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.loadbalancer;

import io.fabric8.kubernetes.api.model.LoadBalancerIngress;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeAddress;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.mizzen.client.ObjectKey;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** Which addresses a Service of type LoadBalancer gets. Pure. */
final class LoadBalancerPlan {
    private static final String EXCLUDED = "node.kubernetes.io/exclude-from-external-load-balancers";
    private static final Comparator<Service> AGE = Comparator.comparing(
                    (Service service) -> String.valueOf(service.getMetadata().getCreationTimestamp()))
            .thenComparing(service -> ObjectKey.of(service).toString());

    private LoadBalancerPlan() {}

    /** What a Service gets. */
    sealed interface Decision {
        /** These addresses. */
        record Addresses(List<String> ips) implements Decision {
            /** Copies the list. */
            public Addresses {
                ips = List.copyOf(ips);
            }
        }

        /** None for now. */
        record None(String reason) implements Decision {}
    }

    /** Whether a Service is another implementation's: one with a class is. */
    static boolean isOthers(Service service) {
        String owner = service.getSpec().getLoadBalancerClass();
        return owner != null && !owner.isEmpty();
    }

    /** Whether a Service is one that is to have addresses. */
    static boolean isOurs(Service service) {
        return "LoadBalancer".equals(service.getSpec().getType())
                && !isOthers(service)
                && service.getMetadata().getDeletionTimestamp() == null;
    }

    /** The addresses a Service has now. */
    static List<String> current(Service service) {
        if (service.getStatus() == null || service.getStatus().getLoadBalancer() == null) {
            return List.of();
        }
        List<LoadBalancerIngress> ingress =
                service.getStatus().getLoadBalancer().getIngress();
        return ingress == null
                ? List.of()
                : ingress.stream()
                        .map(LoadBalancerIngress::getIp)
                        .filter(Objects::nonNull)
                        .toList();
    }

    /** One address of the pool: the one asked for, the one it has, or the first that nobody has. */
    static Decision fromPool(Service service, AddressPool pool, Map<String, ObjectKey> taken) {
        ObjectKey key = ObjectKey.of(service);
        String asked = service.getSpec().getLoadBalancerIP();
        if (asked != null && !asked.isEmpty()) {
            if (!pool.contains(asked)) {
                return new Decision.None("address " + asked + " is not in the pool " + pool);
            }
            ObjectKey holder = taken.getOrDefault(asked, key);
            return holder.equals(key)
                    ? new Decision.Addresses(List.of(asked))
                    : new Decision.None("address " + asked + " belongs to Service " + holder);
        }
        Optional<String> kept = current(service).stream()
                .filter(ip -> pool.contains(ip) && taken.getOrDefault(ip, key).equals(key))
                .findFirst();
        return kept.or(() -> pool.firstFree(ip -> !taken.getOrDefault(ip, key).equals(key)))
                .<Decision>map(ip -> new Decision.Addresses(List.of(ip)))
                .orElseGet(() -> new Decision.None("no address is left in the pool " + pool));
    }

    /** The addresses of the nodes, unless an older Service has one of the ports there. */
    static Decision fromNodes(Service service, Collection<Service> all, Collection<Node> nodes) {
        Set<String> ports = ports(service);
        Optional<Service> older = all.stream()
                .filter(other -> isOurs(other) && AGE.compare(other, service) < 0)
                .filter(other -> ports(other).stream().anyMatch(ports::contains))
                .min(AGE);
        if (older.isPresent()) {
            return new Decision.None(
                    "the nodes' addresses serve one of its ports for Service " + ObjectKey.of(older.get()));
        }
        List<String> ips = nodes.stream()
                .filter(LoadBalancerPlan::takesTraffic)
                .flatMap(node -> address(node).stream())
                .sorted()
                .toList();
        return ips.isEmpty() ? new Decision.None("no node is ready") : new Decision.Addresses(ips);
    }

    private static Set<String> ports(Service service) {
        Set<String> ports = new HashSet<>();
        for (ServicePort port : service.getSpec().getPorts()) {
            ports.add(port.getProtocol() + port.getPort());
        }
        return ports;
    }

    private static boolean takesTraffic(Node node) {
        Map<String, String> labels = node.getMetadata().getLabels();
        boolean isExcluded = labels != null && labels.containsKey(EXCLUDED);
        return !isExcluded
                && node.getStatus() != null
                && node.getStatus().getConditions() != null
                && node.getStatus().getConditions().stream()
                        .anyMatch(condition ->
                                "Ready".equals(condition.getType()) && "True".equals(condition.getStatus()));
    }

    private static Optional<String> address(Node node) {
        List<NodeAddress> addresses = node.getStatus().getAddresses();
        for (String type : List.of("ExternalIP", "InternalIP")) {
            for (NodeAddress address : addresses == null ? List.<NodeAddress>of() : addresses) {
                if (type.equals(address.getType()) && !address.getAddress().contains(":")) {
                    return Optional.of(address.getAddress());
                }
            }
        }
        return Optional.empty();
    }
}
