// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.e2e.cluster.Cluster;
import io.mizzen.e2e.cluster.Command;
import io.mizzen.e2e.cluster.Kubectl;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every manifest of {@code manifests/examples} does what its first lines say; all of them live in one cluster at once. */
class ExamplesIT {
    private static final Path EXAMPLES = Path.of("../manifests/examples");
    private static final Map<String, Runnable> CHECKS = Map.ofEntries(
            Map.entry("web.yaml", ExamplesIT::aServiceAnswersFromEveryPod),
            Map.entry("worker.yaml", () -> logs("deployment/worker", "round 3")),
            Map.entry("batch-job.yaml", () -> logs("job/squares", "the square of 0 is 0", "the square of 3 is 9")),
            Map.entry("cron-job.yaml", ExamplesIT::aCronJobMakesJobs),
            Map.entry("tool.yaml", () -> logs("pod/tool", "sum 5050")),
            Map.entry("init-and-sidecar.yaml", ExamplesIT::aJobWithASidecarCompletes),
            Map.entry("store.yaml", ExamplesIT::aStoreRemembersWhoItIs),
            Map.entry("trainer.yaml", ExamplesIT::aModelStaysOnItsVolume),
            Map.entry("node-agent.yaml", () -> logs("daemonset/node-agent", Cluster.NODE + " load ")),
            Map.entry("configuration.yaml", () -> logs("pod/configured", "ahoy, the password has 6 letters")),
            Map.entry("autoscaled.yaml", ExamplesIT::aBusyServiceGrows),
            Map.entry(
                    "queue.yaml",
                    () -> logs(
                            "job/workers",
                            IntStream.rangeClosed(1, 6)
                                    .mapToObj(task -> "worked on task " + task)
                                    .toArray(String[]::new))));

    private static Cluster cluster;
    private static Kubectl kubectl;

    @BeforeAll
    static void appliesAllExamples() {
        cluster = Cluster.start(ExamplesIT.class);
        kubectl = cluster.kubectl();
        kubectl.ok("apply", "-f", EXAMPLES.toAbsolutePath().normalize().toString());
    }

    @AfterAll
    static void removesTheCluster() throws Exception {
        cluster.close();
    }

    static Stream<String> examples() throws IOException {
        try (Stream<Path> files = Files.list(EXAMPLES)) {
            return files
                    .filter(Files::isRegularFile)
                    .map(file -> file.getFileName().toString())
                    .sorted()
                    .toList()
                    .stream();
        }
    }

    @Test
    void eachHasACheck() throws IOException {
        assertThat(examples()).containsExactlyInAnyOrderElementsOf(CHECKS.keySet());
    }

    @ParameterizedTest
    @MethodSource("examples")
    void does(String example) {
        Runnable check = CHECKS.get(example);
        assertThat(check).as(example).isNotNull();
        check.run();
    }

    @Test
    void aDatabaseFromDebianPackagesKeepsItsData() {
        cluster.makeImage("redis-server,redis-tools");
        kubectl.ok(
                "apply",
                "-f",
                EXAMPLES.resolve("packages/redis.yaml")
                        .toAbsolutePath()
                        .normalize()
                        .toString());
        kubectl.ok("rollout", "status", "statefulset/redis", "--timeout=60s");
        kubectl.ok("exec", "redis-0", "--", "redis-cli", "set", "ship", "Mary Rose");

        kubectl.ok("delete", "pod", "redis-0");

        kubectl.ok("rollout", "status", "statefulset/redis", "--timeout=60s");
        assertThat(kubectl.ok(
                        "exec", "store-0", "--", "sh", "-c", "printf 'GET ship\\r\\nQUIT\\r\\n' | nc -w 5 redis 6379"))
                .as("by its name, from another pod")
                .contains("Mary Rose");
    }

