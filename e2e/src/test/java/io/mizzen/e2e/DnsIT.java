// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e;

import static io.mizzen.e2e.cluster.Kubectl.within;
import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.e2e.cluster.Cluster;
import io.mizzen.e2e.cluster.Command;
import io.mizzen.e2e.cluster.Kubectl;
import io.mizzen.e2e.cluster.NameServer;
import io.mizzen.e2e.cluster.NetworkNamespace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pods find Services, each other and the world outside by name; a name server of the story's own plays the world. */
class DnsIT {
    private static final String ZONE = "default.svc.cluster.local";
    private static final Pattern ADDRESS = Pattern.compile("\nAddress: ([0-9.]+)");

    @TempDir
    private static Path folder;

    private static Cluster cluster;
    private static Kubectl kubectl;
    private static NameServer world;

    @BeforeAll
    static void startsAClusterAndAWorld() throws IOException {
        NetworkNamespace network = NetworkNamespace.create();
        Path servers = Files.writeString(
                folder.resolve("resolv.conf"), "nameserver " + network.nodeIp() + "\nsearch outside.test\n");
        cluster = Cluster.start(network, DnsIT.class, "--resolv-conf=" + servers);
        kubectl = cluster.kubectl();
        world = NameServer.start(network, "www.outside.test", "192.0.2.80");
        kubectl.apply(NAMES.replace("IMAGE", Cluster.IMAGE));
        kubectl.ok("rollout", "status", "statefulset/head", "--timeout=60s");
        kubectl.ok("wait", "--for=condition=Ready", "pod/named", "pod/plain", "pod/own", "pod/host", "--timeout=60s");
    }

    @AfterAll
    static void removesThem() throws Exception {
        world.close();
        cluster.close();
    }

    @Test
    void aServiceIsItsClusterAddressByShortAndLongNames() {
        String address = kubectl.find("service/web", ".spec.clusterIP");

        assertThat(addresses("web." + ZONE)).containsExactly(address);
        assertThat(kubectl.ok("exec", "head-0", "--", "cat", "/etc/resolv.conf"))
                .startsWith("search " + ZONE + " svc.cluster.local cluster.local outside.test\nnameserver 10.43.0.10\n")
                .contains("options ndots:5");
        for (String name : List.of("web", "web.default", "web.default.svc")) {
            assertThat(kubectl.run("exec", "head-0", "--", "ping", "-c1", "-W1", name)
                            .out())
                    .as("resolved, though nothing there answers a ping")
                    .startsWith("PING " + name + " (" + address + ")");
        }
        assertThat(ask(address)).contains("name = web." + ZONE);
        assertThat(ask("-type=srv", "_http._tcp.web." + ZONE)).contains("service = 0 100 80 web." + ZONE);
        assertThat(ask("-type=aaaa", "web." + ZONE))
                .as("no such record, but the name is there")
                .contains("Server:", "10.43.0.10")
                .doesNotContain("NXDOMAIN", "SERVFAIL", "timed out");
    }

    @Test
    void aHeadlessServiceIsItsPodsAndEachHasAName() {
        String first = kubectl.find("pod/head-0", ".status.podIP");
        String second = kubectl.find("pod/head-1", ".status.podIP");

        assertThat(addresses("head." + ZONE)).contains(first, second).hasSize(3);
        assertThat(addresses("head-0.head." + ZONE)).containsExactly(first);
        assertThat(addresses("head-1.head." + ZONE)).containsExactly(second);
        assertThat(ask("-type=srv", "_http._tcp.head." + ZONE))
                .contains("80 head-0.head." + ZONE, "80 head-1.head." + ZONE);
        assertThat(ask(second)).contains("name = head-1.head." + ZONE);
        assertThat(addresses("tom.head." + ZONE))
                .as("hostname and subdomain of an ordinary pod")
                .containsExactly(kubectl.find("pod/named", ".status.podIP"));
        assertThat(kubectl.ok("exec", "named", "--", "hostname", "-f")).isEqualTo("tom.head." + ZONE + "\n");
    }

