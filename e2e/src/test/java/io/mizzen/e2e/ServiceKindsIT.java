// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.e2e.cluster.Cluster;
import io.mizzen.e2e.cluster.Command;
import io.mizzen.e2e.cluster.Kubectl;
import io.mizzen.e2e.cluster.NameServer;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The less common fields of a Service, each told by what a client sees. */
class ServiceKindsIT {
    private static final Duration SOON = Duration.ofSeconds(20);
    private static final String NAME = "who.is.test";

    private static Cluster cluster;
    private static Kubectl kubectl;

    /** All pods start at once; each story has Services of its own. */
    @BeforeAll
    static void startsAClusterWithPods() {
        cluster = Cluster.start(ServiceKindsIT.class);
        kubectl = cluster.kubectl();
        String pods = PODS
                + DOOR.replace("COLOUR", "blue").replace("ADMIN", "8081")
                + DOOR.replace("COLOUR", "green").replace("ADMIN", "8082")
                + CLIENT.replace("NAME", "first")
                + CLIENT.replace("NAME", "second");
        kubectl.apply(pods.replace("IMAGE", Cluster.IMAGE));
        kubectl.ok("rollout", "status", "deployment/web", "--timeout=60s");
        kubectl.ok(
                "wait", "--for=condition=Ready", "pod/blue", "pod/green", "pod/first", "pod/second", "--timeout=60s");
    }

    @AfterAll
    static void removesTheCluster() throws Exception {
        cluster.close();
    }

    @Test
    void aServiceOverUdpFollowsItsEndpointThoughTheClientKeepsItsPort() throws Exception {
        List<String> first = networkOf("first");
        List<String> second = networkOf("second");
        kubectl.apply("""
                apiVersion: v1
                kind: Service
                metadata: {name: udp}
                spec:
                  type: NodePort
                  selector: {run: nobody}
                  ports: [{name: dns, port: 53, protocol: UDP}]
                """);
        String address = kubectl.find("service/udp", ".spec.clusterIP");
        int port = Integer.parseInt(kubectl.find("service/udp", ".spec.ports[0].nodePort"));
        try (NameServer one = NameServer.start(first, podIp("first"), NAME, "192.0.2.1");
                NameServer two = NameServer.start(second, podIp("second"), NAME, "192.0.2.2");
                DatagramSocket client = new DatagramSocket()) {
            client.setSoTimeout(500);
            InetSocketAddress node = new InetSocketAddress(cluster.network().nodeIp(), port);
            assertThat(ask(client, node)).as("nobody serves").isEmpty();

            kubectl.ok("patch", "service", "udp", "-p", "{\"spec\":{\"selector\":{\"run\":\"first\"}}}");
            Kubectl.within(SOON).until(() -> ask(client, node).equals("192.0.2.1"));
            assertThat(kubectl.ok("exec", "blue", "--", "nslookup", "-type=a", NAME, address))
                    .contains("Address: 192.0.2.1\n");

            kubectl.ok("patch", "service", "udp", "-p", "{\"spec\":{\"selector\":{\"run\":\"second\"}}}");
            Kubectl.within(SOON).until(() -> ask(client, node).equals("192.0.2.2"));
            assertThat(kubectl.ok("exec", "blue", "--", "nslookup", "-type=a", NAME, address))
                    .contains("Address: 192.0.2.2\n");
        }
    }

    /** The address that a name server at the node's port knows; empty when none answers. */
    private static String ask(DatagramSocket client, InetSocketAddress server) throws IOException {
        byte[] question = NameServer.question(NAME);
        client.send(new DatagramPacket(question, question.length, server));
        DatagramPacket answer = new DatagramPacket(new byte[512], 512);
        try {
            client.receive(answer);
        } catch (IOException e) {
            return "";
        }
        byte[] address = new byte[4];
        System.arraycopy(answer.getData(), answer.getLength() - 4, address, 0, 4);
        return InetAddress.getByAddress(address).getHostAddress();
    }

