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
            kubectl.apply(BURNING.formatted(Cluster.IMAGE));
            kubectl.apply(OTHERS.replace("IMAGE", Cluster.IMAGE));
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

    private static final String BURNING = """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: burn}
            spec:
              replicas: 1
              selector:
                matchLabels: {app: burn}
              template:
                metadata:
                  labels: {app: burn}
                spec:
                  terminationGracePeriodSeconds: 0
                  containers:
                  - name: main
                    image: %s
                    command: ["sh", "-c", "until [ -e /tmp/idle ]; do i=0; while [ $i -lt 9999 ]; do i=$((i+1)); done; done; exec sleep 3600"]
                    resources:
                      requests: {cpu: 20m}
                      limits: {cpu: 100m}
            ---
            apiVersion: autoscaling/v2
            kind: HorizontalPodAutoscaler
            metadata: {name: burn}
            spec:
              scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: burn}
              maxReplicas: 3
              metrics:
              - type: Resource
                resource:
                  name: cpu
                  target: {type: Utilization, averageUtilization: 50}
              behavior:
                scaleDown: {stabilizationWindowSeconds: 0}
            """;

    /** A StatefulSet, a ReplicaSet that gets its autoscaler later, one that is judged by one of its containers, and a patient one. */
    private static final String OTHERS = """
            ---
            apiVersion: apps/v1
            kind: StatefulSet
            metadata: {name: classic}
            spec:
              serviceName: classic
              podManagementPolicy: Parallel
              selector:
                matchLabels: {app: classic}
              template:
                metadata:
                  labels: {app: classic}
                spec:
                  terminationGracePeriodSeconds: 0
                  containers:
                  - name: main
                    image: IMAGE
                    command: [sh, -c, "while :; do i=0; while [ $i -lt 9999 ]; do i=$((i+1)); done; done"]
                    resources: {requests: {cpu: 20m}, limits: {cpu: 100m}}
            ---
            apiVersion: autoscaling/v1
            kind: HorizontalPodAutoscaler
            metadata: {name: classic}
            spec:
              scaleTargetRef: {apiVersion: apps/v1, kind: StatefulSet, name: classic}
              maxReplicas: 2
              targetCPUUtilizationPercentage: 50
            ---
            apiVersion: apps/v1
            kind: ReplicaSet
            metadata: {name: typed}
            spec:
              selector:
                matchLabels: {app: typed}
              template:
                metadata:
                  labels: {app: typed}
                spec:
                  terminationGracePeriodSeconds: 0
                  containers:
                  - name: main
                    image: IMAGE
                    command: [sh, -c, "while :; do i=0; while [ $i -lt 9999 ]; do i=$((i+1)); done; done"]
                    resources: {requests: {cpu: 20m}, limits: {cpu: 100m}}
            ---
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: apart}
            spec:
              selector:
                matchLabels: {app: apart}
              template:
                metadata:
                  labels: {app: apart}
                spec:
                  terminationGracePeriodSeconds: 0
                  containers:
                  - name: main
                    image: IMAGE
                    command: [sh, -c, "while :; do i=0; while [ $i -lt 9999 ]; do i=$((i+1)); done; done"]
                    resources: {requests: {cpu: 20m}, limits: {cpu: 100m}}
                  - name: side
                    image: IMAGE
                    command: [sleep, "3600"]
                    resources: {requests: {cpu: 250m}}
            ---
            apiVersion: autoscaling/v2
            kind: HorizontalPodAutoscaler
            metadata: {name: apart}
            spec:
              scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: apart}
              maxReplicas: 2
              metrics:
              - type: ContainerResource
                containerResource:
                  name: cpu
                  container: main
                  target: {type: Utilization, averageUtilization: 50}
            ---
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: calm}
            spec:
              selector:
                matchLabels: {app: calm}
              template:
                metadata:
                  labels: {app: calm}
                spec:
                  terminationGracePeriodSeconds: 0
                  containers:
                  - name: main
                    image: IMAGE
                    command: [sh, -c, "while :; do i=0; while [ $i -lt 9999 ]; do i=$((i+1)); done; done"]
                    resources: {requests: {cpu: 20m}, limits: {cpu: 100m}}
            ---
            apiVersion: autoscaling/v2
            kind: HorizontalPodAutoscaler
            metadata: {name: calm}
            spec:
              scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: calm}
              maxReplicas: 2
              metrics:
              - type: Resource
                resource:
                  name: cpu
                  target: {type: Utilization, averageUtilization: 50}
              behavior:
                scaleUp: {tolerance: "20"}
            """;
}
