// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.e2e.cluster.AgentNode;
import io.mizzen.e2e.cluster.Cluster;
import io.mizzen.e2e.cluster.Command;
import io.mizzen.e2e.cluster.Kubectl;
import io.mizzen.e2e.cluster.Registry;
import io.mizzen.e2e.cluster.RoutedNetworks;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * Three nodes, one of them behind a router, become a cluster with nothing but a token; their pods talk to each other; work leaves a
 * node that is drained or lost, and the lost one comes back healed.
 */
@TestMethodOrder(OrderAnnotation.class)
class NodesIT {
    private static final Duration SOON = Duration.ofSeconds(30);

    private static RoutedNetworks networks;
    private static Cluster cluster;
    private static Kubectl kubectl;
    private static AgentNode near;
    private static AgentNode far;

    @BeforeAll
    static void twoNodesJoinByAToken() {
        networks = RoutedNetworks.create();
        cluster = Cluster.start(networks.node(1), NodesIT.class, "--node-monitor-grace-period=20s");
        kubectl = cluster.kubectl();
        String token = token("create");
        near = AgentNode.start(cluster, networks.node(2), "node-2", token);
        far = AgentNode.start(cluster, networks.node(3), "node-3", token);
        near.awaitReady();
        far.awaitReady();
        kubectl.apply(WEB.formatted(Cluster.IMAGE));
        kubectl.ok("rollout", "status", "daemonset/web", "--timeout=60s");
    }

    @AfterAll
    static void removesEverything() throws Exception {
        for (AgentNode node : new AgentNode[] {far, near}) {
            if (node != null) {
                node.close();
            }
        }
        if (cluster != null) {
            cluster.close();
        }
        networks.close();
    }

    @Test
    @Order(1)
    void theCertificatesOfTheNodesWereApprovedAndIssued() {
        String requests = kubectl.ok("get", "csr");

        assertThat(requests.lines()
                        .filter(line -> line.contains("kubernetes.io/kube-apiserver-client-kubelet")
                                && line.contains("system:bootstrap:")
                                && line.contains("Approved,Issued")))
                .hasSize(2);
        assertThat(requests.lines()
                        .filter(line -> line.contains("kubernetes.io/kubelet-serving")
                                && line.contains("system:node:node-")
                                && line.contains("Approved,Issued")))
                .hasSize(2);
    }

    @Test
    @Order(2)
    void aTokenOfAnotherClusterIsNotFollowed() throws Exception {
        String token = token("create", "--ttl=1h").replaceFirst("K10.{8}", "K1000000000");

        try (AgentNode fooled = AgentNode.start(cluster, networks.node(2), "node-4", token, "--kubelet-port=10260")) {
            assertThat(fooled.awaitEnd()).isNotZero();
            assertThat(fooled.console()).contains("is not the one that the token names");
        }
        assertThat(kubectl.run("get", "node", "node-4").exitCode()).isNotZero();
    }

    @Test
    @Order(3)
    void everyPodReachesEveryPodAndTheServiceByItsName() {
        Map<String, String> pods = podsByNode("web");

        assertThat(pods.keySet()).containsExactly("node-1", "node-2", "node-3");
        pods.values().forEach(from -> {
            pods.forEach((node, to) -> assertThat(askFrom(from, kubectl.find("pod/" + to, ".status.podIP"), 8080))
                    .as(from + " asks " + to)
                    .isEqualTo(node));
            Kubectl.within(SOON).until(() -> pods.containsKey(askFrom(from, "web.default.svc.cluster.local", 80)));
        });
    }

    @Test
    @Order(4)
    void theNodePortAnswersOnEveryNodeForAllPods() {
        for (int number = 1; number <= 3; number++) {
            String url = "http://" + networks.node(number).nodeIp() + ":30080/name";
            List<String> command = new ArrayList<>(networks.node(3).enter());
            command.addAll(List.of("curl", "-sS", "--max-time", "5", url));
            Set<String> answers = new TreeSet<>();

            Kubectl.within(SOON).until(() -> {
                answers.add(Command.run("", Map.of(), command).out().strip());
                return answers.containsAll(List.of("node-1", "node-2", "node-3"));
            });
        }
    }

    @Test
    @Order(5)
    void logsAndExecReachEveryNode() {
        podsByNode("web").forEach((node, pod) -> {
            assertThat(kubectl.ok("logs", pod)).contains("this is " + node);
            assertThat(kubectl.ok("exec", pod, "--", "cat", "/www/name")).contains(node);
        });
    }

