// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.mizzen.kubeproxy.service.Family;
import io.mizzen.kubeproxy.service.ServiceTable;
import java.util.List;
import java.util.function.UnaryOperator;

/** Services and EndpointSlices for tests; the node is called {@code node}. */
public final class TestServices {
    public static final ServiceTable.Place NODE = new ServiceTable.Place("node", null);

    private TestServices() {}

    public static Service service(String name, String ip, int port, UnaryOperator<ServiceBuilder> change) {
        return service(name, ip, port, "TCP", change);
    }

    public static Service service(
            String name, String ip, int port, String protocol, UnaryOperator<ServiceBuilder> change) {
        ServiceBuilder builder = new ServiceBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withType("ClusterIP")
                .withClusterIP(ip)
                .addNewPort()
                .withProtocol(protocol)
                .withPort(port)
                .endPort()
                .endSpec();
        return change.apply(builder).build();
    }

    public static Service service(String name, String ip, int port) {
        return service(name, ip, port, builder -> builder);
    }

    public static UnaryOperator<ServiceBuilder> nodePort(int nodePort) {
        return builder -> builder.editSpec()
                .withType("NodePort")
                .editFirstPort()
                .withNodePort(nodePort)
                .endPort()
                .endSpec();
    }

    public static EndpointSlice slice(String service, String protocol, int port, Endpoint... endpoints) {
        return new EndpointSliceBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(service + "-1")
                .addToLabels("kubernetes.io/service-name", service)
                .endMetadata()
                .withAddressType("IPv4")
                .addNewPort()
                .withProtocol(protocol)
                .withPort(port)
                .endPort()
                .withEndpoints(endpoints)
                .build();
    }

    public static EndpointSlice slice(String service, int port, Endpoint... endpoints) {
        return slice(service, "TCP", port, endpoints);
    }

    public static Endpoint ready(String ip, String node) {
        return endpoint(ip, node, true, true, false);
    }

    public static Endpoint endpoint(String ip, String node, boolean ready, boolean serving, boolean terminating) {
        return new EndpointBuilder()
                .withAddresses(ip)
                .withNodeName(node)
                .withNewConditions()
                .withReady(ready)
                .withServing(serving)
                .withTerminating(terminating)
                .endConditions()
                .build();
    }

    public static ServiceTable table(List<Service> services, List<EndpointSlice> slices) {
        return ServiceTable.of(services, slices, NODE, Family.IPV4);
    }
}