    @Test
    void aClientWithAffinityStaysWithItsPodUntilThatIsGone() {
        String address = service("sticky", "app: web", "sessionAffinity: ClientIP");
        Kubectl.within(SOON).until(() -> fetch(address).exitCode() == 0);

        Set<String> mine = names(address);
        assertThat(mine).hasSize(1);
        kubectl.ok("scale", "deployment/web", "--replicas=3");
        kubectl.ok("rollout", "status", "deployment/web", "--timeout=60s");
        Kubectl.within(SOON)
                .untilAsserted(() -> assertThat(kubectl.find("endpoints/sticky", ".subsets[0].addresses[*].ip")
                                .split(" "))
                        .hasSize(3));
        assertThat(names(address))
                .as("a new endpoint does not disturb old clients")
                .isEqualTo(mine);

        kubectl.ok("delete", "pod", mine.iterator().next(), "--wait=false");
        Kubectl.within(SOON)
                .untilAsserted(() -> assertThat(names(address)).hasSize(1).isNotEqualTo(mine));
    }

    @Test
    void aServiceAnswersAtItsExternalAddresses() {
        service("outside", "app: doors", "externalIPs: [198.51.100.77]");
        service("unserved", "app: nobody", "externalIPs: [198.51.100.78]");

        Kubectl.within(SOON)
                .untilAsserted(() -> assertThat(names("198.51.100.77")).containsExactly("blue", "green"));
        Kubectl.within(SOON)
                .untilAsserted(() -> assertThat(fetch("198.51.100.78").exitCode())
                        .as("refused")
                        .isEqualTo(7));
        long before = cluster.network().packetsThatLeft();
        assertThat(fetch(networkOf("first"), "198.51.100.77/name").out()).containsAnyOf("blue", "green");
        assertThat(fetch(networkOf("first"), "198.51.100.78/name").exitCode()).isEqualTo(7);
        assertThat(fetch("198.51.100.78").exitCode()).isEqualTo(7);
        assertThat(cluster.network().packetsThatLeft())
                .as("nothing was sent to the world")
                .isEqualTo(before);
        assertThat(kubectl.ok("get", "service", "outside", "--no-headers")).contains(" 198.51.100.77 ");
    }

    @Test
    void aHeadlessServiceHasNoAddressAndNoRule() {
        service("headless", "app: doors", "clusterIP: None");
        service("headed", "app: doors", "");

        Kubectl.within(SOON).until(() -> rules().contains("default/headed"));
        Kubectl.within(SOON)
                .untilAsserted(() -> assertThat(kubectl.find("endpoints/headless", ".subsets[0].addresses[*].ip"))
                        .contains(podIp("blue"), podIp("green")));
        assertThat(kubectl.find("service/headless", ".spec.clusterIPs")).isEqualTo("[\"None\"]");
        assertThat(kubectl.find("endpoints/headless", ".metadata.labels")).contains("service.kubernetes.io/headless");
        assertThat(rules()).doesNotContain("default/headless");
    }

    private static String rules() {
        List<String> command = new ArrayList<>(cluster.network().enter());
        command.addAll(List.of("nft", "list", "ruleset", "ip"));
        return Command.run("", Map.of(), command).requireOk().out();
    }

    @Test
    void internalTrafficThatMustStayOnTheNodeDoesNotLeaveIt() {
        kubectl.apply("""
                apiVersion: v1
                kind: Service
                metadata: {name: near}
                spec:
                  internalTrafficPolicy: Local
                  ports: [{port: 80}]
                ---
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                metadata: {name: near-1, labels: {kubernetes.io/service-name: near}}
                addressType: IPv4
                ports: [{name: "", port: 8080, protocol: TCP}]
                endpoints: [{addresses: [%s], nodeName: elsewhere}]
                """.formatted(podIp("blue")));
        String address = kubectl.find("service/near", ".spec.clusterIP");

        Kubectl.within(SOON)
                .untilAsserted(() -> assertThat(fetch(networkOf("first"), "--max-time", "1", address + "/name")
                                .exitCode())
                        .as("dropped, not refused: there are endpoints, but none here")
                        .isEqualTo(28));
        kubectl.ok(
                "patch",
                "endpointslice",
                "near-1",
                "--type=merge",
                "-p",
                "{\"endpoints\":[{\"addresses\":[\"" + podIp("blue") + "\"],\"nodeName\":\"" + Cluster.NODE + "\"}]}");
        Kubectl.within(SOON)
                .untilAsserted(() -> assertThat(fetch(networkOf("first"), "--max-time", "1", address + "/name")
                                .out())
                        .isEqualTo("blue\n"));
    }