    @Test
    @Order(6)
    void nothingOfThePodRangeLeavesByTheDefaultRoute() {
        String unassigned = "10.42.200.7";

        List<String> command = new ArrayList<>(far.network().enter());
        command.addAll(List.of("curl", "-sS", "--max-time", "3", "http://" + unassigned + "/"));
        assertThat(Command.run("", Map.of(), command).exitCode()).isNotZero();
        assertThat(kubectl.run("exec", podsByNode("web").get("node-3"), "--", "nc", "-w", "2", unassigned, "80")
                        .exitCode())
                .isNotZero();

        for (int number = 1; number <= 3; number++) {
            assertThat(networks.node(number).packetsThatLeft())
                    .as("packets of node " + number)
                    .isZero();
        }
    }

    @Test
    @Order(7)
    void everyNodePullsWithAPasswordFromTheRegistryInTheCluster() throws Exception {
        Path addOn =
                Path.of("../manifests/addons/registry.yaml").toAbsolutePath().normalize();
        Kubectl registry = kubectl.in("registry");
        cluster.makeImage("docker-registry");
        kubectl.ok("label", "node", "node-1", "mizzen.io/registry=here");
        registry.ok("create", "namespace", "registry");
        registry.ok(
                "create",
                "secret",
                "generic",
                "users",
                "--from-literal=htpasswd=" + Command.ok("htpasswd", "-Bbn", Registry.USER, Registry.PASSWORD));
        registry.ok("apply", "-f", addOn.toString());
        registry.ok("rollout", "status", "deployment/registry", "--timeout=60s");
        String credentials = "--dest-creds=" + Registry.USER + ":" + Registry.PASSWORD;
        Registry.push(cluster, "localhost:5000/team/busybox:1", List.of(credentials));

        String address = "http://{.spec.clusterIP}:5000";
        String way = registry.ok(
                "get",
                "service",
                "registry",
                "-o",
                "jsonpath=server = \"" + address + "\"{\"\\n\"}[host.\"" + address + "\"]{\"\\n\"}");
        for (AgentNode node : List.of(near, far)) {
            Path hosts = node.dataDir().resolve("containerd/certs.d/localhost:5000/hosts.toml");
            Files.createDirectories(hosts.getParent());
            Files.writeString(hosts, way);
        }
        kubectl.ok(
                "create",
                "secret",
                "docker-registry",
                "harbour",
                "--docker-server=localhost:5000",
                "--docker-username=" + Registry.USER,
                "--docker-password=" + Registry.PASSWORD);
        kubectl.apply(PULLED);

        kubectl.ok("rollout", "status", "daemonset/pulled", "--timeout=60s");
        assertThat(nodesOf("pulled")).containsExactly("node-1", "node-2", "node-3");
        Kubectl.within(SOON)
                .untilAsserted(() -> assertThat(
                                kubectl.ok("get", "events", "--field-selector=involvedObject.name=stranger", "-o=yaml"))
                        .as("one that does not know the password")
                        .contains("Failed to pull image \"localhost:5000/team/busybox:1\"", "401"));
        kubectl.ok("delete", "daemonset/pulled", "pod/stranger", "secret/harbour");
        kubectl.ok("delete", "namespace", "registry");
    }

    @Test
    @Order(8)
    void aDrainMovesThePods() {
        kubectl.apply(MOVER.formatted(Cluster.IMAGE));
        kubectl.ok("rollout", "status", "deployment/mover", "--timeout=60s");

        kubectl.ok("drain", "node-2", "--ignore-daemonsets", "--timeout=60s");

        assertThat(nodesOf("mover")).doesNotContain("node-2");
        kubectl.ok("rollout", "status", "deployment/mover", "--timeout=60s");
        kubectl.ok("uncordon", "node-2");
        kubectl.ok("delete", "deployment", "mover", "--wait=true");
    }

