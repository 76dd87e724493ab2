// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.e2e.cluster.Cluster;
import io.mizzen.e2e.cluster.Kubectl;
import io.mizzen.e2e.cluster.KubectlPrograms;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What nodes and pods use is told, and a Deployment that burns CPU grows under an autoscaler and shrinks again. */
class AutoscalingIT {

    @Test
    void aDeploymentGrowsWithItsLoadAndShrinksWithoutIt() throws Exception {
        try (Cluster cluster = Cluster.start(AutoscalingIT.class)) {
            Kubectl kubectl = cluster.kubectl();
            kubectl.apply(BURNING.formatted(Cluster.IMAGE));
            kubectl.ok("rollout", "status", "deployment/burn", "--timeout=60s");

            usageIsTold(kubectl);
            grows(kubectl);
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
}
