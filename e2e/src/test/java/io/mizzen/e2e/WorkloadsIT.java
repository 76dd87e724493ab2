// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e;

import static io.mizzen.e2e.WorkloadManifests.TWINS;
import static io.mizzen.e2e.WorkloadManifests.UNTIL_TOLD;
import static io.mizzen.e2e.WorkloadManifests.endless;
import static io.mizzen.e2e.WorkloadManifests.job;
import static io.mizzen.e2e.WorkloadManifests.keeping;
import static io.mizzen.e2e.WorkloadManifests.runs;
import static io.mizzen.e2e.WorkloadManifests.sleeping;
import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.e2e.cluster.Cluster;
import io.mizzen.e2e.cluster.Kubectl;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
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

    private static final String SUSPENDED =
            ".status.conditions[?(@.type=='Suspended')].status} {.status.conditions[?(@.type=='Suspended')].reason";
    private static final String FAILED =
            ".status.conditions[?(@.type=='Failed')].reason} {.status.conditions[?(@.type=='Failed')].message";

    private static Cluster cluster;
    private static Kubectl kubectl;
    private static long missedMinute;

    /** All of it starts at once; each story waits for its own part. */
    @BeforeAll
    static void startsAClusterAndItsWorkloads() {
        cluster = Cluster.start(WorkloadsIT.class);
        kubectl = cluster.kubectl();
        kubectl.apply(String.join(
                "---\n",
                """
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
                """.formatted(Cluster.IMAGE),
                sleeping("catching-up", "successfulJobsHistoryLimit: 1"),
                sleeping("letting-go", "startingDeadlineSeconds: 10"),
                endless("many", "Allow"),
                endless("alone", "Forbid"),
                endless("newest", "Replace"),
                job("some-fail", """
                  completionMode: Indexed
                  completions: 3
                  parallelism: 3
                  backoffLimitPerIndex: 0
                """, "[ $JOB_COMPLETION_INDEX != 1 ]"),
                job("leader", """
                  completionMode: Indexed
                  completions: 2
                  parallelism: 2
                  successPolicy:
                    rules:
                    - {succeededIndexes: "0"}
                """, "[ $JOB_COMPLETION_INDEX = 0 ] || sleep 1000"),
                job("three", """
                  completions: 3
                  parallelism: 2
                """, "sleep 6"),
                job("stubborn", "  backoffLimit: 1", "exit 1"),
                job("late", "  activeDeadlineSeconds: 5", UNTIL_TOLD),
                job("pausing", "  parallelism: 1", UNTIL_TOLD),
                job("numbered", """
                  completionMode: Indexed
                  completions: 2
                  parallelism: 2
                """, "echo $JOB_COMPLETION_INDEX at `hostname`"),
                keeping("ordered", "OrderedReady", "{whenScaled: Delete}"),
                keeping("parallel", "Parallel", "{whenDeleted: Delete}"),
                runs("DaemonSet", "patient", "  updateStrategy: {type: OnDelete}"),
                TWINS.formatted(Cluster.IMAGE),
                runs("StatefulSet", "db", """
                  replicas: 2
                  serviceName: db
                  updateStrategy: {rollingUpdate: {partition: 1}}
                """),
                runs("DaemonSet", "agent", """
                  updateStrategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}
                """)));
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
    void aStatefulSetIsInNoHurryUnlessItIsParallel() {
        Kubectl.within(SOON)
                .until(() -> kubectl.find("pod/parallel-0", ".status.phase").equals("Running")
                        && kubectl.find("pod/parallel-1", ".status.phase").equals("Running"));
        assertThat(kubectl.find("statefulset/parallel", ".status.readyReplicas"))
                .as("it did not wait for any of them")
                .isEmpty();

        Kubectl.within(SOON)
                .until(() -> kubectl.find("pod/ordered-0", ".status.phase").equals("Running"));
        assertThat(kubectl.find("pod/ordered-1", ".metadata.name"))
                .as("the second waits for the first to be ready")
                .isEmpty();
        say("ordered-0", "ready");
        Kubectl.within(SOON)
                .until(() -> kubectl.find("pod/ordered-1", ".status.phase").equals("Running"));
        say("ordered-1", "ready");
        kubectl.ok("rollout", "status", "statefulset/ordered", "--timeout=60s");
        assertThat(Instant.parse(kubectl.find("pod/ordered-1", ".metadata.creationTimestamp")))
                .isAfterOrEqualTo(Instant.parse(
                        kubectl.find("pod/ordered-0", ".status.conditions[?(@.type=='Ready')].lastTransitionTime")));
    }

    @Test
    @Order(7)
    void aStatefulSetShrinksFromItsEndAndTakesClaimsAlongWhereItSaysSo() {
        kubectl.ok("scale", "statefulset", "ordered", "--replicas=0");
        kubectl.ok("scale", "statefulset", "parallel", "--replicas=1");

        Kubectl.within(SOON)
                .until(() -> !kubectl.find("pod/ordered-1", ".metadata.deletionTimestamp")
                        .isEmpty());
        say("parallel-1", "leave");
        Kubectl.within(SOON)
                .until(() -> kubectl.find("pod/parallel-1", ".metadata.name").isEmpty());
        assertThat(kubectl.find("pod/ordered-0", ".metadata.name")).isEqualTo("ordered-0");
        assertThat(kubectl.find("pod/ordered-0", ".metadata.deletionTimestamp"))
                .as("the first waits until the second is gone")
                .isEmpty();
        say("ordered-1", "leave");
        Kubectl.within(SOON)
                .until(() -> !kubectl.find("pod/ordered-0", ".metadata.deletionTimestamp")
                        .isEmpty());
        assertThat(kubectl.find("pod/ordered-1", ".metadata.name")).isEmpty();
        say("ordered-0", "leave");

        Kubectl.within(SOON)
                .untilAsserted(() -> assertThat(kubectl.ok("get", "pvc", "-o", "name"))
                        .as("one set deletes them when it shrinks, the other does not")
                        .isEqualTo("""
                                persistentvolumeclaim/data-parallel-0
                                persistentvolumeclaim/data-parallel-1
                                """));
        kubectl.ok("delete", "statefulset", "parallel", "--wait=false");
        Kubectl.within(SOON)
                .until(() -> !kubectl.find("pod/parallel-0", ".metadata.deletionTimestamp")
                        .isEmpty());
        say("parallel-0", "leave");
        Kubectl.within(SOON)
                .untilAsserted(
                        () -> assertThat(kubectl.ok("get", "pvc", "-o", "name")).isEmpty());
    }

    @Test
    @Order(8)
    void aDaemonSetMayWaitUntilSomebodyDeletesItsPods() {
        Kubectl.within(SOON)
                .until(() -> kubectl.find("daemonset/patient", ".status.numberAvailable")
                        .equals("1"));
        String before = kubectl.ok("get", "pods", "-l", "app=patient", "-o", "name");
        kubectl.ok("patch", "daemonset", "patient", "--type=merge", "-p", PATCH);

        Kubectl.within(SOON)
                .until(() -> kubectl.find("daemonset/patient", ".status.observedGeneration")
                        .equals("2"));
        assertThat(kubectl.find("daemonset/patient", ".status.updatedNumberScheduled"))
                .isEmpty();
        assertThat(kubectl.ok("get", "pods", "-l", "app=patient", "-o", "name")).isEqualTo(before);
        kubectl.ok("delete", before.strip());
        Kubectl.within(SOON)
                .until(() -> kubectl.find("daemonset/patient", ".status.updatedNumberScheduled")
                        .equals("1"));
        assertThat(kubectl.ok(
                        "get", "pods", "-l", "app=patient", "-o", "jsonpath={.items[*].metadata.annotations.version}"))
                .isEqualTo("two");

        kubectl.ok(
                "patch", "daemonset", "patient", "-p", "{\"spec\":{\"updateStrategy\":{\"type\":\"RollingUpdate\"}}}");
        kubectl.ok("patch", "daemonset", "patient", "-p", PATCH.replace("two", "three"));
        kubectl.ok("rollout", "status", "daemonset/patient", "--timeout=60s");
        assertThat(kubectl.ok(
                        "get", "pods", "-l", "app=patient", "-o", "jsonpath={.items[*].metadata.annotations.version}"))
                .as("by itself now")
                .isEqualTo("three");
    }

    @Test
    @Order(9)
    void aReplicationControllerScalesAndReplacesWhatIsGone() {
        kubectl.ok("scale", "rc", "twins", "--replicas=2");
        Kubectl.within(SOON)
                .until(() -> kubectl.find("rc/twins", ".status.readyReplicas").equals("2"));
        String before = kubectl.ok("get", "pods", "-l", "app=twins", "-o", "name");
        kubectl.ok("delete", before.lines().findFirst().orElseThrow());

        Kubectl.within(SOON)
                .untilAsserted(() -> assertThat(kubectl.ok("get", "pods", "-l", "app=twins", "-o", "name"))
                        .hasLineCount(2)
                        .isNotEqualTo(before));
        kubectl.ok("scale", "rc", "twins", "--current-replicas=2", "--replicas=0");
        Kubectl.within(SOON)
                .untilAsserted(() -> assertThat(kubectl.ok("get", "pods", "-l", "app=twins", "-o", "name"))
                        .isEmpty());
    }

    @Test
    @Order(10)
    void anIndexedJobTellsEachPodItsNumber() {
        kubectl.ok("wait", "--for=condition=complete", "job/numbered", "--timeout=60s");

        for (String index : List.of("0", "1")) {
            String pod = "batch.kubernetes.io/job-completion-index=" + index + ",job-name=numbered";
            Kubectl.within(SOON)
                    .untilAsserted(() -> assertThat(kubectl.ok("logs", "-l", pod))
                            .isEqualTo(index + " at numbered-" + index + "\n"));
        }
    }

    @Test
    @Order(11)
    void aJobPausesAndGoesOnWithNewPods() {
        Kubectl.within(SOON)
                .until(() -> kubectl.find("job/pausing", ".status.ready").equals("1"));
        String before = kubectl.ok("get", "pods", "-l", "job-name=pausing", "-o", "name");
        kubectl.ok("patch", "job", "pausing", "-p", "{\"spec\":{\"suspend\":true}}");

        Kubectl.within(SOON)
                .untilAsserted(
                        () -> assertThat(kubectl.find("job/pausing", SUSPENDED)).isEqualTo("True JobSuspended"));
        Kubectl.within(SOON)
                .untilAsserted(() -> assertThat(kubectl.ok("get", "pods", "-l", "job-name=pausing", "-o", "name"))
                        .isEmpty());
        assertThat(kubectl.find("job/pausing", ".status.startTime")).isEmpty();
        assertThat(kubectl.find("job/pausing", ".status.failed"))
                .as("a pod that was only in the way is no failure")
                .isEmpty();

        kubectl.ok("patch", "job", "pausing", "-p", "{\"spec\":{\"suspend\":false}}");
        Kubectl.within(SOON)
                .until(() -> kubectl.find("job/pausing", ".status.ready").equals("1"));
        assertThat(kubectl.find("job/pausing", SUSPENDED)).isEqualTo("False JobResumed");
        assertThat(kubectl.find("job/pausing", ".status.startTime")).isNotEmpty();
        assertThat(kubectl.ok("get", "pods", "-l", "job-name=pausing", "-o", "name"))
                .hasLineCount(1)
                .isNotEqualTo(before);
    }

    @Test
    @Order(12)
    void aJobFailsWhenItsTimeIsOver() {
        Kubectl.within(SOON)
                .untilAsserted(() -> assertThat(kubectl.find("job/late", FAILED))
                        .isEqualTo("DeadlineExceeded Job was active longer than specified deadline"));

        Kubectl.within(SOON)
                .untilAsserted(() -> assertThat(kubectl.ok("get", "pods", "-l", "job-name=late", "-o", "name"))
                        .isEmpty());
        assertThat(kubectl.find("job/late", ".status.failed")).isEqualTo("1");
        assertThat(kubectl.find("job/late", ".status.active")).isEmpty();
    }

    @Test
    @Order(13)
    void aJobFailsWhenItHasTriedOftenEnough() {
        Kubectl.within(SOON)
                .untilAsserted(() -> assertThat(kubectl.find("job/stubborn", FAILED))
                        .isEqualTo("BackoffLimitExceeded Job has reached the specified backoff limit"));

        assertThat(kubectl.find("job/stubborn", ".status.failed")).isEqualTo("2");
        assertThat(kubectl.ok("get", "pods", "-l", "job-name=stubborn", "-o", "name"))
                .as("what has ended stays to be looked at")
                .hasLineCount(2);
    }

    @Test
    @Order(14)
    void aJobRunsSoManyAtATimeUntilEnoughHaveSucceeded() {
        kubectl.ok("wait", "--for=condition=complete", "job/three", "--timeout=60s");

        assertThat(kubectl.find("job/three", ".status.succeeded")).isEqualTo("3");
        List<Instant> starts = times("{.status.containerStatuses[0].state.terminated.startedAt}");
        List<Instant> ends = times("{.status.containerStatuses[0].state.terminated.finishedAt}");
        assertThat(starts).hasSize(3);
        assertThat(starts.get(1)).as("two at once").isBefore(ends.get(0));
        assertThat(starts.get(2)).as("the third waits for one of them").isAfterOrEqualTo(ends.get(0));
    }

    /** Of the pods of the Job of three, the earliest first. */
    private static List<Instant> times(String path) {
        return kubectl.ok(
                        "get",
                        "pods",
                        "-l",
                        "job-name=three",
                        "-o",
                        "jsonpath={range .items[*]}" + path + "{\"\\n\"}{end}")
                .lines()
                .map(Instant::parse)
                .sorted()
                .toList();
    }

    @Test
    @Order(15)
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

    /** Both go on when the minute is more than ten seconds old. */
    @Test
    @Order(16)
    void aMissedStartIsMadeUpForUnlessItIsTooLate() {
        Kubectl.within(Duration.ofSeconds(80)).until(() -> {
            long second = System.currentTimeMillis() / 1000 % 60;
            return second > 11
                    && second < 45
                    && !kubectl.find("cronjob/tick", ".status.lastScheduleTime").isEmpty();
        });
        missedMinute = System.currentTimeMillis() / 60_000;
        for (String name : List.of("letting-go", "catching-up")) {
            kubectl.ok("patch", "cronjob", name, "-p", "{\"spec\":{\"suspend\":false}}");
        }

        Kubectl.within(SOON)
                .untilAsserted(() -> assertThat(jobs("catching-up")).containsExactly("catching-up-" + missedMinute));
        assertThat(kubectl.find("cronjob/letting-go", ".status.lastScheduleTime"))
                .isEmpty();
    }

    private static List<String> jobs(String cronJob) {
        return kubectl.ok("get", "jobs", "-o", "jsonpath={range .items[*]}{.metadata.name}{\"\\n\"}{end}")
                .lines()
                .filter(name -> name.matches(cronJob + "-[0-9]{8}"))
                .toList();
    }

    @Test
    @Order(20)
    void aCronJobWhoseJobStillRunsWaitsOrTakesItsPlaceOrRunsBesideIt() {
        Kubectl.within(Duration.ofSeconds(130)).untilAsserted(() -> {
            assertThat(kubectl.ok(
                            "get", "events", "--field-selector=involvedObject.name=alone,reason=JobAlreadyActive"))
                    .contains("concurrency policy is Forbid");
            assertThat(kubectl.ok(
                            "get", "events", "--field-selector=involvedObject.name=newest,reason=SuccessfulDelete"))
                    .contains("Deleted job newest-");
        });
        for (String name : List.of("alone", "newest")) {
            Kubectl.within(SOON)
                    .untilAsserted(() -> assertThat(kubectl.find("cronjob/" + name, ".status.active[*].name"))
                            .matches(name + "-[0-9]{8}"));
        }
        Kubectl.within(SOON)
                .untilAsserted(() -> assertThat(kubectl.find("cronjob/many", ".status.active[*].name"))
                        .matches("many-[0-9]{8}( many-[0-9]{8})+"));
    }

    @Test
    @Order(21)
    void aCronJobForgetsItsOldJobsAndGoesOnAfterAMissedStart() {
        Kubectl.within(Duration.ofSeconds(90))
                .untilAsserted(() -> assertThat(jobs("catching-up"))
                        .as("one that has succeeded, at most one that runs")
                        .isNotEmpty()
                        .doesNotContain("catching-up-" + missedMinute)
                        .hasSizeLessThan(3));
        Kubectl.within(SOON).untilAsserted(() -> assertThat(jobs("letting-go")).isNotEmpty());
        assertThat(jobs("letting-go"))
                .as("the minute that was missed too long ago")
                .doesNotContain("letting-go-" + missedMinute);
    }

    /** Tells a pod of {@link WorkloadManifests#keeping} that it may be ready, or leave. */
    private static void say(String pod, String what) {
        kubectl.ok("exec", pod, "--", "touch", "/" + what);
    }
}
