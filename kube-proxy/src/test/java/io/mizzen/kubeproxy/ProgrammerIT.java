// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy;

import static io.mizzen.kubeproxy.TestServices.nodePort;
import static io.mizzen.kubeproxy.TestServices.ready;
import static io.mizzen.kubeproxy.TestServices.service;
import static io.mizzen.kubeproxy.TestServices.slice;
import static io.mizzen.kubeproxy.TestServices.table;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.mizzen.kubeproxy.service.Family;
import io.mizzen.kubeproxy.service.ServiceTable;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Real connections through real rules, inside network namespaces that the test makes. Needs root, nft and conntrack. */
class ProgrammerIT {
    private static TestNetwork network;
    private Programmer programmer;

    private static final EndpointSlice BOTH =
            slice("web", 8080, ready("10.42.0.11", "node"), ready("10.42.0.12", "node"));
    private static final EndpointSlice ONE = slice("web", 8080, ready("10.42.0.11", "node"));

    @BeforeAll
    static void buildNetwork() throws Exception {
        assumeTrue(TestNetwork.isPossible(), "needs root, ip netns, nft and conntrack");
        network = new TestNetwork();
        network.addPod("pod1", 11);
        network.addPod("pod2", 12);
        network.serve("pod1", 8080);
        network.serve("pod2", 8080);
        network.serveUdp("pod1", 5353);
        network.serveUdp("pod2", 5353);
        for (String ip : List.of("10.42.0.11", "10.42.0.12")) {
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> network.ask("node", ip, 5353).output().startsWith("pod"));
        }
        for (String address : List.of("10.42.0.11:8080", "10.42.0.12:8080")) {
            await().atMost(Duration.ofSeconds(10))
                    .until(() -> network.get("node", address).exitCode() == 0);
        }
    }

    @AfterAll
    static void removeNetwork() throws Exception {
        if (network != null) {
            network.close();
        }
    }

    @BeforeEach
    void startAnew() throws Exception {
        programmer = new Programmer(new KubeProxyOptions(
                "node",
                List.of("10.42.0.0/16"),
                List.of("10.43.0.0/16"),
                "test-proxy",
                network.prefixed("node", "nft"),
                network.prefixed("node", "conntrack"),
                Duration.ofMillis(1),
                null,
                null,
                null));
    }

    private void program(List<Service> services, List<EndpointSlice> slices) throws IOException, InterruptedException {
        programmer.program(table(services, slices), Family.IPV4);
    }

    private static Set<String> answers(String from, String address) throws IOException, InterruptedException {
        Set<String> answers = new HashSet<>();
        for (int i = 0; i < 24; i++) {
            TestNetwork.Answer answer = network.get(from, address);
            assertThat(answer.exitCode()).as(answer.output()).isZero();
            answers.add(answer.output());
        }
        return answers;
    }

    @Test
    void balancesAClusterIpOverItsEndpointsForTheHostAndForPods() throws Exception {
        program(List.of(service("web", "10.43.0.5", 80)), List.of(BOTH));

        assertThat(answers("node", "10.43.0.5")).containsExactlyInAnyOrder("pod1", "pod2");
        assertThat(answers("pod1", "10.43.0.5")).containsExactlyInAnyOrder("pod1", "pod2");
    }

    @Test
    void letsAPodReachItselfThroughItsService() throws Exception {
        program(List.of(service("web", "10.43.0.5", 80)), List.of(ONE));

        assertThat(answers("pod1", "10.43.0.5")).containsExactly("pod1");
    }

    @Test
    void answersAtANodePortForOutsidersHostAndPods() throws Exception {
        program(List.of(service("web", "10.43.0.5", 80, nodePort(30080))), List.of(BOTH));

        for (String from : List.of("out", "node", "pod1")) {
            assertThat(answers(from, TestNetwork.NODE_IP + ":30080")).containsExactlyInAnyOrder("pod1", "pod2");
        }
    }

    @Test
    void rejectsAtOnceWhatNobodyServes() throws Exception {
        program(List.of(service("web", "10.43.0.5", 80, nodePort(30080))), List.of());

        for (String from : List.of("node", "pod1")) {
            for (String address : List.of("10.43.0.5", "10.43.77.7", TestNetwork.NODE_IP + ":30080")) {
                long start = System.nanoTime();
                assertThat(network.get(from, address).output())
                        .as(from + " to " + address)
                        .contains("refused");
                assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(1));
            }
        }
        assertThat(network.get("out", TestNetwork.NODE_IP + ":30080").output()).contains("refused");
    }

    @Test
    void keepsAClientWithItsEndpointWhenAskedTo() throws Exception {
        program(
                List.of(service(
                        "web",
                        "10.43.0.5",
                        80,
                        s -> s.editSpec().withSessionAffinity("ClientIP").endSpec())),
                List.of(BOTH));

        assertThat(answers("pod1", "10.43.0.5")).hasSize(1);
    }

    @Test
    void keepsTheClientsAddressAndOnlyLocalEndpointsWithPolicyLocal() throws Exception {
        Service local = service(
                "web",
                "10.43.0.5",
                80,
                s -> nodePort(30080)
                        .apply(s)
                        .editSpec()
                        .withExternalTrafficPolicy("Local")
                        .endSpec());
        EndpointSlice elsewhere = slice("web", 8080, ready("10.42.0.11", "node"), ready("10.42.0.12", "other"));
        EndpointSlice onlyElsewhere = slice("web", 8080, ready("10.42.0.12", "other"));
        network.in("out", "ip route add 10.42.0.0/24 via " + TestNetwork.NODE_IP);

        program(List.of(local), List.of(elsewhere));
        assertThat(answers("out", TestNetwork.NODE_IP + ":30080")).containsExactly("pod1");

        program(List.of(local), List.of(onlyElsewhere));
        assertThat(network.get("out", TestNetwork.NODE_IP + ":30080").exitCode())
                .isNotZero();
        assertThat(answers("pod1", TestNetwork.NODE_IP + ":30080")).containsExactly("pod2");
    }

    @Test
    void appliesChangesStepByStep() throws Exception {
        Service web = service("web", "10.43.0.5", 80);
        program(List.of(web), List.of(BOTH));
        program(List.of(web), List.of(ONE));
        assertThat(answers("node", "10.43.0.5")).containsExactly("pod1");

        program(List.of(web), List.of());
        assertThat(network.get("node", "10.43.0.5").output()).contains("refused");

        program(List.of(web), List.of(BOTH));
        assertThat(answers("node", "10.43.0.5")).containsExactlyInAnyOrder("pod1", "pod2");

        program(List.of(), List.of());
        assertThat(network.get("node", "10.43.0.5").output()).contains("refused");
    }

    @Test
    void makesItsTableAgainWhenSomebodyRemovedIt() throws Exception {
        List<Service> services = List.of(service("web", "10.43.0.5", 80));
        program(services, List.of(ONE));
        network.in("node", "nft delete table ip test-proxy");

        programmer.check();
        program(services, List.of(ONE));

        assertThat(answers("node", "10.43.0.5")).containsExactly("pod1");
    }

    @Test
    void keepsAnOpenConnectionWhenItsEndpointGoes() throws Exception {
        Service web = service("web", "10.43.0.5", 80);
        program(List.of(web), List.of(ONE));
        try (OpenConnection connection = OpenConnection.tcp(network.prefixed("node", "bash"), "10.43.0.5", 80)) {
            program(List.of(web), List.of(slice("web", 8080, ready("10.42.0.12", "node"))));

            assertThat(connection.request("GET / HTTP/1.0")).contains("pod1");
        }
    }

    @Test
    void sendsAUdpClientOnWhenItsEndpointGoes() throws Exception {
        Service dns = service("dns", "10.43.0.10", 53, "UDP", s -> s);
        program(List.of(dns), List.of(slice("dns", "UDP", 5353, ready("10.42.0.11", "node"))));
        try (OpenConnection client = OpenConnection.udp(network.prefixed("node", "bash"), "10.43.0.10", 53)) {
            assertThat(client.exchange("x")).isEqualTo("pod1");

            program(List.of(dns), List.of(slice("dns", "UDP", 5353, ready("10.42.0.12", "node"))));

            assertThat(client.exchange("x")).isEqualTo("pod2");
        }
    }

    @Test
    void programsTheSecondFamilyBesideTheFirst() throws Exception {
        Service web = service(
                "web",
                "10.43.0.5",
                80,
                s -> nodePort(30080)
                        .apply(s)
                        .editSpec()
                        .withClusterIPs("10.43.0.5", "fd00:43::5")
                        .endSpec());
        EndpointSlice six = new EndpointSliceBuilder(
                        slice("web", 8080, ready("fd00:42::11", "node"), ready("fd00:42::12", "node")))
                .withAddressType("IPv6")
                .build();
        ServiceTable table = ServiceTable.of(List.of(web), List.of(BOTH, six), TestServices.NODE, Family.IPV6);

        assertThat(programmer.program(table, Family.IPV6)).isTrue();

        assertThat(network.in("node", "nft list chain ip6 test-proxy service-default/web/tcp/80")
                        .output())
                .contains("fd00:42::11 . 8080", "fd00:42::12 . 8080");
    }

    @Test
    void removesEverythingAtTheEnd() throws Exception {
        program(List.of(service("web", "10.43.0.5", 80)), List.of(ONE));

        programmer.removeAll();

        assertThat(network.in("node", "nft list tables").output()).doesNotContain("test-proxy");
    }
}