    @Test
    void externalTrafficThatStaysOnTheNodeKeepsTheClientsAddress() throws Exception {
        service("keeps", "app: doors", "type: NodePort\n  externalTrafficPolicy: Local");
        service("hides", "app: doors", "type: NodePort");
        String me;
        try (DatagramSocket route = new DatagramSocket()) {
            route.connect(InetAddress.ofLiteral(cluster.network().nodeIp()), 9);
            me = route.getLocalAddress().getHostAddress();
        }

        Kubectl.within(SOON)
                .untilAsserted(() -> assertThat(clientSeenFromOutside("keeps")).isEqualTo(me));
        Kubectl.within(SOON)
                .untilAsserted(() ->
                        assertThat(clientSeenFromOutside("hides")).isNotEmpty().isNotEqualTo(me));
        String inside = kubectl.find("service/keeps", ".spec.clusterIP") + "/cgi-bin/client";
        assertThat(fetch(networkOf("first"), inside).out().strip())
                .as("a pod's address is never hidden")
                .isEqualTo(podIp("first"));
    }

    private static String clientSeenFromOutside(String service) {
        String port = kubectl.find("service/" + service, ".spec.ports[0].nodePort");
        return fetch(List.of(), cluster.network().nodeIp() + ":" + port + "/cgi-bin/client")
                .out()
                .strip();
    }

    @Test
    void aNamedTargetPortIsWhatEachPodCallsSo() {
        kubectl.apply("""
                apiVersion: v1
                kind: Service
                metadata: {name: doors}
                spec:
                  selector: {app: doors}
                  ports:
                  - {name: front, port: 80, targetPort: http}
                  - {name: back, port: 81, targetPort: admin}
                """);
        String address = kubectl.find("service/doors", ".spec.clusterIP");

        Kubectl.within(SOON).untilAsserted(() -> assertThat(names(address)).containsExactly("blue", "green"));
        Kubectl.within(SOON)
                .untilAsserted(
                        () -> assertThat(names(address + ":81")).containsExactly("admin of blue", "admin of green"));
        assertThat(kubectl.find("endpoints/doors", ".subsets[*].ports[?(@.name=='back')].port")
                        .split(" "))
                .as("pods that differ in a port are different subsets")
                .containsExactlyInAnyOrder("8081", "8082");
    }

    @Test
    void aServiceFollowsItsSelector() {
        String address = service("colour", "colour: blue", "");

        Kubectl.within(SOON).untilAsserted(() -> assertThat(names(address)).containsExactly("blue"));
        kubectl.ok("patch", "service", "colour", "-p", "{\"spec\":{\"selector\":{\"colour\":\"green\"}}}");
        Kubectl.within(SOON).untilAsserted(() -> assertThat(names(address)).containsExactly("green"));
        kubectl.ok("label", "pod", "green", "colour=violet", "--overwrite");
        Kubectl.within(SOON)
                .untilAsserted(() ->
                        assertThat(fetch(address).exitCode()).as("refused").isEqualTo(7));
        kubectl.ok("label", "pod", "green", "colour=green", "--overwrite");
    }

    @Test
    void anEndpointTellsHowItsPodComesAndGoes() {
        String address = service("leaving", "app: leaving", "");
        String slice = "{range .items[*].endpoints[*].conditions}{.ready} {.serving} {.terminating}{end}";

        Kubectl.within(SOON)
                .untilAsserted(() -> assertThat(slices("leaving", slice)).isEqualTo("false false false"));
        assertThat(endpoints("leaving")).isEqualTo("[] [" + podIp("leaving") + "]");

        kubectl.ok("exec", "leaving", "--", "touch", "/ready");
        Kubectl.within(SOON)
                .untilAsserted(() -> assertThat(slices("leaving", slice)).isEqualTo("true true false"));
        Kubectl.within(SOON)
                .untilAsserted(() -> assertThat(endpoints("leaving")).isEqualTo("[" + podIp("leaving") + "] []"));
        Kubectl.within(SOON).untilAsserted(() -> assertThat(names(address)).containsExactly("leaving"));

        kubectl.ok("delete", "pod", "leaving", "--wait=false");
        Kubectl.within(SOON)
                .untilAsserted(() -> assertThat(slices("leaving", slice)).isEqualTo("false true true"));
        Kubectl.within(SOON)
                .untilAsserted(() -> assertThat(endpoints("leaving")).isEqualTo("[] []"));
        assertThat(names(address)).as("the last one serves as long as it can").containsExactly("leaving");

        kubectl.ok("exec", "leaving", "--", "rm", "/ready");
        Kubectl.within(SOON)
                .untilAsserted(() -> assertThat(slices("leaving", slice)).isEqualTo("false false true"));
        Kubectl.within(SOON)
                .untilAsserted(() ->
                        assertThat(fetch(address).exitCode()).as("refused").isEqualTo(7));
        kubectl.ok("exec", "leaving", "--", "touch", "/leave");
        Kubectl.within(SOON)
                .untilAsserted(() -> assertThat(slices("leaving", slice)).isEmpty());
    }

