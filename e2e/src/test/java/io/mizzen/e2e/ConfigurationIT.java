// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.e2e.cluster.Cluster;
import io.mizzen.e2e.cluster.Kubectl;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a pod is told reaches it: ConfigMaps, Secrets, facts about itself and tokens, as variables and as files. */
class ConfigurationIT {
    private static Cluster cluster;
    private static Kubectl admin;

    @BeforeAll
    static void startsACluster() {
        cluster = Cluster.start(ConfigurationIT.class);
        admin = cluster.kubectl();
    }

    @AfterAll
    static void removesTheCluster() throws Exception {
        cluster.close();
    }

    private static Kubectl namespace(String name) {
        admin.ok("create", "namespace", name);
        return admin.in(name);
    }

    @Test
    void variablesComeFromConfigMapsSecretsAndThePodItself() {
        Kubectl kubectl = namespace("variables");
        kubectl.ok("create", "configmap", "settings", "--from-literal=colour=blue", "--from-literal=size=7");
        kubectl.ok("create", "secret", "generic", "keys", "--from-literal=password=hidden");
        kubectl.apply(pod("told", """
                    resources: {limits: {cpu: 1500m, memory: 64Mi}}
                    envFrom:
                    - prefix: SET_
                      configMapRef: {name: settings}
                    - configMapRef: {name: absent, optional: true}
                    env:
                    - {name: COLOUR, valueFrom: {configMapKeyRef: {name: settings, key: colour}}}
                    - {name: ABSENT, valueFrom: {secretKeyRef: {name: absent, key: x, optional: true}}}
                    - {name: PASSWORD, valueFrom: {secretKeyRef: {name: keys, key: password}}}
                    - {name: BOTH, value: "$(COLOUR) and $(PASSWORD), $$(COLOUR), $(UNKNOWN)"}
                    - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
                    - {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
                    - {name: ADDRESS, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
                    - {name: TIER, valueFrom: {fieldRef: {fieldPath: "metadata.labels['tier']"}}}
                    - {name: CORES, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}
                    - {name: MEGABYTES, valueFrom: {resourceFieldRef: {resource: limits.memory, divisor: 1Mi}}}
                """, ""));
        running(kubectl, "told");

        assertThat(kubectl.ok("exec", "told", "--", "env").lines())
                .contains(
                        "SET_colour=blue",
                        "SET_size=7",
                        "COLOUR=blue",
                        "PASSWORD=hidden",
                        "BOTH=blue and hidden, $(COLOUR), $(UNKNOWN)",
                        "POD=told",
                        "NODE=" + Cluster.NODE,
                        "ADDRESS=" + kubectl.find("pod/told", ".status.podIP"),
                        "TIER=front",
                        "CORES=2",
                        "MEGABYTES=64",
                        "KUBERNETES_SERVICE_HOST=10.43.0.1",
                        "HOSTNAME=told")
                .noneMatch(line -> line.startsWith("ABSENT="));
        gone(kubectl);
    }

    @Test
    void filesHaveTheirNamesModesAndOwners() {
        Kubectl kubectl = namespace("files");
        kubectl.ok("create", "configmap", "settings", "--from-literal=a=1", "--from-literal=b=2");
        kubectl.ok("create", "secret", "generic", "keys", "--from-literal=key=hidden");
        kubectl.apply(pod("told", """
                    securityContext: {runAsUser: 1000, runAsGroup: 1000}
                    volumeMounts:
                    - {name: some, mountPath: /some}
                    - {name: secret, mountPath: /secret}
                    - {name: about, mountPath: /about}
                    - {name: all, mountPath: /all}
                    - {name: some, mountPath: /single/file, subPath: renamed}
                """, """
                  securityContext: {fsGroup: 2000}
                  volumes:
                  - {name: some, configMap: {name: settings, items: [{key: a, path: renamed, mode: 0400}]}}
                  - {name: secret, secret: {secretName: keys, defaultMode: 0440}}
                  - name: about
                    downwardAPI:
                      items:
                      - {path: labels, fieldRef: {fieldPath: metadata.labels}}
                      - {path: name, fieldRef: {fieldPath: metadata.name}}
                  - name: all
                    projected:
                      sources:
                      - {configMap: {name: settings, items: [{key: b, path: deep/b}]}}
                      - {secret: {name: keys}}
                      - {serviceAccountToken: {path: token, audience: friends, expirationSeconds: 600}}
                """));
        running(kubectl, "told");

        assertThat(sh(kubectl, "ls /some; cat /some/renamed /single/file")).isEqualTo("renamed\n11");
        assertThat(sh(kubectl, "stat -L -c '%a %u:%g' /some/renamed /secret/key /all/token"))
                .as("the volumes' group reads what only the owner could")
                .isEqualTo("440 0:2000\n440 0:2000\n640 1000:2000\n");
        assertThat(sh(kubectl, "cat /about/name /about/labels")).isEqualTo("toldtier=\"front\"");
        assertThat(sh(kubectl, "cat /all/deep/b /all/key")).isEqualTo("2hidden");
        assertThat(sh(kubectl, "id -G")).contains("2000");

        kubectl.ok("patch", "secret", "keys", "-p", "{\"stringData\":{\"key\":\"changed\"}}");
        kubectl.ok("label", "pod", "told", "tier=back", "--overwrite");
        Kubectl.within(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(sh(kubectl, "cat /about/labels /secret/key /all/key"))
                        .isEqualTo("tier=\"back\"changedchanged"));
        gone(kubectl);
    }

