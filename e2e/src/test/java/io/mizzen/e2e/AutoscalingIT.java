// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.e2e.cluster.Cluster;
import io.mizzen.e2e.cluster.Kubectl;
import io.mizzen.e2e.cluster.KubectlPrograms;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * What nodes and pods use is told, and a Deployment that burns CPU grows under an autoscaler and shrinks again; so does whatever
 * else can be scaled, whichever version of an autoscaler it has.
 */
class AutoscalingIT {

    @Test
    void aDeploymentGrowsWithItsLoadAndShrinksWithoutIt() throws Exception {
        try (Cluster cluster = Cluster.start(AutoscalingIT.class)) {
            Kubectl kubectl = cluster.kubectl();
            kubectl.apply(everything());
            kubectl.ok("autoscale", "replicaset/typed", "--max=2", "--cpu=50%");
            kubectl.ok("rollout", "status", "deployment/burn", "--timeout=60s");

            usageIsTold(kubectl);
            grows(kubectl);
            otherKindsGrowByTheFirstVersion(kubectl);
            oneContainerMayCountAlone(kubectl);
            whatIsToleratedChangesNothing(kubectl);
            shrinks(kubectl);
        }
    }

    private static void usageIsTold(Kubectl own) {
        assertThat(own.find("apiservice/v1beta1.metrics.k8s.io", ".status.conditions[?(@.type=='Available')].status"))
                .isEqualTo("True");
        assertThat(own.fails("top", "pod", "nobody")).contains("pods \"nobody\" not found");
        Kubectl.within(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(own.run("top", "pod", "-l", "app=burn", "--containers")
                                .out())
                        .contains("POD", "NAME", "CPU(cores)", "MEMORY(bytes)", "burn-", "main"));
        for (Map.Entry<String, Path> program : KubectlPrograms.all().entrySet()) {
            Kubectl kubectl = own.with(program.getKey(), program.getValue());
            assertThat(kubectl.ok("top", "node", "--sort-by=cpu"))
                    .as(program.getKey())
                    .containsPattern(Cluster.NODE + " +[0-9]+m +[0-9]+% +[0-9]+Mi +[0-9]+%");
            assertThat(kubectl.ok("top", "pod", "-A", "--sort-by=memory", "--sum"))
                    .as(program.getKey())
                    .containsPattern("default +burn-\\S+ +[0-9]+m +[0-9]+Mi");
            boolean old = program.getKey().equals("1.27") || program.getKey().equals("1.33");
            assertThat(kubectl.ok(
                            "autoscale",
                            "deployment/burn",
                            "--name=other",
                            "--max=2",
                            old ? "--cpu-percent=50" : "--cpu=50%",
                            "--dry-run=server",
                            "-o=jsonpath={.spec}"))
                    .as(program.getKey())
                    .contains("\"maxReplicas\":2", "50");
        }
        assertThat(own.ok("get", "podmetrics.metrics.k8s.io")).containsPattern("NAME +CPU +MEMORY +WINDOW");
    }

    private static void grows(Kubectl kubectl) {
        Kubectl.within(Duration.ofSeconds(90))
                .untilAsserted(() -> assertThat(kubectl.find("deployment/burn", ".status.readyReplicas"))
                        .isEqualTo("3"));
        assertThat(kubectl.find("hpa/burn", ".status.conditions[?(@.type=='ScalingActive')].reason"))
                .isEqualTo("ValidMetricFound");
        assertThat(kubectl.find("hpa/burn", ".status.conditions[?(@.type=='ScalingActive')].message"))
                .isEqualTo("the HPA was able to successfully calculate a replica count from cpu resource utilization"
                        + " (percentage of request)");
        assertThat(kubectl.ok("get", "hpa", "burn"))
                .containsPattern("NAME +REFERENCE +TARGETS +MINPODS +MAXPODS +REPLICAS +AGE")
                .containsPattern("burn +Deployment/burn +cpu: [0-9]+%/50% +1 +3 +[0-9]");
        assertThat(kubectl.ok("get", "events", "--field-selector", "reason=SuccessfulRescale"))
                .contains("New size: 3; reason: cpu resource utilization (percentage of request) above target");
    }

    private static void otherKindsGrowByTheFirstVersion(Kubectl kubectl) {
        Kubectl.within(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(kubectl.find("statefulset/classic", ".status.readyReplicas")
                                + kubectl.find("replicaset/typed", ".status.readyReplicas"))
                        .isEqualTo("22"));
        for (String name : List.of("burn", "classic", "typed")) {
            assertThat(kubectl.find("hpa.v1.autoscaling/" + name, ".spec.targetCPUUtilizationPercentage"))
                    .as(name + " as the first version")
                    .isEqualTo("50");
            assertThat(kubectl.find("hpa.v2.autoscaling/" + name, ".spec.metrics"))
                    .as(name + " as the second version")
                    .isEqualTo("[{\"resource\":{\"name\":\"cpu\",\"target\":{\"averageUtilization\":50,"
                            + "\"type\":\"Utilization\"}},\"type\":\"Resource\"}]");
            assertThat(kubectl.find("hpa.v1.autoscaling/" + name, ".status.currentCPUUtilizationPercentage"))
                    .matches("[0-9]+");
        }
    }