    @Test
    @Order(9)
    void aLostNodeIsNotReadyAndItsPodsMoveAndItComesBackHealedWithoutAToken() throws Exception {
        kubectl.apply(MOVER.formatted(Cluster.IMAGE));
        kubectl.ok("rollout", "status", "deployment/mover", "--timeout=60s");
        assertThat(nodesOf("mover")).contains("node-3");

        far.kill();
        String ready = ".status.conditions[?(@.type=='Ready')].status";
        Kubectl.within(Duration.ofSeconds(40))
                .until(() -> kubectl.find("node/node-3", ready).equals("Unknown"));
        Kubectl.within(Duration.ofSeconds(40))
                .until(() -> kubectl.find("deployment/mover", ".status.availableReplicas")
                                .equals("3")
                        && !runningNodesOf("mover").contains("node-3"));

        far.startAgain();
        far.awaitReady();
        Kubectl.within(SOON)
                .until(() -> kubectl.find("node/node-3", ".spec.taints").isEmpty());
        String pod = podsByNode("web").get("node-3");
        Kubectl.within(SOON)
                .until(() -> kubectl.find("pod/" + pod, ".status.containerStatuses[0].ready")
                        .equals("true"));
        assertThat(kubectl.find("pod/" + pod, ".status.containerStatuses[0].restartCount"))
                .as("its container went on all the time")
                .isEqualTo("0");
        assertThat(kubectl.ok("exec", pod, "--", "cat", "/www/name")).contains("node-3");
    }

    private static String token(String... arguments) {
        List<String> command = new ArrayList<>(networks.node(1).enter());
        command.addAll(List.of(Cluster.program().toString(), "token"));
        command.addAll(List.of(arguments));
        command.add("--data-dir=" + cluster.dataDir());
        return Command.run("", Map.of(), command).requireOk().out().strip();
    }

    private static Map<String, String> podsByNode(String app) {
        Map<String, String> pods = new TreeMap<>();
        kubectl.ok(
                        "get",
                        "pods",
                        "-l",
                        "app=" + app,
                        "-o",
                        "jsonpath={range .items[*]}{.spec.nodeName} {.metadata.name}{\"\\n\"}{end}")
                .lines()
                .map(line -> line.split(" "))
                .forEach(words -> pods.put(words[0], words[1]));
        return pods;
    }

    private static Set<String> nodesOf(String app) {
        return podsByNode(app).keySet();
    }

    /** Nodes of the pods that nobody has asked to end. */
    private static Set<String> runningNodesOf(String app) {
        Set<String> nodes = new TreeSet<>();
        kubectl.ok(
                        "get",
                        "pods",
                        "-l",
                        "app=" + app,
                        "-o",
                        "jsonpath={range .items[*]}{.spec.nodeName} {.metadata.deletionTimestamp}{\"\\n\"}{end}")
                .lines()
                .map(String::strip)
                .filter(line -> !line.contains(" "))
                .forEach(nodes::add);
        return nodes;
    }

    /** Speaks HTTP from inside a pod; the answer's last line. */
    private static String askFrom(String pod, String host, int port) {
        String script = "printf 'GET /name HTTP/1.0\\r\\n\\r\\n' | nc -w 3 " + host + " " + port;
        return kubectl.run("exec", pod, "--", "sh", "-c", script)
                .out()
                .strip()
                .lines()
                .reduce("", (first, second) -> second);
    }

    private static final String WEB = """
            apiVersion: apps/v1
            kind: DaemonSet
            metadata: {name: web}
            spec:
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
                    command: ["sh", "-c", "echo this is $NODE; echo $NODE > /www/name; exec httpd -f -p 8080 -h /www"]
                    env:
                    - name: NODE
                      valueFrom:
                        fieldRef: {fieldPath: spec.nodeName}
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
              ports: [{port: 80, targetPort: 8080, nodePort: 30080}]
            """;

    private static final String MOVER = """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: mover}
            spec:
              replicas: 3
              selector:
                matchLabels: {app: mover}
              template:
                metadata:
                  labels: {app: mover}
                spec:
                  terminationGracePeriodSeconds: 1
                  topologySpreadConstraints:
                  - maxSkew: 1
                    topologyKey: kubernetes.io/hostname
                    whenUnsatisfiable: ScheduleAnyway
                    labelSelector:
                      matchLabels: {app: mover}
                  tolerations:
                  - {key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 2}
                  - {key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 2}
                  containers:
                  - name: main
                    image: %s
                    command: ["sleep", "100000"]
            """;

    private static final String PULLED = """
            apiVersion: apps/v1
            kind: DaemonSet
            metadata: {name: pulled}
            spec:
              selector:
                matchLabels: {app: pulled}
              template:
                metadata:
                  labels: {app: pulled}
                spec:
                  terminationGracePeriodSeconds: 0
                  imagePullSecrets: [{name: harbour}]
                  containers:
                  - name: main
                    image: localhost:5000/team/busybox:1
                    imagePullPolicy: Always
                    command: ["sleep", "3600"]
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: stranger}
            spec:
              nodeName: node-3
              terminationGracePeriodSeconds: 0
              containers:
              - name: main
                image: localhost:5000/team/busybox:1
                imagePullPolicy: Always
                command: ["sleep", "3600"]
            """;
}