    @Test
    void aTokenIsForItsAudienceAndEndsWithItsPod() {
        Kubectl kubectl = namespace("tokens");
        kubectl.apply(pod("told", """
                    volumeMounts: [{name: token, mountPath: /token}]
                """, """
                  volumes:
                  - name: token
                    projected: {sources: [{serviceAccountToken: {path: token, audience: friends}}]}
                """));
        running(kubectl, "told");
        String token = sh(kubectl, "cat /token/token");
        String own = sh(kubectl, "cat /var/run/secrets/kubernetes.io/serviceaccount/token");

        assertThat(review(token, "friends")).isEqualTo("true system:serviceaccount:tokens:default");
        assertThat(review(token, "strangers")).startsWith("false");
        assertThat(review(own, "https://kubernetes.default.svc.cluster.local"))
                .isEqualTo("true system:serviceaccount:tokens:default");
        kubectl.ok("delete", "pod", "told", "--timeout=30s");
        Kubectl.within(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(review(token, "friends")).startsWith("false"));
        gone(kubectl);
    }

    private static String review(String token, String audience) {
        return admin.runWithInput(
                        """
                apiVersion: authentication.k8s.io/v1
                kind: TokenReview
                spec: {token: %s, audiences: ["%s"]}
                """.formatted(token, audience),
                        "create",
                        "-f",
                        "-",
                        "-o",
                        "go-template={{if .status.authenticated}}true {{.status.user.username}}{{else}}false{{end}}")
                .requireOk()
                .out();
    }

    @Test
    void aPodWaitsForWhatIsMissing() {
        Kubectl kubectl = namespace("missing");
        kubectl.apply(pod("variable", """
                    env: [{name: A, valueFrom: {configMapKeyRef: {name: late, key: a}}}]
                """, ""));
        kubectl.apply(pod("file", """
                    volumeMounts: [{name: late, mountPath: /late}]
                """, """
                  volumes: [{name: late, secret: {secretName: late}}]
                """));

        Kubectl.within(Duration.ofSeconds(30)).untilAsserted(() -> {
            assertThat(kubectl.ok("get", "pod", "variable", "--no-headers")).contains("CreateContainerConfigError");
            assertThat(kubectl.ok("describe", "pod", "variable")).contains("configmap \"late\" not found");
            assertThat(kubectl.ok("get", "pod", "file", "--no-headers")).contains("ContainerCreating");
            assertThat(kubectl.ok("describe", "pod", "file"))
                    .contains(
                            "FailedMount", "MountVolume.SetUp failed for volume \"late\" : secret \"late\" not found");
        });
        kubectl.ok("create", "configmap", "late", "--from-literal=a=1");
        kubectl.ok("create", "secret", "generic", "late", "--from-literal=a=1");
        running(kubectl, "variable");
        running(kubectl, "file");
        gone(kubectl);
    }

    @Test
    void aSubPathLeadsNowhereElse() {
        Kubectl kubectl = namespace("subpaths");
        kubectl.apply(pod("told", """
                    volumeMounts: [{name: data, mountPath: /data, subPath: out}]
                """, """
                  initContainers:
                  - name: trick
                    image: %s
                    command: [ln, -s, /etc, /data/out]
                    volumeMounts: [{name: data, mountPath: /data}]
                  volumes: [{name: data, emptyDir: {}}]
                """.formatted(Cluster.IMAGE)));

        Kubectl.within(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(kubectl.ok("get", "pod", "told", "--no-headers"))
                        .as("the host's /etc")
                        .contains("CreateContainerConfigError"));
        gone(kubectl);
    }

    private static String sh(Kubectl kubectl, String script) {
        return kubectl.ok("exec", "told", "--", "sh", "-c", script);
    }

    private static void running(Kubectl kubectl, String pod) {
        Kubectl.within(Duration.ofSeconds(90))
                .untilAsserted(() -> assertThat(kubectl.find("pod/" + pod, ".status.phase"))
                        .as(() -> kubectl.run("describe", "pod", pod).out())
                        .isEqualTo("Running"));
    }

    private static void gone(Kubectl kubectl) {
        admin.ok("delete", "namespace", kubectl.namespace(), "--wait=false");
    }

    private static String pod(String name, String container, String spec) {
        return """
                apiVersion: v1
                kind: Pod
                metadata: {name: %s, labels: {tier: front}}
                spec:
                  terminationGracePeriodSeconds: 1
                  containers:
                  - name: main
                    image: %s
                    command: [sleep, "3600"]
                """.formatted(name, Cluster.IMAGE) + container.indent(0) + spec;
    }
}
