// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.e2e.cluster.Cluster;
import io.mizzen.e2e.cluster.Kubectl;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** Data that outlives pods, and goes when it should: claims, volumes of the default class, StatefulSets, projected volumes. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class StorageIT {
    private static final Duration SOON = Duration.ofSeconds(30);

    private static final String SCHEDULED = ".status.conditions[?(@.type=='PodScheduled')].message";

    private static Cluster cluster;
    private static Kubectl kubectl;

    @BeforeAll
    static void startsACluster() {
        cluster = Cluster.start(StorageIT.class);
        kubectl = cluster.kubectl();
        kubectl.ok("create", "configmap", "greeting", "--from-literal=text=hello");
        kubectl.apply(pod(
                "reader",
                "",
                """
                  volumes:
                  - name: config
                    configMap: {name: greeting}
                """,
                "{name: config, mountPath: /config}",
                "{name: config, mountPath: /once, subPath: text}"));
        awaitRunning("reader");
        kubectl.ok("patch", "configmap", "greeting", "--type=merge", "-p", "{\"data\":{\"text\":\"good bye\"}}");
    }

    @AfterAll
    static void removesTheCluster() throws Exception {
        cluster.close();
    }

    @Test
    @Order(1)
    void aClaimWaitsForItsPodIsKeptWhileUsedAndGoesWithItsData() throws Exception {
        assertThat(kubectl.ok("get", "storageclass", "--no-headers"))
                .containsPattern("local-path \\(default\\) +mizzen.io/local-path +Delete +WaitForFirstConsumer +false");
        kubectl.apply(claim("data", ""));
        assertThat(kubectl.find("pvc/data", ".spec.storageClassName")).isEqualTo("local-path");
        awaitEvent("data", "WaitForFirstConsumer", "waiting for first consumer to be created before binding");

        kubectl.apply(pod(
                "writer",
                "{runAsUser: 1000, fsGroup: 2000}",
                """
                  volumes:
                  - name: data
                    persistentVolumeClaim: {claimName: data}
                """,
                "{name: data, mountPath: /data}",
                "{name: data, mountPath: /part, subPath: a/b}"));
        awaitRunning("writer");

        String volume = kubectl.find("pvc/data", ".spec.volumeName");
        awaitEvent(
                "data",
                "ProvisioningSucceeded",
                "Successfully provisioned volume " + volume + " using mizzen.io/local-path");
        assertThat(kubectl.ok("get", "pvc", "data", "--no-headers"))
                .containsPattern("^data +Bound +" + volume + " +16Mi +RWO +local-path ");
        assertThat(kubectl.ok("get", "pv", volume, "--no-headers"))
                .containsPattern("^" + volume + " +16Mi +RWO +Delete +Bound +default/data +local-path ");
        kubectl.ok("exec", "writer", "--", "sh", "-c", "echo kept >/data/file && echo part >/part/file");
        Path folder = cluster.dataDir().resolve("storage").resolve(volume + "_default_data");
        assertThat(folder.resolve("file")).hasContent("kept");
        assertThat(folder.resolve("a/b/file")).hasContent("part");
        assertThat(Files.getAttribute(folder.resolve("file"), "unix:gid")).isEqualTo(2000);
        kubectl.ok("exec", "writer", "--", "ln", "-s", "/etc", "/data/link");
        assertThat(kubectl.fails(
                        "patch",
                        "pvc",
                        "data",
                        "--type=merge",
                        "-p",
                        "{\"spec\":{\"resources\":{\"requests\":{\"storage\":\"1Gi\"}}}}"))
                .contains("only dynamically provisioned pvc can be resized");

        kubectl.ok("delete", "pvc", "data", "--wait=false");
        assertThat(kubectl.ok("get", "pvc", "data", "--no-headers")).containsPattern("^data +Terminating ");
        assertThat(kubectl.find("pvc/data", ".metadata.finalizers[*]")).isEqualTo("kubernetes.io/pvc-protection");
        kubectl.apply(pod("late", "", """
                  volumes:
                  - name: data
                    persistentVolumeClaim: {claimName: data}
                """, "{name: data, mountPath: /data}"));
        Kubectl.within(SOON)
                .until(() -> kubectl.find("pod/late", SCHEDULED)
                        .contains("persistentvolumeclaim \"data\" is being deleted"));
        assertThat(folder).exists();

        kubectl.ok("delete", "pod", "late", "writer", "--timeout=30s");
        Kubectl.within(SOON)
                .untilAsserted(() ->
                        assertThat(kubectl.ok("get", "pvc,pv", "-o", "name")).isEmpty());
        assertThat(folder).doesNotExist();
        assertThat(Path.of("/etc/passwd")).exists();
    }

    @Test
    @Order(2)
    void aStatefulSetFindsItsDataAgain() throws Exception {
        kubectl.ok("cordon", Cluster.NODE);
        kubectl.apply(statefulSet("db", 2));
        Kubectl.within(SOON).until(() -> !kubectl.find("pod/db-0", SCHEDULED).isEmpty());
        String first = kubectl.find("pvc/data-db-0", ".metadata.uid");
        kubectl.ok("delete", "pvc", "data-db-0", "--timeout=30s");
        Kubectl.within(SOON)
                .untilAsserted(() -> assertThat(kubectl.find("pvc/data-db-0", ".metadata.uid"))
                        .isNotEmpty()
                        .isNotEqualTo(first));
        kubectl.ok("uncordon", Cluster.NODE);
        kubectl.ok("rollout", "status", "statefulset/db", "--timeout=60s");
        assertThat(kubectl.ok("get", "pvc", "-o", "name").lines())
                .containsExactly("persistentvolumeclaim/data-db-0", "persistentvolumeclaim/data-db-1");
        kubectl.ok("exec", "db-0", "--", "sh", "-c", "echo zero >/data/file");

        kubectl.ok("delete", "pod", "db-0", "--timeout=30s");
        kubectl.ok("rollout", "status", "statefulset/db", "--timeout=60s");
        assertThat(kubectl.ok("exec", "db-0", "--", "cat", "/data/file")).isEqualTo("zero\n");

        cluster.stopServer();
        cluster.startServer();
        cluster.awaitReady();
        assertThat(kubectl.ok("exec", "db-0", "--", "cat", "/data/file")).isEqualTo("zero\n");
        kubectl.ok("delete", "pod", "db-0", "--timeout=30s");
        kubectl.ok("rollout", "status", "statefulset/db", "--timeout=60s");
        assertThat(kubectl.ok("exec", "db-0", "--", "cat", "/data/file")).isEqualTo("zero\n");

        kubectl.ok("scale", "statefulset/db", "--replicas=1");
        Kubectl.within(SOON)
                .untilAsserted(() -> assertThat(kubectl.ok("get", "pvc", "-o", "name"))
                        .isEqualTo("persistentvolumeclaim/data-db-0\n"));
        Kubectl.within(SOON).untilAsserted(() -> assertThat(folders()).hasSize(1));

        kubectl.ok("delete", "statefulset", "db", "--timeout=30s");
        Kubectl.within(SOON)
                .until(() -> kubectl.find("pod/db-0", ".metadata.name").isEmpty());
        assertThat(kubectl.find("pvc/data-db-0", ".status.phase")).isEqualTo("Bound");
        kubectl.ok("delete", "pvc", "data-db-0", "--timeout=30s");
        Kubectl.within(SOON).untilAsserted(() -> assertThat(folders()).isEmpty());
    }

    @Test
    @Order(3)
    void aRetainedVolumeKeepsItsDataAndIsGivenToNobodyElse() throws Exception {
        Path folder = Files.createDirectories(cluster.dataDir().resolve("kept"));
        kubectl.apply(claim("first", "storageClassName: \"\""));
        kubectl.apply(pod("once", "", """
                  volumes:
                  - name: data
                    persistentVolumeClaim: {claimName: first, readOnly: true}
                """, "{name: data, mountPath: /data}"));
        Kubectl.within(SOON)
                .until(() -> kubectl.find("pod/once", SCHEDULED)
                        .contains("pod has unbound immediate PersistentVolumeClaims"));
        kubectl.apply("""
                apiVersion: v1
                kind: PersistentVolume
                metadata: {name: kept}
                spec:
                  capacity: {storage: 1Gi}
                  accessModes: [ReadWriteOnce]
                  persistentVolumeReclaimPolicy: Retain
                  hostPath: {path: "%s"}
                """.formatted(folder));
        Kubectl.within(SOON)
                .until(() -> kubectl.find("pvc/first", ".status.phase").equals("Bound"));
        awaitRunning("once");
        assertThat(kubectl.fails("exec", "once", "--", "touch", "/data/file")).contains("Read-only file system");
        Files.writeString(folder.resolve("file"), "kept");
        kubectl.ok("delete", "pod", "once", "--timeout=30s");

        kubectl.ok("delete", "pvc", "first", "--timeout=30s");
        Kubectl.within(SOON)
                .until(() -> kubectl.find("pv/kept", ".status.phase").equals("Released"));
        kubectl.apply(claim("second", "storageClassName: \"\""));
        awaitEvent(
                "second",
                "FailedBinding",
                "no persistent volumes available for this claim and no storage class is set");
        assertThat(kubectl.find("pvc/second", ".status.phase")).isEqualTo("Pending");
        assertThat(folder.resolve("file")).hasContent("kept");

        kubectl.ok("delete", "pvc", "second", "--timeout=30s");
        kubectl.ok("delete", "pv", "kept", "--timeout=30s");
        assertThat(folder.resolve("file")).hasContent("kept");
    }

    @Test
    @Order(4)
    void anEphemeralVolumeGoesWithItsPodAndANamespaceWithAllItsVolumes() throws Exception {
        kubectl.ok("create", "namespace", "space");
        Kubectl space = kubectl.in("space");
        space.apply(pod("scratch", "", """
                  volumes:
                  - name: space
                    ephemeral:
                      volumeClaimTemplate:
                        metadata: {labels: {kind: scratch}}
                        spec:
                          accessModes: [ReadWriteOncePod]
                          resources: {requests: {storage: 1Mi}}
                """, "{name: space, mountPath: /space}"));
        awaitRunning(space, "scratch");
        assertThat(space.ok("get", "pvc", "-l", "kind=scratch", "--no-headers"))
                .containsPattern("^scratch-space +Bound +\\S+ +1Mi +RWOP +local-path ");

        space.apply(pod("rival", "", """
                  volumes:
                  - name: space
                    persistentVolumeClaim: {claimName: scratch-space}
                """, "{name: space, mountPath: /space}"));
        Kubectl.within(SOON)
                .until(() -> space.find("pod/rival", SCHEDULED)
                        .contains("node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode"
                                + " already in-use by another pod"));
        space.ok("delete", "pod", "rival", "scratch", "--timeout=30s");
        Kubectl.within(SOON)
                .until(() -> space.find("pvc/scratch-space", ".metadata.name").isEmpty());
        space.apply(claim("rest", ""));
        space.apply(pod("rest", "", """
                  volumes:
                  - name: data
                    persistentVolumeClaim: {claimName: rest}
                """, "{name: data, mountPath: /data}"));
        awaitRunning(space, "rest");
        kubectl.ok("delete", "namespace", "space", "--timeout=60s");
        Kubectl.within(SOON)
                .untilAsserted(
                        () -> assertThat(kubectl.ok("get", "pv", "-o", "name")).isEmpty());
        assertThat(folders()).isEmpty();
    }

    @Test
    @Order(5)
    void aChangedConfigMapReachesItsContainerAtOnce() {
        Kubectl.within(Duration.ofSeconds(120))
                .until(() -> kubectl.ok("exec", "reader", "--", "cat", "/config/text")
                        .equals("good bye"));
        assertThat(kubectl.ok("exec", "reader", "--", "cat", "/once"))
                .as("subPath mounts are not updated")
                .isEqualTo("hello");
        assertThat(kubectl.ok("exec", "reader", "--", "readlink", "/config/text"))
                .isEqualTo("..data/text\n");
        assertThat(kubectl.fails("exec", "reader", "--", "touch", "/config/text"))
                .contains("Read-only file system");

        kubectl.ok("patch", "configmap", "greeting", "--type=merge", "-p", "{\"immutable\":true}");
        assertThat(kubectl.fails(
                        "patch", "configmap", "greeting", "--type=merge", "-p", "{\"data\":{\"text\":\"again\"}}"))
                .contains("field is immutable when `immutable` is set");
        kubectl.ok("delete", "pod", "reader", "--timeout=30s");
    }

    @Test
    @Order(6)
    void aSealedSecretChangesNoMoreUntilItIsMadeAnew() {
        kubectl.ok("create", "secret", "generic", "sealed", "--from-literal=word=ahoy");
        kubectl.ok("patch", "secret", "sealed", "-p", "{\"immutable\":true}");

        for (String change : List.of("{\"stringData\":{\"word\":\"other\"}}", "{\"immutable\":false}")) {
            assertThat(kubectl.fails("patch", "secret", "sealed", "-p", change))
                    .contains("field is immutable when `immutable` is set");
        }
        kubectl.ok("label", "secret", "sealed", "team=blue");
        kubectl.ok("delete", "secret", "sealed");
        kubectl.ok("create", "secret", "generic", "sealed", "--from-literal=word=other");
    }

    private static List<Path> folders() throws IOException {
        Path root = cluster.dataDir().resolve("storage");
        if (!Files.exists(root)) {
            return List.of();
        }
        try (Stream<Path> all = Files.list(root)) {
            return all.toList();
        }
    }

    private static void awaitRunning(String pod) {
        awaitRunning(kubectl, pod);
    }

    private static void awaitRunning(Kubectl in, String pod) {
        Kubectl.within(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(in.find("pod/" + pod, ".status.phase"))
                        .as(() -> in.run("describe", "pod", pod).out())
                        .isEqualTo("Running"));
    }

    private static void awaitEvent(String claim, String reason, String message) {
        Kubectl.within(SOON)
                .untilAsserted(() -> assertThat(kubectl.ok(
                                "get",
                                "events",
                                "--field-selector",
                                "involvedObject.name=" + claim + ",reason=" + reason,
                                "-o",
                                "jsonpath={.items[*].message}"))
                        .contains(message));
    }

    private static String claim(String name, String more) {
        return """
                apiVersion: v1
                kind: PersistentVolumeClaim
                metadata: {name: %s}
                spec:
                  accessModes: [ReadWriteOnce]
                  resources: {requests: {storage: 16Mi}}
                  %s
                """.formatted(name, more);
    }

    private static String pod(String name, String security, String volumes, String... mounts) {
        return """
                apiVersion: v1
                kind: Pod
                metadata: {name: %s}
                spec:
                  terminationGracePeriodSeconds: 1
                  securityContext: %s
                  containers:
                  - name: main
                    image: %s
                    command: ["sleep", "3600"]
                    volumeMounts: [%s]
                %s""".formatted(
                        name, security.isEmpty() ? "{}" : security, Cluster.IMAGE, String.join(", ", mounts), volumes);
    }

    private static String statefulSet(String name, int replicas) {
        return """
                apiVersion: apps/v1
                kind: StatefulSet
                metadata: {name: %1$s}
                spec:
                  replicas: %2$d
                  serviceName: %1$s
                  selector:
                    matchLabels: {app: %1$s}
                  persistentVolumeClaimRetentionPolicy: {whenScaled: Delete, whenDeleted: Retain}
                  template:
                    metadata:
                      labels: {app: %1$s}
                    spec:
                      terminationGracePeriodSeconds: 1
                      containers:
                      - name: main
                        image: %3$s
                        command: ["sleep", "3600"]
                        volumeMounts: [{name: data, mountPath: /data}]
                  volumeClaimTemplates:
                  - metadata: {name: data}
                    spec:
                      accessModes: [ReadWriteOnce]
                      resources: {requests: {storage: 1Mi}}
                """.formatted(name, replicas, Cluster.IMAGE);
    }
}