    @Test
    void podsThatAreNotReadyAreLeftOutUnlessTheServiceWantsThem() {
        within(Duration.ofSeconds(20))
                .untilAsserted(() ->
                        assertThat(kubectl.find("pod/unready", ".status.phase")).isEqualTo("Running"));
        String address = kubectl.find("pod/unready", ".status.podIP");

        within(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(addresses("eager." + ZONE)).containsExactly(address));
        assertThat(ask("patient." + ZONE))
                .contains("Server:", "10.43.0.10")
                .doesNotContain(address, "SERVFAIL", "timed out");
    }

    @Test
    void anExternalNameIsAnotherNameAndTheWorldIsAsked() {
        assertThat(addresses("www.outside.test")).containsExactly("192.0.2.80");
        assertThat(ask("elsewhere." + ZONE)).contains("canonical name = www.outside.test", "192.0.2.80");
        assertThat(ask("nobody." + ZONE)).contains("NXDOMAIN");
    }

    @Test
    void aPodMayHaveNameServersOfItsOwn() {
        assertThat(kubectl.ok("exec", "plain", "--", "cat", "/etc/resolv.conf"))
                .as("dnsPolicy Default: the host's")
                .isEqualTo(
                        "search outside.test\nnameserver " + cluster.network().nodeIp() + "\n");
        assertThat(kubectl.ok("exec", "own", "--", "cat", "/etc/resolv.conf"))
                .as("dnsPolicy None: what the pod says")
                .isEqualTo("search mine.test\nnameserver 192.0.2.53\noptions ndots:2 edns0\n");
        assertThat(kubectl.ok("exec", "host", "--", "cat", "/etc/resolv.conf"))
                .as("ClusterFirstWithHostNet")
                .contains("nameserver 10.43.0.10");
    }

    private static String ask(String... question) {
        List<String> command = new ArrayList<>(List.of("exec", "head-0", "--", "nslookup"));
        command.addAll(List.of(question));
        Command done = kubectl.run(command.toArray(String[]::new));
        return done.out() + done.err();
    }

    private static TreeSet<String> addresses(String name) {
        TreeSet<String> addresses = new TreeSet<>();
        ADDRESS.matcher(ask("-type=a", name))
                .results()
                .map(MatchResult::group)
                .forEach(line -> addresses.add(line.strip().substring(9)));
        return addresses;
    }

    private static final String NAMES = """
            apiVersion: v1
            kind: Service
            metadata: {name: web}
            spec: {selector: {app: head}, ports: [{name: http, port: 80}]}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: head}
            spec: {clusterIP: None, selector: {app: head}, ports: [{name: http, port: 80}]}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: elsewhere}
            spec: {type: ExternalName, externalName: www.outside.test}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: patient}
            spec: {clusterIP: None, selector: {app: unready}}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: eager}
            spec: {clusterIP: None, publishNotReadyAddresses: true, selector: {app: unready}}
            ---
            apiVersion: apps/v1
            kind: StatefulSet
            metadata: {name: head}
            spec:
              replicas: 2
              serviceName: head
              selector: {matchLabels: {app: head, set: head}}
              template:
                metadata: {labels: {app: head, set: head}}
                spec: {terminationGracePeriodSeconds: 0, containers: [{name: main, image: IMAGE, command: [sleep, "3600"]}]}
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: named, labels: {app: head}}
            spec: {hostname: tom, subdomain: head, terminationGracePeriodSeconds: 0, containers: [{name: main, image: IMAGE, command: [sleep, "3600"]}]}
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: unready, labels: {app: unready}}
            spec: {terminationGracePeriodSeconds: 0, containers: [{name: main, image: IMAGE, command: [sleep, "3600"], readinessProbe: {exec: {command: ["false"]}}}]}
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: plain}
            spec: {dnsPolicy: Default, terminationGracePeriodSeconds: 0, containers: [{name: main, image: IMAGE, command: [sleep, "3600"]}]}
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: own}
            spec:
              dnsPolicy: None
              dnsConfig: {nameservers: [192.0.2.53], searches: [mine.test], options: [{name: ndots, value: "2"}, {name: edns0}]}
              terminationGracePeriodSeconds: 0
              containers: [{name: main, image: IMAGE, command: [sleep, "3600"]}]
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: host}
            spec: {dnsPolicy: ClusterFirstWithHostNet, hostNetwork: true, terminationGracePeriodSeconds: 0, containers: [{name: main, image: IMAGE, command: [sleep, "3600"]}]}
            """;
}
