// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.endpoint;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPort;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPortBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.mizzen.client.Json;
import io.mizzen.client.OwnerReferences;
import io.mizzen.controller.pod.Pods;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Decides how the EndpointSlices of a Service change. Endpoints that are in a slice already stay in it; new ones fill the
 * slices there are before a new one is made, so that a change of one pod writes one slice. Pure.
 */
final class SlicePlan {

    static final int MAX_ENDPOINTS = 100;
    static final String SERVICE_NAME = "kubernetes.io/service-name";
    static final String MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
    static final String MANAGER = "endpointslice-controller.k8s.io";
    private static final Set<String> ZONAL = Set.of("PreferClose", "PreferSameZone", "PreferSameNode");
    private static final String ZONE = "topology.kubernetes.io/zone";

    private SlicePlan() {}

    /** What to write. */
    record Changes(List<EndpointSlice> create, List<EndpointSlice> update, List<EndpointSlice> delete) {
        Changes {
            create = List.copyOf(create);
            update = List.copyOf(update);
            delete = List.copyOf(delete);
        }
    }

    /** What is known. */
    record Observed(Service service, List<Pod> pods, Map<String, Node> nodes, List<EndpointSlice> slices) {

        /** A slice of a former Service of this name goes with it: what is put there is lost. */
        private boolean owns(EndpointSlice slice) {
            return OwnerReferences.isControlledBy(slice, service);
        }
    }

    static Changes decide(Observed observed) {
        List<EndpointSlice> create = new ArrayList<>();
        List<EndpointSlice> update = new ArrayList<>();
        List<EndpointSlice> delete = new ArrayList<>();
        List<String> families = families(observed.service());
        for (String family : families) {
            new Family(observed, family).decide(create, update, delete);
        }
        observed.slices().stream()
                .filter(slice -> !families.contains(slice.getAddressType()) || !observed.owns(slice))
                .forEach(delete::add);
        return new Changes(create, update, delete);
    }

    private static List<String> families(Service service) {
        List<String> families = service.getSpec().getIpFamilies();
        return families == null || families.isEmpty() ? List.of("IPv4") : List.copyOf(families);
    }

    /** The slices of one address family. */
    private static final class Family {
        private final Observed observed;
        private final String family;
        private final Map<List<EndpointRules.Port>, Map<String, Endpoint>> wanted = new LinkedHashMap<>();
        private final Optional<String> trigger;

        Family(Observed observed, String family) {
            this.observed = observed;
            this.family = family;
            List<Pod> used = new ArrayList<>();
            for (Pod pod : observed.pods()) {
                Optional<String> address = EndpointRules.address(pod, family.equals("IPv6"));
                if (address.isPresent() && EndpointRules.hasEndpoint(pod, true)) {
                    wanted.computeIfAbsent(EndpointRules.ports(observed.service(), pod), p -> new TreeMap<>())
                            .put(String.valueOf(pod.getMetadata().getUid()), endpoint(pod, address.get()));
                    used.add(pod);
                }
            }
            this.trigger = EndpointRules.triggerTime(used);
        }

        void decide(List<EndpointSlice> create, List<EndpointSlice> update, List<EndpointSlice> delete) {
            Map<List<EndpointRules.Port>, List<EndpointSlice>> present = new HashMap<>();
            for (EndpointSlice slice : observed.slices()) {
                if (family.equals(slice.getAddressType()) && observed.owns(slice)) {
                    present.computeIfAbsent(portsOf(slice), p -> new ArrayList<>())
                            .add(slice);
                }
            }
            if (wanted.isEmpty()) {
                decidePlaceholder(present, create, update, delete);
                return;
            }
            wanted.forEach((ports, endpoints) ->
                    fill(ports, endpoints, present.getOrDefault(ports, List.of()), create, update, delete));
            present.forEach((ports, slices) -> {
                if (!wanted.containsKey(ports)) {
                    delete.addAll(slices);
                }
            });
        }

        /** A Service without endpoints has one empty slice, so that its readers know that it was looked at. */
        private void decidePlaceholder(
                Map<List<EndpointRules.Port>, List<EndpointSlice>> present,
                List<EndpointSlice> create,
                List<EndpointSlice> update,
                List<EndpointSlice> delete) {
            List<EndpointSlice> slices =
                    present.values().stream().flatMap(List::stream).toList();
            if (slices.isEmpty()) {
                create.add(slice(List.of(), List.of()));
                return;
            }
            EndpointSlice kept = slices.getFirst();
            delete.addAll(slices.subList(1, slices.size()));
            if (kept.getPorts() != null && !kept.getPorts().isEmpty()
                    || !endpointsOf(kept).isEmpty()
                    || !labels().equals(kept.getMetadata().getLabels())) {
                update.add(changed(kept, List.of(), List.of()));
            }
        }