    private static void oneContainerMayCountAlone(Kubectl kubectl) {
        Kubectl.within(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(kubectl.find("deployment/apart", ".status.readyReplicas"))
                        .as("its pods as a whole use less than half of what they request")
                        .isEqualTo("2"));
        assertThat(kubectl.find("hpa/apart", ".status.currentMetrics[0].containerResource.container"))
                .isEqualTo("main");
    }

    private static void whatIsToleratedChangesNothing(Kubectl kubectl) {
        Kubectl.within(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(kubectl.find(
                                "hpa/calm", ".status.currentMetrics[0].resource.current.averageUtilization"))
                        .as("far above 50")
                        .matches("[1-9][0-9]{2,}"));
        assertThat(kubectl.find("hpa/calm", ".status.desiredReplicas")).isEqualTo("1");
        assertThat(kubectl.find("deployment/calm", ".spec.replicas")).isEqualTo("1");
    }

    private static void shrinks(Kubectl kubectl) {
        for (String pod : kubectl.ok("get", "pods", "-l", "app=burn", "-o", "jsonpath={.items[*].metadata.name}")
                .split(" ")) {
            kubectl.ok("exec", pod, "--", "touch", "/tmp/idle");
        }

        Kubectl.within(Duration.ofSeconds(90))
                .untilAsserted(() -> assertThat(kubectl.find("deployment/burn", ".spec.replicas"))
                        .isEqualTo("1"));
        assertThat(kubectl.ok("get", "events", "--field-selector", "reason=SuccessfulRescale"))
                .contains("reason: All metrics below target");
    }

    private static String everything() {
        return burning("Deployment", "burn", "replicas: 1")
                + autoscaler("burn", 3, CPU_AT_HALF, "behavior: {scaleDown: {stabilizationWindowSeconds: 0}}")
                + burning("StatefulSet", "classic", "serviceName: classic", "podManagementPolicy: Parallel")
                + FIRST_VERSION
                + burning("ReplicaSet", "typed")
                + burning("Deployment", "apart")
                + IDLE_CONTAINER.formatted(Cluster.IMAGE)
                + autoscaler("apart", 2, CPU_OF_MAIN_AT_HALF)
                + burning("Deployment", "calm")
                + autoscaler("calm", 2, CPU_AT_HALF, "behavior: {scaleUp: {tolerance: '20'}}");
    }

    /** A workload that burns the CPU it gets until it is told to rest; another container may follow the text. */
    private static String burning(String kind, String name, String... spec) {
        return """
                ---
                apiVersion: apps/v1
                kind: %s
                metadata: {name: %s}
                spec:
                  %s
                  selector: {matchLabels: {app: %s}}
                  template:
                    metadata: {labels: {app: %s}}
                    spec:
                      terminationGracePeriodSeconds: 0
                      containers:
                      - name: main
                        image: %s
                        command: [sh, -c, "until [ -e /tmp/idle ]; do i=0; while [ $i -lt 9999 ]; do i=$((i+1)); done; done; exec sleep 3600"]
                        resources: {requests: {cpu: 20m}, limits: {cpu: 100m}}
                """.formatted(kind, name, String.join("\n  ", spec), name, name, Cluster.IMAGE);
    }

    private static final String IDLE_CONTAINER = """
                  - name: side
                    image: %s
                    command: [sleep, "3600"]
                    resources: {requests: {cpu: 250m}}
            """;

    /** For the Deployment of its name. */
    private static String autoscaler(String name, int maxReplicas, String... spec) {
        return """
                ---
                apiVersion: autoscaling/v2
                kind: HorizontalPodAutoscaler
                metadata: {name: %s}
                spec:
                  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: %s}
                  maxReplicas: %d
                  %s
                """.formatted(name, name, maxReplicas, String.join("\n  ", spec));
    }

    private static final String HALF = "target: {type: Utilization, averageUtilization: 50}";
    private static final String CPU_AT_HALF = "metrics: [{type: Resource, resource: {name: cpu, " + HALF + "}}]";
    private static final String CPU_OF_MAIN_AT_HALF =
            "metrics: [{type: ContainerResource, containerResource: {name: cpu, container: main, " + HALF + "}}]";

    private static final String FIRST_VERSION = """
            ---
            apiVersion: autoscaling/v1
            kind: HorizontalPodAutoscaler
            metadata: {name: classic}
            spec:
              scaleTargetRef: {apiVersion: apps/v1, kind: StatefulSet, name: classic}
              maxReplicas: 2
              targetCPUUtilizationPercentage: 50
            """;
}
