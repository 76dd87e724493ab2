// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.endpoint;

import io.fabric8.kubernetes.api.model.EndpointAddress;
import io.fabric8.kubernetes.api.model.EndpointAddressBuilder;
import io.fabric8.kubernetes.api.model.EndpointPortBuilder;
import io.fabric8.kubernetes.api.model.EndpointSubset;
import io.fabric8.kubernetes.api.model.EndpointSubsetBuilder;
import io.fabric8.kubernetes.api.model.Endpoints;
import io.fabric8.kubernetes.api.model.EndpointsBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.mizzen.client.Json;
import io.mizzen.controller.pod.Pods;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** Decides what the Endpoints object of a Service holds: addresses grouped by the ports they offer. Pure. */
final class EndpointsPlan {

    static final int MAX_ADDRESSES = 1000;
    static final String OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity";
    static final String MANAGED_BY = "endpoints.kubernetes.io/managed-by";
    static final String MANAGER = "endpoint-controller";

    private EndpointsPlan() {}

    private record Group(List<EndpointAddress> ready, List<EndpointAddress> notReady) {}

    /** The object as it should be; the same instance when nothing is to be written. */
    static Optional<Endpoints> decide(Service service, List<Pod> pods, Optional<Endpoints> present) {
        List<EndpointSubset> subsets = subsets(service, pods);
        boolean truncated = truncate(subsets);
        Map<String, String> labels = EndpointRules.labels(service);
        labels.put(MANAGED_BY, MANAGER);
        boolean same = present.isPresent()
                && Json.tree(subsets)
                        .equals(Json.tree(
                                Objects.requireNonNullElse(present.get().getSubsets(), List.of())))
                && labels.equals(present.get().getMetadata().getLabels());
        if (same) {
            return Optional.empty();
        }
        EndpointsBuilder builder = present.map(EndpointsBuilder::new)
                .orElseGet(() -> new EndpointsBuilder()
                        .withNewMetadata()
                        .withNamespace(service.getMetadata().getNamespace())
                        .withName(service.getMetadata().getName())
                        .endMetadata());
        var metadata = builder.editMetadata()
                .withLabels(labels)
                .removeFromAnnotations(OVER_CAPACITY)
                .removeFromAnnotations(EndpointRules.TRIGGER_TIME);
        EndpointRules.triggerTime(pods).ifPresent(time -> metadata.addToAnnotations(EndpointRules.TRIGGER_TIME, time));
        if (truncated) {
            metadata.addToAnnotations(OVER_CAPACITY, "truncated");
        }
        return Optional.of(metadata.endMetadata().withSubsets(subsets).build());
    }

    private static List<EndpointSubset> subsets(Service service, List<Pod> pods) {
        boolean publish = EndpointRules.publishesNotReady(service);
        boolean v6 = service.getSpec().getIpFamilies() != null
                && !service.getSpec().getIpFamilies().isEmpty()
                && "IPv6".equals(service.getSpec().getIpFamilies().getFirst());
        Map<List<EndpointRules.Port>, Group> groups = new LinkedHashMap<>();
        List<Pod> ordered = new ArrayList<>(pods);
        ordered.sort(Comparator.comparing(pod ->
                String.valueOf(pod.getStatus() == null ? null : pod.getStatus().getPodIP())));
        for (Pod pod : ordered) {
            Optional<String> address = EndpointRules.address(pod, v6);
            if (address.isEmpty() || !EndpointRules.hasEndpoint(pod, publish)) {
                continue;
            }
            List<EndpointRules.Port> ports = EndpointRules.ports(service, pod);
            if (ports.isEmpty() && !(EndpointRules.isHeadless(service) && hasNoPorts(service))) {
                continue;
            }
            Group group = groups.computeIfAbsent(ports, p -> new Group(new ArrayList<>(), new ArrayList<>()));
            (publish || Pods.isReady(pod) ? group.ready() : group.notReady()).add(address(service, pod, address.get()));
        }
        List<EndpointSubset> subsets = new ArrayList<>();
        groups.forEach((ports, group) -> subsets.add(subset(ports, group)));
        return subsets;
    }

    private static boolean hasNoPorts(Service service) {
        return service.getSpec().getPorts() == null
                || service.getSpec().getPorts().isEmpty();
    }

    private static EndpointAddress address(Service service, Pod pod, String ip) {
        String node = Pods.node(pod);
        return new EndpointAddressBuilder()
                .withIp(ip)
                .withHostname(EndpointRules.hostname(service, pod))
                .withNodeName(node.isEmpty() ? null : node)
                .withTargetRef(EndpointRules.reference(pod))
                .build();
    }

    private static EndpointSubset subset(List<EndpointRules.Port> ports, Group group) {
        return new EndpointSubsetBuilder()
                .withAddresses(group.ready())
                .withNotReadyAddresses(group.notReady())
                .withPorts(ports.stream()
                        .map(port -> new EndpointPortBuilder()
                                .withName(port.name().isEmpty() ? null : port.name())
                                .withProtocol(port.protocol())
                                .withPort(port.number())
                                .withAppProtocol(port.appProtocol())
                                .build())
                        .toList())
                .build();
    }

    /** Cuts to the limit, addresses that are not ready first. */
    private static boolean truncate(List<EndpointSubset> subsets) {
        int total = subsets.stream()
                .mapToInt(
                        s -> s.getAddresses().size() + s.getNotReadyAddresses().size())
                .sum();
        if (total <= MAX_ADDRESSES) {
            return false;
        }
        int left = MAX_ADDRESSES;
        for (EndpointSubset subset : subsets) {
            int ready = Math.min(left, subset.getAddresses().size());
            subset.setAddresses(new ArrayList<>(subset.getAddresses().subList(0, ready)));
            left -= ready;
        }
        for (EndpointSubset subset : subsets) {
            int notReady = Math.min(left, subset.getNotReadyAddresses().size());
            subset.setNotReadyAddresses(
                    new ArrayList<>(subset.getNotReadyAddresses().subList(0, notReady)));
            left -= notReady;
        }
        return true;
    }
}
