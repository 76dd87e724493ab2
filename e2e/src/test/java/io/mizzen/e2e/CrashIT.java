// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.mizzen.e2e.cluster.Cluster;
import io.mizzen.e2e.cluster.Command;
import io.mizzen.e2e.cluster.Kubectl;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What happens when something is killed with -9: the server, its containerd, a container. */
class CrashIT {
    private static Cluster cluster;
    private static Kubectl kubectl;

    @BeforeAll
    static void startsACluster() {
        cluster = Cluster.start(CrashIT.class);
        kubectl = cluster.kubectl();
    }

    @AfterAll
    static void removesTheCluster() throws Exception {
        cluster.close();
    }

    @Test
    void aServerKilledWhileItWritesLosesNothingAndAdoptsItsContainers() throws Exception {
        kubectl.apply(pod("survivor", "exec sleep 3600", "Always"));
        kubectl.ok("wait", "--for=condition=Ready", "pod/survivor", "--timeout=60s");
        String container = containerId("survivor");
        long process = processOf(container);
        Set<String> acknowledged = new ConcurrentSkipListSet<>();

        for (int round = 0; round < 3; round++) {
            String prefix = "round-" + round + "-";
            AtomicBoolean stop = new AtomicBoolean();
            Thread[] writers = new Thread[4];
            for (int i = 0; i < writers.length; i++) {
                String writer = prefix + i + "-";
                writers[i] = Thread.ofVirtual().start(() -> write(writer, stop, acknowledged));
            }
            Kubectl.within(Duration.ofSeconds(30))
                    .until(() -> acknowledged.stream()
                                    .filter(name -> name.startsWith(prefix))
                                    .count()
                            > 40);

            cluster.killServer();
            stop.set(true);
            for (Thread writer : writers) {
                assertThat(writer.join(Duration.ofSeconds(30))).isTrue();
            }
            assertThat(ProcessHandle.of(process)).as("the container runs on").isPresent();
            cluster.startServer();
            cluster.awaitReady();
        }

        try (KubernetesClient client = cluster.client()) {
            Set<String> present = client.configMaps().inNamespace("default").list().getItems().stream()
                    .map(each -> each.getMetadata().getName())
                    .collect(Collectors.toSet());
            assertThat(present).containsAll(acknowledged);
        }
        Kubectl.within(Duration.ofSeconds(30))
                .until(() -> kubectl.find("pod/survivor", ".status.phase").equals("Running"));
        assertThat(containerId("survivor")).isEqualTo(container);
        assertThat(kubectl.find("pod/survivor", ".status.containerStatuses[0].restartCount"))
                .isEqualTo("0");
        assertThat(kubectl.ok("exec", "survivor", "--", "echo", "alive")).isEqualTo("alive\n");
        kubectl.ok("delete", "pod", "survivor");
    }

    private static void write(String prefix, AtomicBoolean stop, Set<String> acknowledged) {
        try (KubernetesClient client = cluster.client()) {
            for (int i = 0; !stop.get(); i++) {
                ConfigMap written = new ConfigMapBuilder()
                        .withNewMetadata()
                        .withName(prefix + i)
                        .endMetadata()
                        .withData(Map.of("n", Integer.toString(i)))
                        .build();
                client.configMaps().inNamespace("default").resource(written).create();
                acknowledged.add(prefix + i);
            }
        } catch (KubernetesClientException e) {
            assertThat(e.getCode()).as(e.getMessage()).isIn(0, 503);
        }
    }

    @Test
    void aKilledContainerdIsStartedAgainAndTouchesNoContainer() throws Exception {
        kubectl.apply(pod("calm", "exec sleep 3600", "Always"));
        kubectl.ok("wait", "--for=condition=Ready", "pod/calm", "--timeout=60s");
        String container = containerId("calm");
        long process = processOf(container);
        long containerd = cluster.containerdPid();

        ProcessHandle.of(containerd).orElseThrow().destroyForcibly();

        Kubectl.within(Duration.ofSeconds(20)).until(() -> cluster.containerdPid() != containerd);
        Kubectl.within(Duration.ofSeconds(30))
                .until(() -> kubectl.run("exec", "calm", "--", "true").exitCode() == 0);
        assertThat(ProcessHandle.of(process)).isPresent();
        assertThat(containerId("calm")).isEqualTo(container);
        assertThat(kubectl.find("pod/calm", ".status.containerStatuses[0].restartCount"))
                .isEqualTo("0");
        kubectl.ok("delete", "pod", "calm");
    }

