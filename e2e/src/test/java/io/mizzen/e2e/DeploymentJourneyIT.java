// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.e2e.cluster.Cluster;
import io.mizzen.e2e.cluster.Kubectl;
import io.mizzen.e2e.cluster.KubectlPrograms;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The life of a Deployment, once with every kubectl: apply, roll out, logs, exec, scale, update, undo, delete. */
class DeploymentJourneyIT {
    private static Cluster cluster;

    @BeforeAll
    static void startsACluster() {
        cluster = Cluster.start(DeploymentJourneyIT.class);
    }

    @AfterAll
    static void removesTheCluster() throws Exception {
        cluster.close();
    }

    static Stream<Arguments> everyKubectl() {
        return KubectlPrograms.all().entrySet().stream().map(each -> Arguments.of(each.getKey(), each.getValue()));
    }

    @ParameterizedTest(name = "kubectl {0}")
    @MethodSource("everyKubectl")
    void livesFromApplyToDelete(String name, Path program) {
        Kubectl admin = cluster.kubectl().with(name, program);
        String namespace = "journey-" + name.replace('.', '-');
        assertThat(admin.ok("create", "namespace", namespace)).isEqualTo("namespace/" + namespace + " created\n");
        Kubectl kubectl = admin.in(namespace);

        assertThat(kubectl.apply(deployment("web", 2, "one")))
                .isEqualTo("configmap/web created\ndeployment.apps/web created\n");
        assertThat(kubectl.ok("rollout", "status", "deployment/web", "--timeout=60s"))
                .endsWith("deployment \"web\" successfully rolled out\n");
        assertThat(kubectl.apply(deployment("web", 2, "one")))
                .isEqualTo("configmap/web unchanged\ndeployment.apps/web unchanged\n");

        assertThat(kubectl.ok("get", "deployment", "web", "--no-headers")).containsPattern("^web +2/2 +2 +2 ");
        String pod = kubectl.ok("get", "pods", "-l", "app=web", "-o", "jsonpath={.items[0].metadata.name}");
        assertThat(kubectl.ok("get", "pod", pod, "--no-headers")).containsPattern("^" + pod + " +1/1 +Running +0 ");
        assertThat(kubectl.ok("logs", pod)).isEqualTo("version one\n");
        assertThat(kubectl.fails("logs", pod, "--previous")).contains("previous terminated container");
        assertThat(kubectl.ok("exec", pod, "--", "cat", "/config/greeting")).isEqualTo("hello");
        assertThat(kubectl.run("exec", pod, "--", "sh", "-c", "exit 3").exitCode())
                .isEqualTo(3);
        assertThat(kubectl.runWithInput("typed\n", "exec", "-i", pod, "--", "cat")
                        .out())
                .isEqualTo("typed\n");
        assertThat(kubectl.ok("describe", "pod", pod)).contains("Successfully assigned " + namespace + "/" + pod);

        kubectl.ok("scale", "deployment/web", "--replicas=3");
        kubectl.ok("rollout", "status", "deployment/web", "--timeout=60s");
        assertThat(kubectl.ok("get", "pods", "-l", "app=web", "-o", "name").lines())
                .hasSize(3);

        kubectl.ok("set", "env", "deployment/web", "VERSION=two");
        kubectl.ok("rollout", "status", "deployment/web", "--timeout=60s");
        assertThat(logsOfEveryPod(kubectl)).containsOnly("version two");
        assertThat(kubectl.ok("rollout", "history", "deployment/web")).contains("REVISION");
        kubectl.ok("rollout", "undo", "deployment/web");
        kubectl.ok("rollout", "status", "deployment/web", "--timeout=60s");
        assertThat(logsOfEveryPod(kubectl)).containsOnly("version one");

        kubectl.ok("delete", "deployment", "web");
        Kubectl.within(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(kubectl.ok("get", "pods,replicasets", "-o", "name"))
                        .isEmpty());
        kubectl.ok("delete", "namespace", namespace, "--timeout=60s");
        assertThat(kubectl.fails("get", "namespace", namespace)).contains("namespaces \"" + namespace + "\" not found");
    }

    @Test
    void aDeletedPodIsReplaced() {
        Kubectl kubectl = cluster.kubectl();
        kubectl.apply(deployment("healing", 1, "one"));
        kubectl.ok("rollout", "status", "deployment/healing", "--timeout=60s");
        String pod =
                kubectl.ok("get", "pods", "-l", "app=healing", "-o", "name").strip();

        kubectl.ok("delete", pod, "--wait=false");

        Kubectl.within(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(kubectl.ok(
                                        "get",
                                        "pods",
                                        "-l",
                                        "app=healing",
                                        "-o",
                                        "jsonpath={range .items[*]}pod/{.metadata.name} {.status.phase}{\"\\n\"}{end}")
                                .lines())
                        .singleElement()
                        .satisfies(line -> assertThat(line).endsWith(" Running").doesNotStartWith(pod + " ")));
        kubectl.ok("delete", "deployment", "healing");
    }

    private static Stream<String> logsOfEveryPod(Kubectl kubectl) {
        return kubectl.ok(
                        "get",
                        "pods",
                        "-l",
                        "app=web",
                        "--field-selector=status.phase=Running",
                        "-o",
                        "jsonpath={range .items[*]}{.metadata.name} {.metadata.deletionTimestamp}{\"\\n\"}{end}")
                .lines()
                .map(line -> line.split(" ", 2))
                .filter(fields -> fields[1].isEmpty())
                .map(fields -> kubectl.ok("logs", fields[0]).strip());
    }

    private static String deployment(String name, int replicas, String version) {
        return """
                apiVersion: v1
                kind: ConfigMap
                metadata:
                  name: %1$s
                data:
                  greeting: hello
                ---
                apiVersion: apps/v1
                kind: Deployment
                metadata:
                  name: %1$s
                spec:
                  replicas: %2$d
                  selector:
                    matchLabels: {app: %1$s}
                  template:
                    metadata:
                      labels: {app: %1$s}
                    spec:
                      terminationGracePeriodSeconds: 1
                      containers:
                      - name: main
                        image: %4$s
                        command: ["sh", "-c", "echo version $VERSION; exec sleep 3600"]
                        env:
                        - {name: VERSION, value: "%3$s"}
                        volumeMounts:
                        - {name: config, mountPath: /config}
                      volumes:
                      - name: config
                        configMap: {name: %1$s}
                """.formatted(name, replicas, version, Cluster.IMAGE);
    }
}
