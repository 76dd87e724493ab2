// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.e2e.cluster.Cluster;
import io.mizzen.e2e.cluster.Kubectl;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** Workloads that run to an end, in their order, or everywhere: Jobs, CronJobs, StatefulSets and DaemonSets on real containers. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class WorkloadsIT {
    private static final Duration SOON = Duration.ofSeconds(40);
    private static final String PATCH =
            "{\"spec\":{\"template\":{\"metadata\":{\"annotations\":{\"version\":\"two\"}}}}}";

    private static Cluster cluster;
    private static Kubectl kubectl;

    /** All of it starts at once; each story waits for its own part. */
    @BeforeAll
    static void startsAClusterAndItsWorkloads() {
        cluster = Cluster.start(WorkloadsIT.class);
        kubectl = cluster.kubectl();
        kubectl.apply("""
                apiVersion: batch/v1
                kind: CronJob
                metadata: {name: tick}
                spec:
                  schedule: "* * * * *"
                  timeZone: Asia/Kolkata
                  concurrencyPolicy: Forbid
                  jobTemplate:
                    spec:
                      template:
                        spec:
                          restartPolicy: Never
                          containers:
                          - {name: main, image: %s, command: [sh, -c, "echo tick"]}
                """.formatted(Cluster.IMAGE));
        kubectl.apply(job("some-fail", """
                  completionMode: Indexed
                  completions: 3
                  parallelism: 3
                  backoffLimitPerIndex: 0
                """, "[ $JOB_COMPLETION_INDEX != 1 ]"));
        kubectl.apply(job("leader", """
                  completionMode: Indexed
                  completions: 2
                  parallelism: 2
                  successPolicy:
                    rules:
                    - {succeededIndexes: "0"}
                """, "[ $JOB_COMPLETION_INDEX = 0 ] || sleep 1000"));
        kubectl.apply(runs("StatefulSet", "db", """
                  replicas: 2
                  serviceName: db
                  updateStrategy: {rollingUpdate: {partition: 1}}
                """));
        kubectl.apply(runs("DaemonSet", "agent", """
                  updateStrategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}
                """));
    }

    @AfterAll
    static void removesTheCluster() throws Exception {
        cluster.close();
    }

    @Test
    @Order(1)
    void anIndexThatFailsDoesNotHoldUpTheOthers() {
        Kubectl.within(SOON)
                .until(() -> kubectl.find("job/some-fail", ".status.conditions[?(@.type=='Failed')].reason")
                        .equals("FailedIndexes"));

        assertThat(kubectl.find("job/some-fail", ".status.completedIndexes")).isEqualTo("0,2");
        assertThat(kubectl.find("job/some-fail", ".status.failedIndexes")).isEqualTo("1");
        assertThat(kubectl.find("job/some-fail", ".status.failed")).isEqualTo("1");
    }

    @Test
    @Order(2)
    void aSuccessPolicyEndsTheJobBeforeAllIndexesHaveSucceeded() {
        Kubectl.within(SOON)
                .until(() -> kubectl.find("job/leader", ".status.conditions[?(@.type=='Complete')].reason")
                        .equals("SuccessPolicy"));

        assertThat(kubectl.find("job/leader", ".status.conditions[?(@.type=='Complete')].message"))
                .isEqualTo("Matched rules at index 0");
        assertThat(kubectl.find("job/leader", ".status.completedIndexes")).isEqualTo("0");
    }

    @Test
    @Order(3)
    void anExitCodeMayFailTheJobAtOnceWhichGoesWhenItsTimeIsOver() {
        kubectl.apply(job("hopeless", """
                  ttlSecondsAfterFinished: 4
                  podFailurePolicy:
                    rules:
                    - action: FailJob
                      onExitCodes: {operator: In, values: [42]}
                """, "exit 42"));

        Kubectl.within(SOON)
                .until(() -> kubectl.find("job/hopeless", ".status.conditions[?(@.type=='Failed')].message")
                        .matches("Container main for pod default/hopeless-.{5} failed with exit code 42"
                                + " matching FailJob rule at index 0"));
        Kubectl.within(SOON)
                .until(() -> kubectl.find("job/hopeless", ".metadata.name").isEmpty());
    }

    @Test
    @Order(4)
    void aStatefulSetUpdatesDownToItsPartition() {
        kubectl.ok("rollout", "status", "statefulset/db", "--timeout=60s");
        kubectl.ok("patch", "statefulset", "db", "--type=merge", "-p", PATCH);
        kubectl.ok("rollout", "status", "statefulset/db", "--timeout=60s");

        assertThat(kubectl.find("pod/db-1", ".metadata.annotations.version")).isEqualTo("two");
        assertThat(kubectl.find("pod/db-0", ".metadata.annotations.version")).isEmpty();
        assertThat(kubectl.find("statefulset/db", ".status.currentRevision"))
                .isNotEqualTo(kubectl.find("statefulset/db", ".status.updateRevision"));
    }

    @Test
    @Order(5)
    void aDaemonSetSurgesAndIsNeverWithoutAPod() {
        kubectl.ok("rollout", "status", "daemonset/agent", "--timeout=60s");
        String before = kubectl.ok("get", "pods", "-l", "app=agent", "-o", "name");
        kubectl.ok("patch", "daemonset", "agent", "--type=merge", "-p", PATCH);
        kubectl.ok("rollout", "status", "daemonset/agent", "--timeout=60s");

        Kubectl.within(SOON)
                .untilAsserted(() -> assertThat(kubectl.ok("get", "pods", "-l", "app=agent", "-o", "name"))
                        .hasLineCount(1)
                        .isNotEqualTo(before));
        String events = kubectl.ok(
                "get",
                "events",
                "--sort-by=.metadata.creationTimestamp",
                "-o",
                "jsonpath={range .items[?(@.involvedObject.name=='agent')]}{.reason} {end}");
        assertThat(events.trim()).isEqualTo("SuccessfulCreate SuccessfulCreate SuccessfulDelete");
    }

    @Test
    @Order(6)
    void aCronJobRunsByHandAndByTheClockAndKeepsItsHistory() {
        kubectl.ok("create", "job", "by-hand", "--from=cronjob/tick");
        kubectl.ok("wait", "--for=condition=complete", "job/by-hand", "--timeout=60s");
        assertThat(kubectl.find("job/by-hand", ".metadata.annotations.cronjob\\.kubernetes\\.io/instantiate"))
                .isEqualTo("manual");

        Kubectl.within(Duration.ofSeconds(90))
                .until(() -> !kubectl.find("cronjob/tick", ".status.lastScheduleTime")
                        .isEmpty());
        String job = kubectl.ok("get", "jobs", "-o", "name")
                .lines()
                .filter(name -> name.matches("job.batch/tick-[0-9]{8}"))
                .findFirst()
                .orElseThrow();
        kubectl.ok("wait", "--for=condition=complete", job, "--timeout=60s");
        assertThat(kubectl.ok("logs", job)).isEqualTo("tick\n");
        assertThat(kubectl.find(job, ".metadata.annotations.batch\\.kubernetes\\.io/cronjob-scheduled-timestamp"))
                .endsWith(":00+05:30");
    }

    private static String job(String name, String spec, String command) {
        return """
                apiVersion: batch/v1
                kind: Job
                metadata: {name: %s}
                spec:
                %s
                  template:
                    spec:
                      restartPolicy: Never
                      terminationGracePeriodSeconds: 1
                      containers:
                      - {name: main, image: %s, command: [sh, -c, "%s"]}
                """.formatted(name, spec.stripTrailing(), Cluster.IMAGE, command);
    }

    private static String runs(String kind, String name, String spec) {
        return """
                apiVersion: apps/v1
                kind: %s
                metadata: {name: %s}
                spec:
                %s
                  selector: {matchLabels: {app: %s}}
                  template:
                    metadata: {labels: {app: %s}}
                    spec:
                      terminationGracePeriodSeconds: 1
                      containers:
                      - {name: main, image: %s, command: [sleep, "1000"]}
                """.formatted(kind, name, spec.stripTrailing(), name, name, Cluster.IMAGE);
    }
}