    private static String slices(String service, String template) {
        return kubectl.ok(
                "get", "endpointslices", "-l", "kubernetes.io/service-name=" + service, "-o", "jsonpath=" + template);
    }

    private static String endpoints(String service) {
        return "[" + kubectl.find("endpoints/" + service, ".subsets[*].addresses[*].ip") + "] ["
                + kubectl.find("endpoints/" + service, ".subsets[*].notReadyAddresses[*].ip") + "]";
    }

    /** Makes a Service of port 80 that leads to 8080; its cluster address. */
    private static String service(String name, String selector, String spec) {
        kubectl.apply("""
                apiVersion: v1
                kind: Service
                metadata: {name: %s}
                spec:
                  selector: {%s}
                  ports: [{name: http, port: 80, targetPort: 8080}]
                  %s
                """.formatted(name, selector, spec));
        return kubectl.find("service/" + name, ".spec.clusterIP");
    }

    private static String podIp(String pod) {
        return kubectl.find("pod/" + pod, ".status.podIP");
    }

    /** The words that run a command in the network of a pod, which knows its number in the node's count of processes. */
    private static List<String> networkOf(String pod) {
        return List.of("nsenter", "--net=/proc/" + kubectl.ok("logs", pod).strip() + "/ns/net");
    }

    private static Set<String> names(String authority) {
        Set<String> names = new TreeSet<>();
        for (int i = 0; i < 20; i++) {
            names.add(fetch(authority).requireOk().out().strip());
        }
        return names;
    }

    private static Command fetch(String authority) {
        return cluster.network().fetch("http://" + authority + "/name");
    }

    private static Command fetch(List<String> enter, String... curl) {
        List<String> command = new ArrayList<>(enter);
        command.addAll(List.of("curl", "-sS", "--max-time", "5"));
        command.addAll(List.of(curl));
        return Command.run("", Map.of(), command);
    }

    private static final String PODS = """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web}
            spec:
              replicas: 2
              selector: {matchLabels: {app: web}}
              template:
                metadata: {labels: {app: web}}
                spec:
                  terminationGracePeriodSeconds: 1
                  containers:
                  - name: main
                    image: IMAGE
                    command: [sh, -c, "hostname > /www/name; exec httpd -f -p 8080 -h /www"]
                    readinessProbe: {tcpSocket: {port: 8080}, periodSeconds: 1}
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: leaving, labels: {app: leaving}}
            spec:
              terminationGracePeriodSeconds: 60
              containers:
              - name: main
                image: IMAGE
                command: [sh, -c, "hostname > /www/name; httpd -p 8080 -h /www; trap exit TERM; sleep 3600 & wait"]
                lifecycle: {preStop: {exec: {command: [sh, -c, "until [ -e /leave ]; do sleep 0.2; done"]}}}
                readinessProbe: {exec: {command: [test, -e, /ready]}, periodSeconds: 1, failureThreshold: 1}
            """;

    /** Its second port is called the same in every pod, but is not the same. */
    private static final String DOOR = """
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: COLOUR, labels: {app: doors, colour: COLOUR}}
            spec:
              terminationGracePeriodSeconds: 1
              containers:
              - name: main
                image: IMAGE
                ports: [{name: http, containerPort: 8080}, {name: admin, containerPort: ADMIN}]
                readinessProbe: {tcpSocket: {port: admin}, periodSeconds: 1}
                command:
                - sh
                - -c
                - |
                  mkdir -p /www/cgi-bin /admin
                  hostname > /www/name
                  echo "admin of $(hostname)" > /admin/name
                  printf '#!/bin/sh\\necho Content-type: text/plain\\necho\\necho $REMOTE_ADDR\\n' > /www/cgi-bin/client
                  chmod +x /www/cgi-bin/client
                  httpd -p 0.0.0.0:8080 -h /www
                  exec httpd -f -p ADMIN -h /admin
            """;

    /** A client that tells which process it is, so that commands of the node can run in its network. */
    private static final String CLIENT = """
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: NAME, labels: {run: NAME}}
            spec:
              hostPID: true
              terminationGracePeriodSeconds: 0
              containers: [{name: main, image: IMAGE, command: [sh, -c, "echo $$$$; exec sleep 3600"]}]
            """;
}