    @Test
    void aKilledContainerComesBackAndIsCounted() throws Exception {
        kubectl.apply(pod("victim", "echo here again; exec sleep 3600", "Always"));
        kubectl.ok("wait", "--for=condition=Ready", "pod/victim", "--timeout=60s");
        String first = containerId("victim");

        ProcessHandle.of(processOf(first)).orElseThrow().destroyForcibly();

        Kubectl.within(Duration.ofSeconds(30)).untilAsserted(() -> {
            assertThat(kubectl.find("pod/victim", ".status.containerStatuses[0].restartCount"))
                    .isEqualTo("1");
            assertThat(kubectl.find("pod/victim", ".status.containerStatuses[0].state.running.startedAt"))
                    .isNotEmpty();
        });
        assertThat(containerId("victim")).isNotEqualTo(first);
        assertThat(kubectl.find("pod/victim", ".status.containerStatuses[0].lastState.terminated.exitCode"))
                .isEqualTo("137");
        assertThat(kubectl.ok("logs", "victim", "--previous")).isEqualTo("here again\n");
        kubectl.ok("delete", "pod", "victim");
    }

    @Test
    void aContainerThatKeepsFailingIsHeldBack() {
        kubectl.apply(pod("failing", "exit 7", "Always"));

        Kubectl.within(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(
                                kubectl.find("pod/failing", ".status.containerStatuses[0].state.waiting.reason"))
                        .isEqualTo("CrashLoopBackOff"));
        assertThat(kubectl.find("pod/failing", ".status.containerStatuses[0].lastState.terminated.exitCode"))
                .isEqualTo("7");
        Kubectl.within(Duration.ofSeconds(30))
                .untilAsserted(
                        () -> assertThat(kubectl.ok("get", "events", "--field-selector=involvedObject.name=failing"))
                                .contains("Back-off restarting failed container"));
        kubectl.ok("delete", "pod", "failing");
    }

    @Test
    void aServerToldToStopEndsInFifteenSecondsAndLeavesContainersRunning() throws Exception {
        kubectl.apply(pod("lasting", "exec sleep 3600", "Always"));
        kubectl.ok("wait", "--for=condition=Ready", "pod/lasting", "--timeout=60s");
        String container = containerId("lasting");
        long process = processOf(container);

        assertThat(cluster.stopServer()).isLessThan(15);

        assertThat(ProcessHandle.of(process)).isPresent();
        cluster.startServer();
        cluster.awaitReady();
        assertThat(containerId("lasting")).isEqualTo(container);
        kubectl.ok("delete", "pod", "lasting");
    }

    private static String containerId(String pod) {
        return kubectl.find("pod/" + pod, ".status.containerStatuses[0].containerID")
                .replace("containerd://", "");
    }

    private static long processOf(String container) {
        return Command.ok(
                        "ctr",
                        "--address",
                        cluster.dataDir().resolve("containerd/containerd.sock").toString(),
                        "--namespace",
                        "k8s.io",
                        "task",
                        "ls")
                .lines()
                .map(line -> line.strip().split("\\s+"))
                .filter(fields -> fields[0].equals(container))
                .mapToLong(fields -> Long.parseLong(fields[1]))
                .findFirst()
                .orElseThrow();
    }

    private static String pod(String name, String script, String restartPolicy) {
        return """
                apiVersion: v1
                kind: Pod
                metadata:
                  name: %s
                spec:
                  restartPolicy: %s
                  terminationGracePeriodSeconds: 1
                  containers:
                  - name: main
                    image: %s
                    command: ["sh", "-c", "%s"]
                """.formatted(name, restartPolicy, Cluster.IMAGE, script);
    }
}