        private void fill(
                List<EndpointRules.Port> ports,
                Map<String, Endpoint> endpoints,
                List<EndpointSlice> slices,
                List<EndpointSlice> create,
                List<EndpointSlice> update,
                List<EndpointSlice> delete) {
            Map<String, Endpoint> missing = new LinkedHashMap<>(endpoints);
            Map<EndpointSlice, List<Endpoint>> contents = new LinkedHashMap<>();
            for (EndpointSlice slice : slices) {
                List<Endpoint> kept = new ArrayList<>();
                for (Endpoint endpoint : endpointsOf(slice)) {
                    Endpoint current = missing.remove(uidOf(endpoint));
                    if (current != null) {
                        kept.add(current);
                    }
                }
                contents.put(slice, kept);
            }
            List<Endpoint> rest = new ArrayList<>(missing.values());
            contents.values().forEach(kept -> {
                while (!rest.isEmpty() && kept.size() < MAX_ENDPOINTS) {
                    kept.add(rest.removeFirst());
                }
            });
            contents.forEach((slice, kept) -> {
                if (kept.isEmpty()) {
                    delete.add(slice);
                } else if (!Json.tree(kept).equals(Json.tree(endpointsOf(slice)))
                        || !labels().equals(slice.getMetadata().getLabels())) {
                    update.add(changed(slice, ports, kept));
                }
            });
            for (int from = 0; from < rest.size(); from += MAX_ENDPOINTS) {
                create.add(slice(ports, rest.subList(from, Math.min(rest.size(), from + MAX_ENDPOINTS))));
            }
        }

        private EndpointSlice slice(List<EndpointRules.Port> ports, List<Endpoint> endpoints) {
            Service service = observed.service();
            EndpointSliceBuilder builder = new EndpointSliceBuilder()
                    .withNewMetadata()
                    .withNamespace(service.getMetadata().getNamespace())
                    .withGenerateName(service.getMetadata().getName() + "-")
                    .withLabels(labels())
                    .withOwnerReferences(OwnerReferences.controller(service))
                    .endMetadata()
                    .withAddressType(family)
                    .withEndpoints(List.copyOf(endpoints))
                    .withPorts(models(ports));
            trigger.ifPresent(time -> builder.editMetadata()
                    .addToAnnotations(EndpointRules.TRIGGER_TIME, time)
                    .endMetadata());
            return builder.build();
        }

        private EndpointSlice changed(EndpointSlice slice, List<EndpointRules.Port> ports, List<Endpoint> endpoints) {
            EndpointSliceBuilder builder = new EndpointSliceBuilder(slice)
                    .editMetadata()
                    .withLabels(labels())
                    .removeFromAnnotations(EndpointRules.TRIGGER_TIME)
                    .endMetadata()
                    .withEndpoints(List.copyOf(endpoints))
                    .withPorts(models(ports));
            trigger.ifPresent(time -> builder.editMetadata()
                    .addToAnnotations(EndpointRules.TRIGGER_TIME, time)
                    .endMetadata());
            return builder.build();
        }

        private Map<String, String> labels() {
            Map<String, String> labels = EndpointRules.labels(observed.service());
            labels.put(SERVICE_NAME, observed.service().getMetadata().getName());
            labels.put(MANAGED_BY, MANAGER);
            return labels;
        }

        private Endpoint endpoint(Pod pod, String address) {
            boolean serving = Pods.isReady(pod);
            boolean terminating = Pods.isTerminating(pod);
            boolean ready = EndpointRules.publishesNotReady(observed.service()) || (serving && !terminating);
            String node = Pods.node(pod);
            String zone = zone(node);
            EndpointBuilder endpoint = new EndpointBuilder()
                    .withAddresses(address)
                    .withNewConditions()
                    .withReady(ready)
                    .withServing(serving)
                    .withTerminating(terminating)
                    .endConditions()
                    .withHostname(EndpointRules.hostname(observed.service(), pod))
                    .withTargetRef(EndpointRules.reference(pod))
                    .withNodeName(node.isEmpty() ? null : node)
                    .withZone(zone);
            String distribution = observed.service().getSpec().getTrafficDistribution();
            boolean prefersNode = "PreferSameNode".equals(distribution) && !node.isEmpty();
            boolean prefersZone = ZONAL.contains(String.valueOf(distribution)) && zone != null;
            if (ready && (prefersNode || prefersZone)) {
                var hints = endpoint.withNewHints();
                if (prefersZone) {
                    hints.addNewForZone(zone);
                }
                if (prefersNode) {
                    hints.addNewForNode(node);
                }
                hints.endHints();
            }
            return endpoint.build();
        }

        private @Nullable String zone(String node) {
            Node known = observed.nodes().get(node);
            Map<String, String> labels =
                    known == null ? null : known.getMetadata().getLabels();
            return labels == null ? null : labels.get(ZONE);
        }
    }

    private static List<Endpoint> endpointsOf(EndpointSlice slice) {
        return slice.getEndpoints() == null ? List.of() : slice.getEndpoints();
    }

    private static String uidOf(Endpoint endpoint) {
        return endpoint.getTargetRef() == null
                ? ""
                : String.valueOf(endpoint.getTargetRef().getUid());
    }

    private static List<EndpointRules.Port> portsOf(EndpointSlice slice) {
        if (slice.getPorts() == null) {
            return List.of();
        }
        return slice.getPorts().stream()
                .map(port -> new EndpointRules.Port(
                        Objects.requireNonNullElse(port.getName(), ""),
                        Objects.requireNonNullElse(port.getProtocol(), "TCP"),
                        port.getPort(),
                        port.getAppProtocol()))
                .sorted()
                .toList();
    }

    private static List<EndpointPort> models(List<EndpointRules.Port> ports) {
        return ports.stream()
                .map(port -> new EndpointPortBuilder()
                        .withName(port.name())
                        .withProtocol(port.protocol())
                        .withPort(port.number())
                        .withAppProtocol(port.appProtocol())
                        .build())
                .toList();
    }
}
