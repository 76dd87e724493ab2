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
import java.util.TreeMap;

/**
 * Decides what the Endpoints object of a Service holds: each port once, with all addresses that offer it, and ports that the same
 * addresses offer in one subset. Pure.
 */
final class EndpointsPlan {

    static final int MAX_ADDRESSES = 1000;
    static final String OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity";
    static final String MANAGED_BY = "endpoints.kubernetes.io/managed-by";
    static final String MANAGER = "endpoint-controller";

    private EndpointsPlan() {}

    /** In the order in which they are written. */
    private record Group(List<EndpointAddress> ready, List<EndpointAddress> notReady) {
        Group() {
            this(new ArrayList<>(), new ArrayList<>());
        }
    }

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
                && labels.equals(present.get().getMetadata().getLabels())
                && truncated == isMarkedTruncated(present.get());
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
        Map<EndpointRules.Port, Group> offers = new TreeMap<>();
        Group portless = new Group();
        List<Pod> ordered = new ArrayList<>(pods);
        ordered.sort(Comparator.comparing((Pod pod) -> String.valueOf(
                        pod.getStatus() == null ? null : pod.getStatus().getPodIP()))
                .thenComparing(pod -> String.valueOf(pod.getMetadata().getUid())));
        for (Pod pod : ordered) {
            Optional<String> ip = EndpointRules.address(pod, v6);
            if (ip.isEmpty() || !EndpointRules.hasEndpoint(pod, publish)) {
                continue;
            }
            boolean isReady = publish || Pods.isReady(pod);
            EndpointAddress address = address(service, pod, ip.get());
            for (EndpointRules.Port port : EndpointRules.ports(service, pod)) {
                add(offers.computeIfAbsent(port, each -> new Group()), address, isReady);
            }
            if (hasNoPorts(service) && EndpointRules.isHeadless(service)) {
                add(portless, address, isReady);
            }
        }
        Map<Group, List<EndpointRules.Port>> packed = new LinkedHashMap<>();
        offers.forEach((port, group) ->
                packed.computeIfAbsent(group, each -> new ArrayList<>()).add(port));
        List<EndpointSubset> subsets = new ArrayList<>();
        packed.forEach((group, ports) -> subsets.add(subset(ports, group)));
        if (!portless.equals(new Group())) {
            subsets.add(subset(List.of(), portless));
        }
        return subsets;
    }

    private static void add(Group group, EndpointAddress address, boolean isReady) {
        (isReady ? group.ready() : group.notReady()).add(address);
    }

    private static boolean isMarkedTruncated(Endpoints endpoints) {
        Map<String, String> annotations = endpoints.getMetadata().getAnnotations();
        return annotations != null && annotations.containsKey(OVER_CAPACITY);
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

    /**
     * Cuts to the limit, addresses that are not ready first: each subset gives the share that it has of them, and only when there
     * are too many ready ones do those that are not ready go altogether.
     */
    private static boolean truncate(List<EndpointSubset> subsets) {
        int ready =
                subsets.stream().mapToInt(each -> each.getAddresses().size()).sum();
        int notReady = subsets.stream()
                .mapToInt(each -> each.getNotReadyAddresses().size())
                .sum();
        if (ready + notReady <= MAX_ADDRESSES) {
            return false;
        }
        boolean cutsReady = ready > MAX_ADDRESSES;
        int room = cutsReady ? MAX_ADDRESSES : MAX_ADDRESSES - ready;
        int left = room;
        for (EndpointSubset subset : subsets) {
            List<EndpointAddress> from = cutsReady ? subset.getAddresses() : subset.getNotReadyAddresses();
            int share = (int) Math.ceil((double) from.size() / (cutsReady ? ready : notReady) * room);
            List<EndpointAddress> kept = new ArrayList<>(from.subList(0, Math.min(share, left)));
            left -= kept.size();
            if (cutsReady) {
                subset.setAddresses(kept);
                subset.setNotReadyAddresses(List.of());
            } else {
                subset.setNotReadyAddresses(kept);
            }
        }
        subsets.removeIf(subset ->
                subset.getAddresses().isEmpty() && subset.getNotReadyAddresses().isEmpty());
        return true;
    }
}
