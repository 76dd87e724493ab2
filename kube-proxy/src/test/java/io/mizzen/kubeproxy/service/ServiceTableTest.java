// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy.service;

import static io.mizzen.kubeproxy.TestServices.endpoint;
import static io.mizzen.kubeproxy.TestServices.ready;
import static io.mizzen.kubeproxy.TestServices.service;
import static io.mizzen.kubeproxy.TestServices.slice;
import static io.mizzen.kubeproxy.TestServices.table;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ServiceTableTest {
    private static EndpointChoice choose(Endpoint... endpoints) {
        return table(List.of(service("web", "10.43.0.5", 80)), List.of(slice("web", 8080, endpoints)))
                .ports()
                .values()
                .iterator()
                .next();
    }

    private static List<String> ips(List<io.mizzen.kubeproxy.service.Endpoint> endpoints) {
        return endpoints.stream().map(io.mizzen.kubeproxy.service.Endpoint::ip).toList();
    }

    @Test
    void usesReadyEndpointsOnly() {
        EndpointChoice choice = choose(ready("10.42.0.1", "node"), endpoint("10.42.0.2", "node", false, false, false));

        assertThat(ips(choice.cluster())).containsExactly("10.42.0.1");
    }

    @Test
    void fallsBackToTerminatingEndpointsThatStillServe() {
        EndpointChoice choice = choose(
                endpoint("10.42.0.1", "node", false, true, true),
                endpoint("10.42.0.2", "node", false, false, true),
                endpoint("10.42.0.3", "node", false, false, false));

        assertThat(ips(choice.cluster())).containsExactly("10.42.0.1");
    }

    @Test
    void fallsBackForLocalTrafficOnItsOwn() {
        EndpointChoice choice = choose(endpoint("10.42.0.1", "node", false, true, true), ready("10.42.1.1", "other"));

        assertThat(ips(choice.cluster())).containsExactly("10.42.1.1");
        assertThat(ips(choice.local())).containsExactly("10.42.0.1");
    }

    @Test
    void followsZoneHintsOnlyIfAllEndpointsHaveThem() {
        var here = hinted("10.42.0.1", "a");
        var there = hinted("10.42.0.2", "b");
        var silent =
                new io.mizzen.kubeproxy.service.Endpoint("10.42.0.3", 80, true, true, false, false, Set.of(), Set.of());

        assertThat(ips(EndpointChoice.of(List.of(here, there), "node", "a").cluster()))
                .containsExactly("10.42.0.1");
        assertThat(EndpointChoice.of(List.of(here, there, silent), "node", "a").cluster())
                .hasSize(3);
        assertThat(EndpointChoice.of(List.of(here, there), "node", "c").cluster())
                .hasSize(2);
    }

    @Test
    void leavesOutHeadlessAndExternalNameServices() {
        var headless = service("db", "None", 80);
        var external = service(
                "ext",
                "10.43.0.9",
                80,
                s -> s.editSpec().withType("ExternalName").endSpec());

        assertThat(table(List.of(headless, external), List.of()).ports()).isEmpty();
    }

    @Test
    void forgetsFlowsOfGoneUdpEndpointsAndOfServicesThatHadNone() {
        var dns = service("dns", "10.43.0.10", 53, "UDP", s -> s);
        ServiceTable none = table(List.of(dns), List.of());
        ServiceTable two = table(
                List.of(dns), List.of(slice("dns", "UDP", 53, ready("10.42.0.1", "node"), ready("10.42.0.2", "node"))));
        ServiceTable one = table(List.of(dns), List.of(slice("dns", "UDP", 53, ready("10.42.0.1", "node"))));

        assertThat(StaleFlows.between(two, one)).containsExactly(new StaleFlows.Flow("10.43.0.10", 53, "10.42.0.2"));
        assertThat(StaleFlows.between(none, two)).containsExactly(new StaleFlows.Flow("10.43.0.10", 53, ""));
        assertThat(StaleFlows.between(one, two)).isEmpty();
    }

    private static io.mizzen.kubeproxy.service.Endpoint hinted(String ip, String zone) {
        return new io.mizzen.kubeproxy.service.Endpoint(ip, 80, true, true, false, false, Set.of(zone), Set.of());
    }

    @Test
    void countsTheReadyLocalEndpointsOfServicesWithAHealthCheckPort() {
        var balanced = service(
                "web",
                "10.43.0.5",
                80,
                builder -> builder.editSpec()
                        .withType("LoadBalancer")
                        .withExternalTrafficPolicy("Local")
                        .withHealthCheckNodePort(31000)
                        .endSpec());
        var slices = List.of(slice(
                "web",
                8080,
                ready("10.42.0.1", "node"),
                ready("10.42.0.2", "node"),
                endpoint("10.42.0.3", "node", false, true, true),
                ready("10.42.1.1", "other")));

        var health = ServiceHealth.of(
                List.of(balanced, service("plain", "10.43.0.6", 80)), table(List.of(balanced), slices));

        assertThat(health).hasSize(1).containsEntry(31000, new ServiceHealth("default", "web", 2));
        assertThat(health.get(31000).json()).contains("\"localEndpoints\":2");
    }
}
