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
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every kubectl reads in every form, changes in every way and deletes in the three ways of cascading. */
class VerbsIT {
    private static Cluster cluster;

    @TempDir
    private Path folder;

    @BeforeAll
    static void startsACluster() {
        cluster = Cluster.start(VerbsIT.class);
    }

    @AfterAll
    static void removesTheCluster() throws Exception {
        cluster.close();
    }

    private static Stream<Arguments> everyKubectl() {
        return KubectlPrograms.all().entrySet().stream().map(each -> Arguments.of(each.getKey(), each.getValue()));
    }

    private static Kubectl inNamespace(String what, String name, Path program) {
        Kubectl admin = cluster.kubectl().with(name, program);
        String namespace = what + "-" + name.replace('.', '-');
        admin.ok("create", "namespace", namespace);
        return admin.in(namespace);
    }

    @ParameterizedTest(name = "kubectl {0}")
    @MethodSource("everyKubectl")
    void readsInEveryForm(String name, Path program) throws Exception {
        Kubectl kubectl = inNamespace("reads", name, program);
        kubectl.apply(DEPLOYMENT);
        kubectl.ok("rollout", "status", "deployment/web", "--timeout=60s");

        assertThat(kubectl.ok("get", "deployment", "web", "-o", "wide")).contains("SELECTOR", Cluster.IMAGE, "app=web");
        assertThat(kubectl.ok("get", "deployment", "web", "-o", "yaml")).contains("kind: Deployment\n");
        assertThat(kubectl.ok("get", "deployment", "web", "-o", "json")).contains("\"kind\": \"Deployment\"");
        assertThat(kubectl.ok("get", "deployment", "web", "-o", "name")).isEqualTo("deployment.apps/web\n");
        assertThat(kubectl.ok("get", "deployments", "-o", "jsonpath={.items[*].spec.replicas}"))
                .isEqualTo("2");
        assertThat(kubectl.ok("get", "deploy", "-o", "custom-columns=NAME:.metadata.name,WANT:.spec.replicas"))
                .isEqualTo("NAME   WANT\nweb    2\n");
        assertThat(kubectl.ok("get", "pods", "-A", "-l", "app=web", "--no-headers"))
                .contains(kubectl.namespace() + " ");
        assertThat(kubectl.ok("get", "pods", "--field-selector=status.phase=Running", "-o", "name")
                        .lines())
                .hasSize(2);
        assertThat(kubectl.ok("get", "pods", "--field-selector=status.phase=Pending", "-o", "name"))
                .isEmpty();
        assertThat(kubectl.ok("get", "pods", "--sort-by=.metadata.name", "-o", "name")
                        .lines())
                .isSorted();
        assertThat(kubectl.ok("describe", "deployment", "web"))
                .contains("Scaled up replica set web-", "2 desired | 2 updated | 2 total | 2 available");
        assertThat(kubectl.ok("get", "events", "--field-selector=reason=ScalingReplicaSet"))
                .contains("deployment/web");
        assertThat(kubectl.ok("explain", "deployment.spec.replicas")).contains("replicas", "<integer>");
        assertThat(kubectl.ok("api-resources", "--api-group=apps")).contains("deployments", "deploy", "apps/v1");
        assertThat(kubectl.ok("version")).contains("v1.35");
        assertThat(kubectl.ok("cluster-info")).contains("Kubernetes control plane");
        String pod = kubectl.find("pods", ".items[0].metadata.name");
        assertThat(kubectl.ok("logs", pod, "-c", "main", "--tail=1", "--since=1h"))
                .isEqualTo("two\n");
        assertThat(watchedWhile(kubectl, () -> kubectl.ok("label", "deployment", "web", "seen=yes")))
                .contains("web ")
                .containsPattern("(?s)web .*web ");
        removed(kubectl);
    }

