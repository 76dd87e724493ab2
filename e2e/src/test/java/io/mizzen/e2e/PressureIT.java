// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e;

import static io.mizzen.e2e.cluster.Kubectl.within;
import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.e2e.cluster.Cluster;
import io.mizzen.e2e.cluster.Kubectl;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The machine's memory and disk run short for real: who uses most without having asked for it goes, the others stay. */
class PressureIT {
    private static final long MEBI = 1024 * 1024;
    /** What a hog takes, and how far below what is free now the thresholds lie; between them is room for other programs. */
    private static final long TAKEN = 2048 * MEBI;

    private static final long LEFT = 1024 * MEBI;

    private static Cluster cluster;
    private static Kubectl kubectl;

    @BeforeAll
    static void startsAClusterThatIsSoonShort() throws IOException {
        long disk = Files.getFileStore(Path.of("/var/tmp")).getUsableSpace();
        cluster = Cluster.start(
                PressureIT.class,
                "--eviction-hard=memory.available<" + (availableMemory() - LEFT) + ",nodefs.available<" + (disk - LEFT),
                "--eviction-pressure-transition-period=5s");
        kubectl = cluster.kubectl();
        pod("modest", "sleep 3600", "{}");
        kubectl.ok("wait", "--for=condition=Ready", "pod/modest", "--timeout=30s");
    }

    @AfterAll
    static void removesTheCluster() throws Exception {
        cluster.close();
    }

    private static long availableMemory() throws IOException {
        return Files.readAllLines(Path.of("/proc/meminfo")).stream()
                .filter(line -> line.startsWith("MemAvailable:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aPodThatFillsTheMemoryIsEvicted() {
        evicts("MemoryPressure", "memory", "{medium: Memory}");
    }

    @Test
    void aPodThatFillsTheDiskIsEvicted() {
        evicts("DiskPressure", "ephemeral-storage", "{}");
    }

    private static void evicts(String condition, String resource, String emptyDir) {
        String hog = "hog-of-" + resource;
        pod(hog, "dd if=/dev/zero of=/data/big bs=1M count=" + TAKEN / MEBI + "; sleep 3600", emptyDir);

        within(Duration.ofSeconds(90))
                .untilAsserted(() ->
                        assertThat(kubectl.find("pod/" + hog, ".status.reason")).isEqualTo("Evicted"));
        assertThat(kubectl.find("pod/" + hog, ".status.phase")).isEqualTo("Failed");
        assertThat(kubectl.find("pod/" + hog, ".status.message"))
                .startsWith("The node was low on resource: " + resource + ". Threshold quantity: ")
                .contains("Container main was using ");
        assertThat(kubectl.find("pod/" + hog, ".status.conditions[?(@.type==\"DisruptionTarget\")].reason"))
                .isEqualTo("TerminationByKubelet");
        assertThat(kubectl.ok("get", "events", "--field-selector=reason=Evicted,involvedObject.name=" + hog))
                .contains("The node was low on resource");
        within(Duration.ofSeconds(60)).untilAsserted(() -> {
            assertThat(kubectl.find(
                            "node/" + Cluster.NODE, ".status.conditions[?(@.type==\"" + condition + "\")].status"))
                    .as("what the pod had taken is free again")
                    .isEqualTo("False");
            assertThat(kubectl.find("node/" + Cluster.NODE, ".spec.taints")).isEmpty();
        });
        assertThat(kubectl.find("pod/modest", ".status.phase")).isEqualTo("Running");
        assertThat(kubectl.find("pod/modest", ".status.containerStatuses[0].restartCount"))
                .isEqualTo("0");
    }

    private static void pod(String name, String command, String emptyDir) {
        kubectl.apply("""
                apiVersion: v1
                kind: Pod
                metadata: {name: %s}
                spec:
                  restartPolicy: Never
                  terminationGracePeriodSeconds: 0
                  containers:
                  - name: main
                    image: %s
                    command: [sh, -c, "%s"]
                    resources: {requests: {memory: 8Mi}}
                    volumeMounts: [{name: data, mountPath: /data}]
                  volumes: [{name: data, emptyDir: %s}]
                """.formatted(name, Cluster.IMAGE, command, emptyDir));
    }
}
