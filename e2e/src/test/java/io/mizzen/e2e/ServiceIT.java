// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.e2e.cluster.Cluster;
import io.mizzen.e2e.cluster.Command;
import io.mizzen.e2e.cluster.Kubectl;
import io.mizzen.e2e.cluster.KubectlPrograms;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A Service answers by its cluster address and its node port, from the node and from a pod; nothing else ever leaves. */
class ServiceIT {
    private static Cluster cluster;
    private static Kubectl kubectl;

    @BeforeAll
    static void startsAClusterWithAService() {
        cluster = Cluster.start(ServiceIT.class, "--load-balancer-pool=198.51.100.8/29");
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

    @Test
    void noRequestIsLostWhileADeploymentIsRestarted() throws Exception {
        kubectl.apply(STEADY.formatted(Cluster.IMAGE));
        kubectl.ok("rollout", "status", "deployment/steady", "--timeout=60s");
        String before = podsOf("steady");
        String address = kubectl.find("service/steady", ".spec.clusterIP");
        Kubectl.within(Duration.ofSeconds(20))
                .until(() -> fetch("http://" + address + "/name").exitCode() == 0);

        try (Requests first = new Requests(address);
                Requests second = new Requests(address)) {
            kubectl.ok("rollout", "restart", "deployment/steady");
            kubectl.ok("rollout", "status", "deployment/steady", "--timeout=90s");
            Kubectl.within(Duration.ofSeconds(60))
                    .until(() -> Collections.disjoint(
                                    List.of(before.split(" ")),
                                    List.of(podsOf("steady").split(" ")))
                            && podsOf("steady").split(" ").length == 2);

            for (Requests requests : List.of(first, second)) {
                assertThat(requests.stop())
                        .as("answers during the restart")
                        .hasSizeGreaterThan(50)
                        .containsOnly("200");
            }
        }
        kubectl.ok("delete", "deployment/steady", "service/steady", "--wait=false");
    }

    @Test
    void aLoadBalancerGetsAnAddressOfThePoolAndAnswersThere() {
        kubectl.apply("""
                apiVersion: v1
                kind: Service
                metadata: {name: balanced}
                spec:
                  type: LoadBalancer
                  externalTrafficPolicy: Local
                  loadBalancerIP: 198.51.100.10
                  selector: {app: web}
                  ports: [{port: 80, targetPort: 8080}]
                ---
                apiVersion: v1
                kind: Service
                metadata: {name: closed}
                spec:
                  type: LoadBalancer
                  allocateLoadBalancerNodePorts: false
                  loadBalancerSourceRanges: [203.0.113.0/24]
                  selector: {app: web}
                  ports: [{port: 80, targetPort: 8080}]
                ---
                apiVersion: v1
                kind: Service
                metadata: {name: others}
                spec:
                  type: LoadBalancer
                  loadBalancerClass: example.com/other
                  selector: {app: web}
                  ports: [{port: 80, targetPort: 8080}]
                """);

        Kubectl.within(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(kubectl.ok("get", "service/balanced", "--no-headers"))
                        .contains(" 198.51.100.10 "));
        Kubectl.within(Duration.ofSeconds(20))
                .untilAsserted(
                        () -> assertThat(answers("http://198.51.100.10/name")).isEqualTo(podNames()));
        String port = kubectl.find("service/balanced", ".spec.healthCheckNodePort");
        Kubectl.within(Duration.ofSeconds(20))
                .untilAsserted(
                        () -> assertThat(fetch("http://127.0.0.1:" + port + "/").out())
                                .contains("\"name\":\"balanced\"", "\"localEndpoints\":2"));
        Kubectl.within(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(kubectl.find("service/closed", ".status.loadBalancer.ingress[0].ip"))
                        .startsWith("198.51.100."));
        assertThat(kubectl.find("service/closed", ".spec.ports[0].nodePort")).isEmpty();
        String closed = kubectl.find("service/closed", ".status.loadBalancer.ingress[0].ip");
        assertThat(fetch("http://" + closed + "/name").exitCode())
                .as("nobody here is in its source ranges")
                .isNotZero();
        assertThat(kubectl.ok("get", "service/others", "--no-headers")).contains("<pending>");
        kubectl.ok("delete", "service", "balanced", "closed", "others");
    }

    @Test
    void endpointsThatSomebodyWroteAreServedButNotProxied() {
        String ip = kubectl.find("pod/" + podNames().iterator().next(), ".status.podIP");
        kubectl.apply("""
                apiVersion: v1
                kind: Service
                metadata: {name: outside}
                spec:
                  ports: [{name: http, port: 80}]
                ---
                apiVersion: v1
                kind: Endpoints
                metadata: {name: outside}
                subsets:
                - addresses: [{ip: %s}]
                  ports: [{name: http, port: 8080}]
                """.formatted(ip));
        String address = kubectl.find("service/outside", ".spec.clusterIP");

        Kubectl.within(Duration.ofSeconds(20))
                .untilAsserted(() ->
                        assertThat(fetch("http://" + address + "/name").out()).startsWith("web-"));
        assertThat(kubectl.fails("get", "--raw", PROXY.formatted("outside")))
                .as("the API server would speak to any address for whoever may write Endpoints")
                .contains("no endpoints available for service \"outside\"");
    }

    @Test
    void theApiServerIsAProxyToServicesAndPods() {
        for (String name : List.of("web", "web:http", "web:80", "http:web:http")) {
            assertThat(kubectl.ok("get", "--raw", PROXY.formatted(name)))
                    .as(name)
                    .startsWith("web-");
        }
        assertThat(kubectl.fails("get", "--raw", PROXY.formatted("web:81"))).contains("no service port 81");
        String pod = podNames().iterator().next();
        assertThat(kubectl.ok("get", "--raw", "/api/v1/namespaces/default/pods/" + pod + ":8080/proxy/name"))
                .startsWith(pod);
    }

    @ParameterizedTest(name = "kubectl {0}")
    @ValueSource(strings = {"own", "1.36"})
    void aKubectlProxyLeadsToAServiceButIntoNoContainer(String name) throws Exception {
        Kubectl proxying =
                kubectl.with(name, name.equals("own") ? KubectlPrograms.own() : KubectlPrograms.upstream(36));
        ProcessBuilder builder = new ProcessBuilder(proxying.commandLine("proxy", "--port=8901"));
        builder.environment().put("KUBECONFIG", kubectl.kubeconfig().toString());
        Process proxy = builder.redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            String api = "http://127.0.0.1:8901/api/v1/namespaces/default";
            Kubectl.within(Duration.ofSeconds(20))
                    .untilAsserted(() -> assertThat(
                                    fetch(api + "/services/web/proxy/name").out())
                            .startsWith("web-"));
            assertThat(fetch(api + "/pods/any/exec?command=sh").out()).isEqualTo("Forbidden\n");
            assertThat(fetch(api + "/pods?watch=true&timeoutSeconds=1&labelSelector=app=web")
                            .out())
                    .contains("\"ADDED\"");
        } finally {
            proxy.destroy();
            assertThat(proxy.waitFor(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    private static String podsOf(String app) {
        return kubectl.ok("get", "pods", "-l", "app=" + app, "-o", "jsonpath={.items[*].metadata.name}");
    }

    /** One new connection after another to an address, as long as it is open. */
    private static final class Requests implements AutoCloseable {
        private final Path answers;
        private final Process process;

        Requests(String address) throws IOException {
            answers = Files.createTempFile("mz-requests", "");
            List<String> command = new ArrayList<>(cluster.network().enter());
            String loop = "while :; do curl -s -o /dev/null --max-time 5 -w '%{http_code}\\n' http://" + address
                    + "/name; done";
            command.addAll(List.of("sh", "-c", loop));
            process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .redirectOutput(answers.toFile())
                    .start();
        }

        List<String> stop() throws IOException, InterruptedException {
            process.destroy();
            assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
            return Files.readAllLines(answers);
        }

        @Override
        public void close() throws IOException, InterruptedException {
            process.destroyForcibly();
            Files.delete(answers);
        }
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
        return cluster.network().fetch(url);
    }

    private static final String PROXY = "/api/v1/namespaces/default/services/%s/proxy/name";

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
              ports: [{name: http, port: 80, targetPort: 8080}]
            """;

    private static final String STEADY = """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: steady}
            spec:
              replicas: 2
              selector:
                matchLabels: {app: steady}
              template:
                metadata:
                  labels: {app: steady}
                spec:
                  terminationGracePeriodSeconds: 4
                  containers:
                  - name: main
                    image: %s
                    command: ["sh", "-c", "hostname > /www/name; exec httpd -f -p 8080 -h /www"]
                    lifecycle:
                      preStop:
                        sleep: {seconds: 3}
                    readinessProbe:
                      httpGet: {path: /name, port: 8080}
                      periodSeconds: 1
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: steady}
            spec:
              selector: {app: steady}
              ports: [{port: 80, targetPort: 8080}]
            """;
}
