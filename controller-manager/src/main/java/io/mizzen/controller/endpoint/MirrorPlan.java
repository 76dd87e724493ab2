// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.endpoint;

import io.fabric8.kubernetes.api.model.EndpointAddress;
import io.fabric8.kubernetes.api.model.EndpointSubset;
import io.fabric8.kubernetes.api.model.Endpoints;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPort;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPortBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.mizzen.client.Json;
import io.mizzen.client.OwnerReferences;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Decides which EndpointSlices mirror an Endpoints object that somebody wrote for a Service without selector: one for each
 * family and list of ports, of at most {@value #MAX_ENDPOINTS} endpoints a subset. Pure.
 */
final class MirrorPlan {
    static final String MANAGER = "endpointslicemirroring-controller.k8s.io";
    static final int MAX_ENDPOINTS = 1000;
    private static final String SKIP = "endpointslice.kubernetes.io/skip-mirror";
    private static final String LEADER = "control-plane.alpha.kubernetes.io/leader";
    private static final String LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

    private record Group(String family, List<EndpointPort> ports) {}

    private MirrorPlan() {}

    /**
     * What to write; without a Service, with a selector, or where the object says so, no slice stays. One that mirrors a former
     * Endpoints object of this name is on its way out with it, and another is made.
     */
    static SlicePlan.Changes decide(Optional<Service> service, Endpoints source, List<EndpointSlice> present) {
        boolean isMirrored =
                service.isPresent() && isEmpty(service.get().getSpec().getSelector()) && mayMirror(source);
        if (!isMirrored) {
            return new SlicePlan.Changes(List.of(), List.of(), present);
        }
        List<EndpointSlice> create = new ArrayList<>();
        List<EndpointSlice> update = new ArrayList<>();
        List<EndpointSlice> left = new ArrayList<>(present);
        groups(source).forEach((group, wanted) -> {
            Optional<EndpointSlice> slice = left.stream()
                    .filter(candidate -> OwnerReferences.isControlledBy(candidate, source)
                            && group.family().equals(candidate.getAddressType())
                            && Json.tree(group.ports()).equals(Json.tree(candidate.getPorts())))
                    .findFirst();
            if (slice.isEmpty()) {
                create.add(slice(source, group, wanted));
                return;
            }
            left.remove(slice.get());
            EndpointSlice changed = new EndpointSliceBuilder(slice.get())
                    .editMetadata()
                    .withLabels(labels(source))
                    .withAnnotations(annotations(source))
                    .endMetadata()
                    .withEndpoints(wanted)
                    .build();
            if (!Json.tree(changed).equals(Json.tree(slice.get()))) {
                update.add(changed);
            }
        });
        return new SlicePlan.Changes(create, update, left);
    }

    private static boolean mayMirror(Endpoints endpoints) {
        Map<String, String> labels = orEmpty(endpoints.getMetadata().getLabels());
        return !"true".equals(labels.get(SKIP))
                && !orEmpty(endpoints.getMetadata().getAnnotations()).containsKey(LEADER)
                && endpoints.getMetadata().getDeletionTimestamp() == null;
    }

    private static Map<Group, List<Endpoint>> groups(Endpoints source) {
        Map<Group, List<Endpoint>> groups = new LinkedHashMap<>();
        List<EndpointSubset> subsets = Objects.requireNonNullElse(source.getSubsets(), List.of());
        for (EndpointSubset subset : subsets) {
            List<EndpointPort> ports = subset.getPorts().stream()
                    .map(port -> new EndpointPortBuilder()
                            .withName(Objects.requireNonNullElse(port.getName(), ""))
                            .withProtocol(Objects.requireNonNullElse(port.getProtocol(), "TCP"))
                            .withPort(port.getPort())
                            .withAppProtocol(port.getAppProtocol())
                            .build())
                    .toList();
            int count = 0;
            for (EndpointAddress address : subset.getAddresses()) {
                if (count++ < MAX_ENDPOINTS) {
                    add(groups, ports, address, true);
                }
            }
            for (EndpointAddress address : subset.getNotReadyAddresses()) {
                if (count++ < MAX_ENDPOINTS) {
                    add(groups, ports, address, false);
                }
            }
        }
        return groups;
    }

    private static void add(
            Map<Group, List<Endpoint>> groups, List<EndpointPort> ports, EndpointAddress address, boolean isReady) {
        String family = address.getIp().contains(":") ? "IPv6" : "IPv4";
        groups.computeIfAbsent(new Group(family, ports), group -> new ArrayList<>())
                .add(new EndpointBuilder()
                        .withAddresses(address.getIp())
                        .withNewConditions()
                        .withReady(isReady)
                        .endConditions()
                        .withHostname(address.getHostname())
                        .withNodeName(address.getNodeName())
                        .withTargetRef(address.getTargetRef())
                        .build());
    }

    private static EndpointSlice slice(Endpoints source, Group group, List<Endpoint> endpoints) {
        return new EndpointSliceBuilder()
                .withNewMetadata()
                .withNamespace(source.getMetadata().getNamespace())
                .withGenerateName(source.getMetadata().getName() + "-")
                .withLabels(labels(source))
                .withAnnotations(annotations(source))
                .withOwnerReferences(OwnerReferences.controller(source))
                .endMetadata()
                .withAddressType(group.family())
                .withPorts(group.ports())
                .withEndpoints(endpoints)
                .build();
    }

    private static Map<String, String> labels(Endpoints source) {
        Map<String, String> labels =
                new LinkedHashMap<>(orEmpty(source.getMetadata().getLabels()));
        labels.put(SlicePlan.SERVICE_NAME, source.getMetadata().getName());
        labels.put(SlicePlan.MANAGED_BY, MANAGER);
        return labels;
    }

    private static Map<String, String> annotations(Endpoints source) {
        Map<String, String> annotations =
                new LinkedHashMap<>(orEmpty(source.getMetadata().getAnnotations()));
        annotations.remove(LAST_APPLIED);
        annotations.remove(EndpointRules.TRIGGER_TIME);
        return annotations;
    }

    private static boolean isEmpty(@Nullable Map<String, String> map) {
        return map == null || map.isEmpty();
    }

    private static Map<String, String> orEmpty(@Nullable Map<String, String> map) {
        return map == null ? Map.of() : map;
    }
}
