// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.e2e.cluster.Cluster;
import io.mizzen.e2e.cluster.Command;
import io.mizzen.e2e.cluster.Kubectl;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A namespace's limits, quotas and security levels hold, with upstream's words. */
class QuotaIT {
    private static Cluster cluster;
    private static Kubectl admin;

    @BeforeAll
    static void startsACluster() {
        cluster = Cluster.start(QuotaIT.class);
        admin = cluster.kubectl();
    }

    @AfterAll
    static void removesTheCluster() throws Exception {
        cluster.close();
    }

    private static Command pod(Kubectl kubectl, String name) {
        return kubectl.run(
                "run", name, "--image=" + Cluster.IMAGE, "--restart=Never", "--command", "--", "sleep", "3600");
    }

    @Test
    void aQuotaIsFilledRefusesAndIsFreed() {
        Kubectl team = admin.in("team");
        team.apply(TEAM);
        Kubectl.within(Duration.ofSeconds(10))
                .untilAsserted(() ->
                        assertThat(team.find("quota/q", ".status.used.pods")).isEqualTo("0"));

        pod(team, "one").requireOk();
        pod(team, "two").requireOk();

        assertThat(team.find("pod/one", ".metadata.annotations.kubernetes\\.io/limit-ranger"))
                .isEqualTo("LimitRanger plugin set: cpu request for container one; cpu limit for container one");
        assertThat(team.find("pod/one", ".spec.containers[0].resources.limits.cpu"))
                .isEqualTo("50m");
        assertThat(pod(team, "three").err())
                .contains("pods \"three\" is forbidden: exceeded quota: q, requested: pods=1,requests.cpu=50m, used:"
                        + " pods=2,requests.cpu=100m, limited: pods=2,requests.cpu=100m");
        assertThat(team.ok("get", "quota", "q")).contains("pods: 2/2, requests.cpu: 100m/100m");

        team.ok("delete", "pod", "one", "--now");
        Kubectl.within(Duration.ofSeconds(20))
                .untilAsserted(
                        () -> assertThat(pod(team, "three").requireOk().out()).contains("pod/three created"));
    }

    @Test
    void aContainerOverTheMaximumIsRefused() {
        admin.in("small").apply("""
                apiVersion: v1
                kind: Namespace
                metadata: {name: small}
                ---
                apiVersion: v1
                kind: LimitRange
                metadata: {name: limits, namespace: small}
                spec:
                  limits:
                  - {type: Container, max: {memory: 64Mi}, min: {memory: 8Mi}}
                """);

        Command refused = admin.in("small").runWithInput("""
                apiVersion: v1
                kind: Pod
                metadata: {name: big}
                spec:
                  containers:
                  - name: c
                    image: none
                    resources: {limits: {memory: 128Mi}, requests: {memory: 4Mi}}
                """, "apply", "-f", "-");

        assertThat(refused.err())
                .contains("pods \"big\" is forbidden: [minimum memory usage per Container is 8Mi, but request is 4Mi,"
                        + " maximum memory usage per Container is 64Mi, but limit is 128Mi]");
    }

    @Test
    void aNamespaceThatIsRestrictedTakesOnlyPodsThatGiveUpWhatTheyDoNotNeed() {
        admin.apply("""
                apiVersion: v1
                kind: Namespace
                metadata:
                  name: safe
                  labels:
                    pod-security.kubernetes.io/enforce: restricted
                    pod-security.kubernetes.io/warn: restricted
                """);
        Kubectl safe = admin.in("safe");

        assertThat(pod(safe, "careless").err())
                .contains("pods \"careless\" is forbidden: violates PodSecurity \"restricted:latest\":"
                        + " allowPrivilegeEscalation != false (container \"careless\" must set"
                        + " securityContext.allowPrivilegeEscalation=false), unrestricted capabilities");
        assertThat(safe.run("create", "deployment", "careless", "--image=none").err())
                .contains("Warning: would violate PodSecurity \"restricted:latest\"");
        safe.apply(CAREFUL.formatted(Cluster.IMAGE));
        Kubectl.within(Duration.ofSeconds(30))
                .untilAsserted(() ->
                        assertThat(safe.find("pod/careful", ".status.phase")).isEqualTo("Running"));
    }

    private static final String TEAM = """
            apiVersion: v1
            kind: Namespace
            metadata: {name: team}
            ---
            apiVersion: v1
            kind: LimitRange
            metadata: {name: limits, namespace: team}
            spec:
              limits:
              - {type: Container, default: {cpu: 50m}}
            ---
            apiVersion: v1
            kind: ResourceQuota
            metadata: {name: q, namespace: team}
            spec:
              hard: {pods: "2", requests.cpu: 100m}
            """;

    private static final String CAREFUL = """
            apiVersion: v1
            kind: Pod
            metadata: {name: careful}
            spec:
              terminationGracePeriodSeconds: 0
              securityContext:
                runAsNonRoot: true
                runAsUser: 1000
                seccompProfile: {type: RuntimeDefault}
              containers:
              - name: c
                image: %s
                command: ["sleep", "3600"]
                securityContext:
                  allowPrivilegeEscalation: false
                  capabilities: {drop: [ALL]}
            """;
}