    /** What {@code get -w} prints until it has seen a change. */
    private String watchedWhile(Kubectl kubectl, Runnable change) throws IOException, InterruptedException {
        Path seen = folder.resolve("watched");
        ProcessBuilder builder = new ProcessBuilder(kubectl.commandLine("get", "deployments", "-w", "--no-headers"));
        builder.environment().put("KUBECONFIG", kubectl.kubeconfig().toString());
        Process watch =
                builder.redirectErrorStream(true).redirectOutput(seen.toFile()).start();
        try {
            Kubectl.within(Duration.ofSeconds(20))
                    .untilAsserted(() -> assertThat(seen).content().hasLineCount(1));
            change.run();
            Kubectl.within(Duration.ofSeconds(20))
                    .untilAsserted(() -> assertThat(seen).content().hasLineCount(2));
            return Files.readString(seen);
        } finally {
            watch.destroy();
            assertThat(watch.waitFor(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    @ParameterizedTest(name = "kubectl {0}")
    @MethodSource("everyKubectl")
    void changesInEveryWay(String name, Path program) throws Exception {
        Kubectl kubectl = inNamespace("changes", name, program);
        Path first = Files.writeString(folder.resolve("a.yaml"), CONFIG.formatted("1"));
        Files.writeString(folder.resolve("b.yaml"), DEPLOYMENT);
        assertThat(kubectl.ok("apply", "-f", folder.toString()))
                .as("a folder")
                .isEqualTo("configmap/config created\ndeployment.apps/web created\n");
        assertThat(kubectl.fails("create", "-f", first.toString())).contains("(AlreadyExists)");

        kubectl.ok("label", "configmap", "config", "team=blue");
        assertThat(kubectl.fails("label", "configmap", "config", "team=red")).contains("--overwrite");
        kubectl.ok("annotate", "configmap", "config", "note=kept");
        kubectl.ok("patch", "configmap", "config", "--type=merge", "-p", "{\"data\":{\"b\":\"2\"}}");
        kubectl.ok(
                "patch",
                "configmap",
                "config",
                "--type=json",
                "-p",
                "[{\"op\":\"add\",\"path\":\"/data/c\",\"value\":\"3\"}]");
        kubectl.ok("patch", "configmap", "config", "-p", "{\"data\":{\"d\":\"4\",\"b\":null}}");
        kubectl.edit("sed -i s/blue/green/", "edit", "configmap", "config");
        assertThat(kubectl.find("configmap/config", ".data") + kubectl.find("configmap/config", ".metadata.labels"))
                .isEqualTo("{\"a\":\"1\",\"c\":\"3\",\"d\":\"4\"}{\"team\":\"green\"}");

        Files.writeString(first, CONFIG.formatted("changed"));
        Command diff = kubectl.run("diff", "-f", first.toString());
        assertThat(diff.exitCode()).as(diff.err()).isEqualTo(1);
        assertThat(diff.out()).contains("-  a: \"1\"", "+  a: changed");
        kubectl.ok("replace", "-f", first.toString());
        assertThat(kubectl.find("configmap/config", ".data")).isEqualTo("{\"a\":\"changed\"}");

        kubectl.ok("set", "image", "deployment/web", "main=localhost/absent:1");
        kubectl.ok("rollout", "pause", "deployment/web");
        assertThat(kubectl.fails("rollout", "undo", "deployment/web")).contains("paused");
        kubectl.ok("rollout", "resume", "deployment/web");
        kubectl.ok("rollout", "undo", "deployment/web");
        kubectl.ok("rollout", "restart", "deployment/web");
        kubectl.ok("rollout", "status", "deployment/web", "--timeout=60s");
        kubectl.ok("scale", "deployment/web", "--replicas=1");
        kubectl.ok("wait", "--for=jsonpath={.status.readyReplicas}=1", "deployment/web", "--timeout=30s");
        kubectl.ok("expose", "deployment", "web", "--port=80");
        assertThat(kubectl.find("service/web", ".spec.selector")).isEqualTo("{\"app\":\"web\"}");

        kubectl.ok("run", "once", "--image=" + Cluster.IMAGE, "--restart=Never", "--", "sh", "-c", "echo ran");
        kubectl.ok("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/once", "--timeout=30s");
        assertThat(kubectl.ok("logs", "once")).isEqualTo("ran\n");
        removed(kubectl);
    }

    @ParameterizedTest(name = "kubectl {0}")
    @MethodSource("everyKubectl")
    void scalesEveryKindOfWorkload(String name, Path program) {
        Kubectl kubectl = inNamespace("scales", name, program);
        String[] kinds = {"deployment/web", "replicaset/web", "statefulset/web", "replicationcontroller/web"};
        kubectl.apply(scalable("apps/v1", "Deployment", "matchLabels: {kind: Deployment}")
                + scalable("apps/v1", "ReplicaSet", "matchLabels: {kind: ReplicaSet}")
                + scalable("apps/v1", "StatefulSet", "matchLabels: {kind: StatefulSet}")
                + scalable("v1", "ReplicationController", "kind: ReplicationController"));

        for (String kind : kinds) {
            assertThat(kubectl.ok("scale", kind, "--replicas=1")).endsWith("/web scaled\n");
        }
        for (String kind : kinds) {
            kubectl.ok("wait", "--for=jsonpath={.status.readyReplicas}=1", kind, "--timeout=30s");
            assertThat(kubectl.ok("get", kind, "--subresource=scale", "-o", "jsonpath={.kind} {.status.replicas}"))
                    .isEqualTo("Scale 1");
            assertThat(kubectl.fails("scale", kind, "--replicas=3", "--current-replicas=2"))
                    .contains("Expected replicas to be 2, was 1");
        }
        kubectl.ok("scale", "deployment,rs,statefulset,rc", "--all", "--replicas=0");
        Kubectl.within(Duration.ofSeconds(30))
                .untilAsserted(() ->
                        assertThat(kubectl.ok("get", "pods", "-o", "name")).isEmpty());
        removed(kubectl);
    }

    private static String scalable(String version, String kind, String selector) {
        return """
                ---
                apiVersion: %1$s
                kind: %2$s
                metadata: {name: web}
                spec:
                  replicas: 0
                  selector: {%3$s}
                  template:
                    metadata: {labels: {kind: %2$s}}
                    spec:
                      terminationGracePeriodSeconds: 0
                      containers: [{name: main, image: %4$s, command: [sleep, "3600"]}]
                """.formatted(version, kind, selector, Cluster.IMAGE);
    }

    @ParameterizedTest(name = "kubectl {0}")
    @MethodSource("everyKubectl")
    void theServerTakesOverWhatTheClientApplied(String name, Path program) {
        Kubectl kubectl = inNamespace("owners", name, program);
        kubectl.apply(CONFIG.formatted("1") + "  gone: soon\n");

        onServer(kubectl, CONFIG.formatted("2")).requireOk();
        assertThat(kubectl.find("configmap/config", ".data"))
                .as("what the manifest lacks goes, though the client had applied it")
                .isEqualTo("{\"a\":\"2\"}");
        assertThat(kubectl.find("configmap/config", ".metadata.managedFields[*].manager"))
                .doesNotContain("kubectl-client-side-apply");
        assertThat(kubectl.apply(CONFIG.formatted("3")))
                .as("and back to the client")
                .isEqualTo("configmap/config configured\n");
        assertThat(kubectl.find("configmap/config", ".data")).isEqualTo("{\"a\":\"3\"}");
        removed(kubectl);
    }

    @ParameterizedTest(name = "kubectl {0}")
    @MethodSource("everyKubectl")
    void anotherManagersFieldIsAConflictUnlessForced(String name, Path program) {
        Kubectl kubectl = inNamespace("conflicts", name, program);
        onServer(kubectl, CONFIG.formatted("1")).requireOk();
        kubectl.ok("patch", "configmap", "config", "--field-manager=other", "-p", "{\"data\":{\"a\":\"theirs\"}}");

        Command refused = onServer(kubectl, CONFIG.formatted("2"));
        assertThat(refused.exitCode()).isEqualTo(1);
        assertThat(refused.err()).contains("conflict", "\"other\"", ".data.a");
        onServer(kubectl, CONFIG.formatted("2"), "--force-conflicts").requireOk();
        assertThat(kubectl.find("configmap/config", ".data.a")).isEqualTo("2");
        removed(kubectl);
    }

    /** The manifest's comments say which field each conflict names. */
    @Test
    void everyKindKnowsWhoOwnsItsFields() throws IOException {
        Kubectl kubectl = inNamespace("owned", "1.36", KubectlPrograms.upstream(36));
        String manifest = Files.readString(Path.of("src/test/resources/owned-fields.yaml"));
        List<String> fields = manifest.lines()
                .filter(line -> line.contains("VALUE") && line.contains(" # ."))
                .map(line -> line.substring(line.indexOf(" # ") + 3))
                .toList();
        onServer(kubectl, manifest.replace("VALUE", "1"), "--field-manager=blue")
                .requireOk();
        onServer(kubectl, manifest.replace("VALUE", "1"), "--field-manager=blue")
                .requireOk();

        Command red = onServer(kubectl, manifest.replace("VALUE", "2"), "--field-manager=red");

        assertThat(red.exitCode()).isEqualTo(1);
        assertThat(red.out()).as("nothing is applied").isEmpty();
        assertThat(red.err().lines().filter(line -> line.contains("Apply failed with 1 conflict")))
                .hasSameSizeAs(fields)
                .allSatisfy(line -> assertThat(line).contains("conflict with \"blue\""));
        assertThat(red.err()
                        .lines()
                        .filter(line -> line.contains("Apply failed"))
                        .map(line -> line.substring(line.lastIndexOf(": ") + 2)))
                .containsExactlyElementsOf(fields);
        onServer(kubectl, manifest.replace("VALUE", "2"), "--field-manager=red", "--force-conflicts")
                .requireOk();
        kubectl.runWithInput(manifest.replace("VALUE", "2"), "delete", "--wait=false", "-f", "-")
                .requireOk();
        removed(kubectl);
    }

    @ParameterizedTest(name = "kubectl {0}")
    @MethodSource("everyKubectl")
    void deletesInItsThreeWays(String name, Path program) {
        Kubectl kubectl = inNamespace("deletes", name, program);
        kubectl.apply(DEPLOYMENT);
        kubectl.ok("rollout", "status", "deployment/web", "--timeout=60s");

        kubectl.ok("delete", "deployment", "web", "--cascade=orphan");
        assertThat(kubectl.ok("get", "replicasets,pods", "-o", "name").lines())
                .as("orphans stay")
                .hasSize(3);
        kubectl.ok("delete", "replicasets", "-l", "app=web", "--cascade=foreground", "--timeout=60s");
        assertThat(kubectl.ok("get", "pods", "-o", "name"))
                .as("dependents went first")
                .isEmpty();

        kubectl.apply(DEPLOYMENT);
        kubectl.ok("rollout", "status", "deployment/web", "--timeout=60s");
        kubectl.ok("delete", "deployment", "web", "--cascade=background", "--wait=false");
        Kubectl.within(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(kubectl.ok("get", "replicasets,pods", "-o", "name"))
                        .isEmpty());

        kubectl.ok("run", "stubborn", "--image=" + Cluster.IMAGE, "--", "sleep", "3600");
        kubectl.ok("wait", "--for=condition=Ready", "pod/stubborn", "--timeout=30s");
        kubectl.ok("delete", "pod", "stubborn", "--grace-period=0", "--force");
        assertThat(kubectl.ok("get", "pods", "-o", "name")).isEmpty();
        removed(kubectl);
    }

    @ParameterizedTest(name = "kubectl {0}")
    @MethodSource("everyKubectl")
    void closesANodeAndOpensItAgain(String name, Path program) {
        Kubectl kubectl = inNamespace("nodes", name, program);
        kubectl.ok("cordon", Cluster.NODE);
        kubectl.ok("run", "waiting", "--image=" + Cluster.IMAGE, "--", "sleep", "3600");
        Kubectl.within(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(kubectl.find("pod/waiting", ".status.conditions[0].message"))
                        .startsWith("0/1 nodes are available: 1 node(s) were unschedulable."));
        kubectl.ok("taint", "node", Cluster.NODE, "sails=white:NoSchedule");
        kubectl.ok("uncordon", Cluster.NODE);
        Kubectl.within(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(kubectl.find("pod/waiting", ".status.conditions[0].message"))
                        .startsWith("0/1 nodes are available: 1 node(s) had untolerated taint(s)."));
        kubectl.ok("taint", "node", Cluster.NODE, "sails:NoSchedule-");
        kubectl.ok("wait", "--for=condition=Ready", "pod/waiting", "--timeout=30s");
        removed(kubectl);
    }

    @Test
    void aNamespaceSaysWhatIsLeftOfIt() {
        Kubectl kubectl = cluster.kubectl().in("left");
        kubectl.ok("create", "namespace", "left");
        kubectl.apply(
                CONFIG.formatted("1").replace("{name: config}", "{name: config, finalizers: [example.com/hold]}"));

        kubectl.ok("delete", "namespace", "left", "--wait=false");

        Kubectl.within(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(
                                kubectl.find("namespace/left", ".status.conditions[?(@.status==\"True\")].message"))
                        .isEqualTo("Some resources are remaining: configmaps. has 1 resource instances"
                                + " Some content in the namespace has finalizers remaining: example.com/hold in 1 resource"
                                + " instances"));
        assertThat(kubectl.fails("create", "configmap", "late")).contains("because it is being terminated");
        kubectl.ok("patch", "configmap", "config", "--type=merge", "-p", "{\"metadata\":{\"finalizers\":null}}");
        kubectl.ok("wait", "--for=delete", "namespace/left", "--timeout=30s");
    }

    private static Command onServer(Kubectl kubectl, String manifest, String... flags) {
        List<String> words = new ArrayList<>(List.of("apply", "--server-side", "-f", "-"));
        words.addAll(List.of(flags));
        return kubectl.runWithInput(manifest, words.toArray(String[]::new));
    }

    private static void removed(Kubectl kubectl) {
        kubectl.ok("delete", "namespace", kubectl.namespace(), "--wait=false");
    }

    private static final String CONFIG = """
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: config}
            data:
              a: "%s"
            """;

    private static final String DEPLOYMENT = """
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
                    image: %s
                    command: [sh, -c, "trap 'exit 0' TERM; echo one; echo two; while :; do sleep 1 & wait $!; done"]
            """.formatted(Cluster.IMAGE);
}