    /** Waits until the logs of all pods of something have the texts. */
    private static void logs(String object, String... texts) {
        String labels = object.startsWith("pod/")
                ? ""
                : kubectl.ok(
                        "get",
                        object,
                        "-o",
                        "go-template={{range $k, $v := .spec.selector.matchLabels}}{{$k}}={{$v}}{{end}}");
        Kubectl.within(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat((labels.isEmpty()
                                        ? kubectl.run("logs", object)
                                        : kubectl.run("logs", "--selector=" + labels, "--tail=-1"))
                                .out())
                        .as(object)
                        .contains(texts));
    }

    private static void aServiceAnswersFromEveryPod() {
        kubectl.ok("rollout", "status", "deployment/web", "--timeout=60s");
        String address = kubectl.find("service/web", ".spec.clusterIP");
        List<String> curl = new ArrayList<>(cluster.network().enter());
        curl.addAll(List.of("curl", "-s", "-m", "5", "http://" + address + "/"));
        TreeSet<String> answers = new TreeSet<>();
        Kubectl.within(Duration.ofSeconds(30)).untilAsserted(() -> {
            answers.add(Command.run("", Map.of(), curl).out().strip());
            assertThat(answers.stream().filter(each -> each.startsWith("hello from web-")))
                    .hasSize(3);
        });
    }

    private static void aCronJobMakesJobs() {
        kubectl.ok("create", "job", "by-hand", "--from=cronjob/minute");
        logs("job/by-hand", "it is ");
        Kubectl.within(Duration.ofSeconds(90))
                .untilAsserted(() -> assertThat(kubectl.find("cronjob/minute", ".status.lastSuccessfulTime"))
                        .as("by its schedule")
                        .isNotEmpty());
    }

    private static void aModelStaysOnItsVolume() {
        logs("job/trainer", "trained: y = 2.00 x + 1.00");
        kubectl.apply("""
                apiVersion: v1
                kind: Pod
                metadata: {name: model-reader}
                spec:
                  restartPolicy: Never
                  containers:
                  - name: main
                    image: %s
                    command: [cat, /models/line]
                    volumeMounts: [{name: models, mountPath: /models}]
                  volumes: [{name: models, persistentVolumeClaim: {claimName: models}}]
                """.formatted(Cluster.IMAGE));
        Kubectl.within(Duration.ofSeconds(30))
                .untilAsserted(() ->
                        assertThat(kubectl.run("logs", "model-reader").out()).isEqualTo("y = 2.00 x + 1.00\n"));
    }

    private static void aJobWithASidecarCompletes() {
        kubectl.ok("wait", "--for=condition=Complete", "job/report", "--timeout=60s");
        assertThat(kubectl.ok("logs", "job/report", "-c", "work")).isEqualTo("product 12\n");
        assertThat(kubectl.ok("logs", "job/report", "-c", "shipper")).contains("product 12");
    }

    private static void aStoreRemembersWhoItIs() {
        kubectl.ok("rollout", "status", "statefulset/store", "--timeout=60s");
        kubectl.ok("exec", "store-1", "--", "sh", "-c", "echo kept >/data/extra");

        kubectl.ok("delete", "pod", "store-1");

        kubectl.ok("rollout", "status", "statefulset/store", "--timeout=60s");
        assertThat(kubectl.ok("exec", "store-1", "--", "cat", "/data/name", "/data/extra"))
                .isEqualTo("born as store-1\nkept\n");
        String ask = "printf 'GET /name HTTP/1.0\\r\\n\\r\\n' | nc -w 3 store-1.store 8080";
        Kubectl.within(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(kubectl.run("exec", "store-0", "--", "sh", "-c", ask)
                                .out())
                        .contains("born as store-1"));
    }

    private static void aBusyServiceGrows() {
        Kubectl.within(Duration.ofSeconds(120))
                .untilAsserted(() -> assertThat(kubectl.find("deployment/busy", ".spec.replicas"))
                        .as(kubectl.run("describe", "hpa", "busy").out())
                        .isIn("2", "3"));
    }
}
