// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.e2e.cluster.Cluster;
import io.mizzen.e2e.cluster.HelmPrograms;
import io.mizzen.e2e.cluster.Kubectl;
import io.mizzen.e2e.cluster.KubectlPrograms;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** An ordinary chart lives from install to uninstall under Helm 3 and under Helm 4. */
class HelmIT {
    private static final String CHART =
            Path.of("src/test/resources/charts/greeter").toAbsolutePath().toString();

    private static Cluster cluster;
    private static Kubectl admin;

    @BeforeAll
    static void startsACluster() {
        cluster = Cluster.start(HelmIT.class);
        admin = cluster.kubectl().with("1.36", KubectlPrograms.upstream(36));
    }

    @AfterAll
    static void removesTheCluster() throws Exception {
        cluster.close();
    }

    static Stream<Arguments> everyHelm() {
        return Stream.of(
                Arguments.of("3", HelmPrograms.three(), "--atomic"),
                Arguments.of("4", HelmPrograms.four(), "--rollback-on-failure"));
    }

    @ParameterizedTest(name = "Helm {0}")
    @MethodSource("everyHelm")
    void aReleaseLivesFromInstallToUninstall(String name, Path program, String orElseRollBack) {
        String namespace = "harbour-" + name;
        Kubectl helm = helm(name, program).in(namespace);
        Kubectl kubectl = admin.in(namespace);

        // NOTES.txt looks the Service up, which is not there before the first revision.
        assertThat(helm.ok("install", "quay", CHART, "--create-namespace", "--wait", "--timeout=60s"))
                .contains("STATUS: deployed", "quay says ahoy at http://quay." + namespace + "/");
        assertThat(kubectl.find("deployment/quay", ".status.readyReplicas")).isEqualTo("1");
        assertThat(kubectl.find("pvc/quay", ".status.phase")).isEqualTo("Bound");
        assertThat(kubectl.find("lantern/quay", ".spec.colour"))
                .as("the kind comes with the chart")
                .isEqualTo("green");
        assertThat(kubectl.ok("get", "jobs", "-o", "name"))
                .as("the hook has gone by its delete policy")
                .isEmpty();
        assertThat(kubectl.ok("get", "events", "-o", "jsonpath={.items[*].involvedObject.name}"))
                .contains("quay-prepare");
        assertThat(helm.ok("test", "quay", "--logs", "--timeout=30s")).contains("Succeeded", "200 OK", "ahoy");
        assertThat(helm.ok("list")).containsPattern("(?m)^quay\\s+" + namespace + "\\s+1\\s.*\\sdeployed\\s");

        assertThat(helm.ok(upgrade("--set=replicas=2,greeting=hello", "--wait", "--timeout=60s")))
                .contains("REVISION: 2", "Its address is " + kubectl.find("service/quay", ".spec.clusterIP"));
        assertThat(kubectl.find("deployment/quay", ".status")).contains("\"updatedReplicas\":2");
        assertThat(helm.ok("get", "manifest", "quay")).contains("greeting: \"hello\"", "kind: Lantern");

        assertThat(helm.fails(upgrade("--set=probePath=/absent", "--wait", "--timeout=8s", orElseRollBack)))
                .contains("UPGRADE FAILED", "has been rolled back");
        assertThat(kubectl.find("configmap/quay", ".data.greeting")).isEqualTo("hello");
        assertThat(kubectl.find("deployment/quay", ".status.readyReplicas")).isEqualTo("2");

        helm.ok("rollback", "quay", "1", "--wait", "--timeout=60s");
        assertThat(kubectl.find("deployment/quay", ".status.readyReplicas")).isEqualTo("1");
        assertThat(statuses(helm)).containsExactly("superseded", "superseded", "failed", "superseded", "deployed");

        assertThat(helm.ok("uninstall", "quay", "--wait", "--timeout=60s")).contains("release \"quay\" uninstalled");
        assertThat(helm.ok("list", "--short")).isEmpty();
        assertThat(kubectl.ok("get", "deployments,services,pvc,serviceaccounts,lanterns,secrets", "-o", "name"))
                .isEqualTo("serviceaccount/default\n");
        assertThat(kubectl.find("crd/lanterns.harbour.example", ".metadata.name"))
                .as("Helm never takes a kind away")
                .isNotEmpty();
    }

    @Test
    void aFieldOfSomebodyElseIsAConflictUntilForced() {
        Kubectl helm = helm("4", HelmPrograms.four()).in("shared");
        Kubectl kubectl = admin.in("shared");
        helm.ok("install", "quay", CHART, "--create-namespace");

        kubectl.ok("patch", "configmap", "quay", "--field-manager=captain", "-p", "{\"data\":{\"greeting\":\"mine\"}}");

        assertThat(helm.fails(upgrade("--set=greeting=yours")))
                .contains("Apply failed with 1 conflict: conflict with \"captain\" using v1: .data.greeting");
        helm.ok(upgrade("--set=greeting=yours", "--force-conflicts"));
        assertThat(kubectl.find("configmap/quay", ".data.greeting")).isEqualTo("yours");
        assertThat(statuses(helm)).containsExactly("superseded", "failed", "deployed");
    }

    @Test
    void aReleaseOfHelm3GoesOnUnderHelm4() {
        Kubectl three = helm("3", HelmPrograms.three()).in("heirs");
        Kubectl four = helm("4", HelmPrograms.four()).in("heirs");
        Kubectl kubectl = admin.in("heirs");
        three.ok("install", "quay", CHART, "--create-namespace", "--wait", "--timeout=60s");

        four.ok(upgrade("--server-side=true", "--set=greeting=aye", "--set=autoscaling.enabled=true"));

        assertThat(kubectl.find("configmap/quay", ".metadata.managedFields[*].operation"))
                .as("what Helm 3 owned is now applied")
                .isEqualTo("Apply");
        assertThat(kubectl.find("hpa/quay", ".spec.maxReplicas")).isEqualTo("3");
        assertThat(kubectl.find("pvc/quay", ".spec.storageClassName")).isEqualTo("local-path");
        assertThat(three.ok("list")).contains("deployed");
    }

    private static Kubectl helm(String name, Path program) {
        return admin.with("helm " + name, program);
    }

    private static String[] upgrade(String... flags) {
        return Stream.concat(Stream.of("upgrade", "quay", CHART), Stream.of(flags))
                .toArray(String[]::new);
    }

    /** The status of each revision, oldest first. */
    private static List<String> statuses(Kubectl helm) {
        return helm.ok("history", "quay")
                .lines()
                .skip(1)
                .map(line -> line.split("\t")[2].strip())
                .toList();
    }
}
