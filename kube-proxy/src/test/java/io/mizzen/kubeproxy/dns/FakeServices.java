// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy.dns;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.util.List;
import java.util.Optional;

/** Services of a fixed list. */
record FakeServices(List<Service> services, List<EndpointSlice> slices) implements ServiceSource {
    @Override
    public Optional<Service> service(String namespace, String name) {
        return services.stream()
                .filter(s -> s.getMetadata().getName().equals(name)
                        && s.getMetadata().getNamespace().equals(namespace))
                .findFirst();
    }

    @Override
    public List<EndpointSlice> slices(String namespace, String service) {
        return slices.stream()
                .filter(s -> s.getMetadata().getNamespace().equals(namespace)
                        && service.equals(s.getMetadata().getLabels().get("kubernetes.io/service-name")))
                .toList();
    }

    @Override
    public List<Service> servicesAt(String ip) {
        return services.stream()
                .filter(s -> s.getSpec().getClusterIPs().contains(ip))
                .toList();
    }

    @Override
    public List<EndpointSlice> slicesAt(String ip) {
        return slices.stream()
                .filter(s ->
                        s.getEndpoints().stream().anyMatch(e -> e.getAddresses().contains(ip)))
                .toList();
    }

    @Override
    public boolean hasServices(String namespace) {
        return services.stream().anyMatch(s -> s.getMetadata().getNamespace().equals(namespace));
    }
}
