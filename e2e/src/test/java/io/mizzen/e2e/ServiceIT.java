// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.e2e.cluster.Cluster;
import io.mizzen.e2e.cluster.Command;
import io.mizzen.e2e.cluster.Kubectl;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A Service answers by its cluster address and its node port, from the node and from a pod; nothing else ever leaves. */
class ServiceIT {
    private static Cluster cluster;
    private static Kubectl kubectl;

    @BeforeAll
    static void startsAClusterWithAService() {
        cluster = Cluster.start(ServiceIT.class);
        kubectl = cluster.kubectl();
        kubectl.apply(WEB.formatted(Cluster.IMAGE));
        kubectl.ok("rollout", "status", "deployment/web", "--timeout=60s");
    }

    @AfterAll
    static void removesTheCluster() throws Exception {
        cluster.close();
    }

    @Test
    void answersByItsClusterAddressFromEveryPod() {
        String address = kubectl.find("service/web", ".spec.clusterIP");

        assertThat(address).startsWith("10.43.");
        Kubectl.within(Duration.ofSeconds(20))
                .untilAsserted(
                        () -> assertThat(answers("http://" + address + "/name")).isEqualTo(podNames()));
    }

    @Test
    void answersByItsNodePort() {
        String port = kubectl.find("service/web", ".spec.ports[0].nodePort");

        Kubectl.within(Duration.ofSeconds(20))
                .untilAsserted(
                        () -> assertThat(answers("http://" + cluster.network().nodeIp() + ":" + port + "/name"))
                                .isEqualTo(podNames()));
    }

    @Test
    void answersToAPod() {
        String address = kubectl.find("service/web", ".spec.clusterIP");
        String pod = podNames().iterator().next();

        Kubectl.within(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(askFrom(pod, address, 80)).contains("200 OK", "web-"));
    }

    /** Speaks HTTP from inside a pod; busybox's static wget does not run everywhere, its nc does. */
    private static String askFrom(String pod, String address, int port) {
        String script = "printf 'GET /name HTTP/1.0\\r\\n\\r\\n' | nc -w 3 " + address + " " + port;
        return kubectl.ok("exec", pod, "--", "sh", "-c", script);
    }

    @Test
    void aPodReachesTheApiServerByItsService() {
        String pod = podNames().iterator().next();

        // Not TLS, so the server hangs up; nc ends well all the same, and badly when it is refused.
        Command done = kubectl.run("exec", pod, "--", "sh", "-c", "echo hello | nc -w 3 10.43.0.1 443");

        assertThat(done.exitCode()).as(done.err()).isZero();
    }

    @Test
    void anAddressThatNobodyServesIsRefusedAndNoPacketLeavesTheNode() {
        long before = cluster.network().packetsThatLeft();

        Command done = fetch("http://10.43.255.254/");

        assertThat(done.exitCode()).as("connection refused").isEqualTo(7);
        assertThat(cluster.network().packetsThatLeft()).isEqualTo(before);
    }

    @Test
    void aServiceWithoutReadyPodsRefuses() {
        kubectl.apply("""
                apiVersion: v1
                kind: Service
                metadata: {name: empty}
                spec:
                  selector: {app: nobody}
                  ports: [{port: 80}]
                """);
        String address = kubectl.find("service/empty", ".spec.clusterIP");

        Kubectl.within(Duration.ofSeconds(10))
                .untilAsserted(() ->
                        assertThat(fetch("http://" + address + "/").exitCode()).isEqualTo(7));
    }

    private static Set<String> podNames() {
        return new TreeSet<>(
                List.of(kubectl.ok("get", "pods", "-l", "app=web", "-o", "jsonpath={.items[*].metadata.name}")
                        .split(" ")));
    }

    private static Set<String> answers(String url) {
        Set<String> names = new TreeSet<>();
        for (int i = 0; i < 30; i++) {
            names.add(fetch(url).requireOk().out().strip());
        }
        return names;
    }

    private static Command fetch(String url) {
        List<String> command = new ArrayList<>(cluster.network().enter());
        command.addAll(List.of("curl", "-sS", "--max-time", "5", url));
        return Command.run("", Map.of(), command);
    }

    private static final String WEB = """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web}
            spec:
              replicas: 2
              selector:
                matchLabels: {app: web}
              template:
                metadata:
                  labels: {app: web}
                spec:
                  terminationGracePeriodSeconds: 1
                  containers:
                  - name: main
                    image: %s
                    command: ["sh", "-c", "hostname > /www/name; exec httpd -f -p 8080 -h /www"]
                    readinessProbe:
                      tcpSocket: {port: 8080}
                      periodSeconds: 1
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: web}
            spec:
              type: NodePort
              selector: {app: web}
              ports: [{port: 80, targetPort: 8080}]
            """;
}
