// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy.nftables;

import static io.mizzen.kubeproxy.TestServices.nodePort;
import static io.mizzen.kubeproxy.TestServices.ready;
import static io.mizzen.kubeproxy.TestServices.service;
import static io.mizzen.kubeproxy.TestServices.slice;
import static io.mizzen.kubeproxy.TestServices.table;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.mizzen.kubeproxy.service.Family;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class TransactionTest {
    private static final RulesetBuilder.Settings SETTINGS =
            new RulesetBuilder.Settings("test-proxy", List.of("10.42.0.0/16"), List.of("10.43.0.0/16"));
    private static final EndpointSlice TWO =
            slice("web", 8080, ready("10.42.0.11", "node"), ready("10.42.1.12", "other"));

    private static Ruleset rules(List<Service> services, List<EndpointSlice> slices) {
        return RulesetBuilder.build(table(services, slices), SETTINGS, Family.IPV4);
    }

    /** Compares with a file of the test resources; {@code -Dgolden.rewrite} writes it instead. */
    private static void assertGolden(String name, Transaction transaction) throws IOException {
        if (System.getProperty("golden.rewrite") != null) {
            Files.writeString(Path.of("src/test/resources/golden", name), transaction.text());
        }
        try (var stream = TransactionTest.class.getResourceAsStream("/golden/" + name)) {
            String expected = stream == null
                    ? Files.readString(Path.of("src/test/resources/golden", name))
                    : new String(stream.readAllBytes(), StandardCharsets.UTF_8);
            assertThat(transaction.text()).isEqualTo(expected);
        }
    }

    @Test
    void writesTheWholeTable() throws IOException {
        Service web = service("web", "10.43.0.5", 80, nodePort(30080));
        Service empty = service("empty", "10.43.0.6", 80, nodePort(30081));
        Service sticky = service(
                "sticky",
                "10.43.0.7",
                80,
                s -> s.editSpec().withSessionAffinity("ClientIP").endSpec());
        Service local = service(
                "local",
                "10.43.0.8",
                80,
                s -> nodePort(30082)
                        .apply(s)
                        .editSpec()
                        .withExternalTrafficPolicy("Local")
                        .withInternalTrafficPolicy("Local")
                        .withExternalIPs("192.0.2.50")
                        .endSpec());
        Service balanced = service(
                "lb",
                "10.43.0.9",
                80,
                s -> s.editSpec()
                        .withType("LoadBalancer")
                        .withLoadBalancerSourceRanges("203.0.113.0/24")
                        .endSpec()
                        .withNewStatus()
                        .withNewLoadBalancer()
                        .addNewIngress()
                        .withIp("192.0.2.60")
                        .endIngress()
                        .endLoadBalancer()
                        .endStatus());
        List<EndpointSlice> slices = List.of(
                TWO,
                slice("sticky", 8080, ready("10.42.0.11", "node"), ready("10.42.1.12", "other")),
                slice("local", 8080, ready("10.42.0.11", "node"), ready("10.42.1.12", "other")),
                slice("lb", 8080, ready("10.42.0.11", "node")));

        assertGolden(
                "whole-table.nft", Transaction.replaceAll(rules(List.of(web, empty, sticky, local, balanced), slices)));
    }

    @Test
    void changesOnlyTheChainOfAServiceWhoseEndpointsChanged() throws IOException {
        List<Service> services = List.of(service("web", "10.43.0.5", 80), service("other", "10.43.0.6", 80));
        EndpointSlice other = slice("other", 80, ready("10.42.1.20", "other"));
        Ruleset before = rules(services, List.of(TWO, other));
        Ruleset after = rules(services, List.of(slice("web", 8080, ready("10.42.1.12", "other")), other));

        assertGolden("one-endpoint-less.nft", Transaction.between(before, after));
    }

    @Test
    void movesAServiceThatLosesItsLastEndpointToTheUnserved() throws IOException {
        List<Service> services = List.of(service("web", "10.43.0.5", 80));

        assertGolden(
                "last-endpoint-gone.nft",
                Transaction.between(rules(services, List.of(TWO)), rules(services, List.of())));
    }

    @Test
    void removesAllTracesOfADeletedService() throws IOException {
        Service sticky = service(
                "web",
                "10.43.0.5",
                80,
                s -> nodePort(30080)
                        .apply(s)
                        .editSpec()
                        .withSessionAffinity("ClientIP")
                        .endSpec());

        assertGolden(
                "service-deleted.nft",
                Transaction.between(rules(List.of(sticky), List.of(TWO)), rules(List.of(), List.of())));
    }

    @Test
    void doesNothingWhereNothingChanged() {
        Ruleset rules = rules(List.of(service("web", "10.43.0.5", 80)), List.of(TWO));

        assertThat(Transaction.between(rules, rules).isEmpty()).isTrue();
    }
}
