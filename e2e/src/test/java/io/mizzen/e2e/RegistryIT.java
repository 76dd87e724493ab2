// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.e2e.cluster.Cluster;
import io.mizzen.e2e.cluster.HelmPrograms;
import io.mizzen.e2e.cluster.Kubectl;
import io.mizzen.e2e.cluster.Registry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Images come from a registry: in plain HTTP, by TLS with a pull secret, in the cluster; what goes wrong is said in the pod. */
class RegistryIT {
    private static Cluster cluster;
    private static Kubectl kubectl;

    @BeforeAll
    static void startsACluster() {
        cluster = Cluster.start(RegistryIT.class);
        kubectl = cluster.kubectl();
    }

    @AfterAll
    static void removesTheCluster() throws Exception {
        cluster.close();
    }

    @Test
    void aPodRunsFromAPlainRegistry() throws Exception {
        try (Registry registry = Registry.plain(cluster, 5000).known()) {
            String image = registry.push("tools/busybox:1");

            kubectl.apply(pod("plain", image, ""));

            runs("plain");
            assertThat(messages("plain")).contains("Pulling image \"" + image + "\"", "Successfully pulled image");
            kubectl.apply(pod("absent", registry.address() + "/tools/nothing:1", ""));
            waitsFor("absent", "ErrImagePull|ImagePullBackOff");
            assertThat(messages("absent")).contains("Failed to pull image", "not found");
        }
    }

    @Test
    void aPrivateRegistryWantsThePullSecret() throws Exception {
        try (Registry registry = Registry.secure(cluster, 5443).known()) {
            String image = registry.push("private/busybox:1");

            kubectl.apply(pod("stranger", image, ""));
            waitsFor("stranger", "ErrImagePull|ImagePullBackOff");
            kubectl.ok(
                    "create",
                    "secret",
                    "docker-registry",
                    "harbour",
                    "--docker-server=" + registry.address(),
                    "--docker-username=" + Registry.USER,
                    "--docker-password=" + Registry.PASSWORD);
            kubectl.apply(pod("guest", image, "imagePullSecrets: [{name: harbour}]"));

            runs("guest");
            assertThat(messages("stranger")).containsPattern("Failed to pull image.*(401|authorization failed)");
        }
    }

    @Test
    void theAddOnIsARegistryInTheCluster() {
        cluster.makeImage("docker-registry");
        Path addOn =
                Path.of("../manifests/addons/registry.yaml").toAbsolutePath().normalize();
        Kubectl registry = kubectl.in("registry");
        registry.ok("apply", "-f", addOn.toString());
        registry.ok("rollout", "status", "deployment/registry", "--timeout=60s");

        Registry.push(cluster, "localhost:5000/team/busybox:1", List.of());
        kubectl.apply(pod("own", "localhost:5000/team/busybox:1", ""));

        runs("own");
        assertThat(messages("own")).contains("Successfully pulled image \"localhost:5000/team/busybox:1\"");
        Kubectl helm = kubectl.with("helm 4", HelmPrograms.four());
        String folder = cluster.dataDir().getParent().toString();
        helm.ok("package", "src/test/resources/charts/greeter", "--destination", folder);
        helm.ok("push", folder + "/greeter-1.0.0.tgz", "oci://localhost:5000/charts", "--plain-http");

        registry.ok("delete", "pod", "-l", "app=registry");
        registry.ok("rollout", "status", "deployment/registry", "--timeout=60s");
        kubectl.apply(pod("later", "localhost:5000/team/busybox:1", ""));
        runs("later");
        assertThat(helm.ok("show", "chart", "oci://localhost:5000/charts/greeter", "--plain-http"))
                .contains("name: greeter");
        registry.ok("delete", "-f", addOn.toString(), "--wait=false");
    }

    private static void runs(String pod) {
        Kubectl.within(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(kubectl.find("pod/" + pod, ".status.phase"))
                        .as(messages(pod))
                        .isEqualTo("Running"));
    }

    private static void waitsFor(String pod, String reasons) {
        Kubectl.within(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(
                                kubectl.find("pod/" + pod, ".status.containerStatuses[0].state.waiting.reason"))
                        .matches(reasons));
    }

    private static String messages(String pod) {
        return kubectl.ok(
                "get",
                "events",
                "--field-selector=involvedObject.name=" + pod,
                "-o",
                "jsonpath={range .items[*]}{.message}{\"\\n\"}{end}");
    }

    private static String pod(String name, String image, String more) {
        return """
                apiVersion: v1
                kind: Pod
                metadata: {name: %s}
                spec:
                  terminationGracePeriodSeconds: 0
                  containers:
                  - name: main
                    image: %s
                    imagePullPolicy: Always
                    command: [sleep, "3600"]
                  %s
                """.formatted(name, image, more);
    }
}
