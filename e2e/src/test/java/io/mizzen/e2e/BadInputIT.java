// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.e2e.cluster.Cluster;
import io.mizzen.e2e.cluster.Command;
import io.mizzen.e2e.cluster.Kubectl;
import io.mizzen.e2e.cluster.KubectlPrograms;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a user reads who got something wrong, with upstream's kubectl so that the server's part is seen. */
class BadInputIT {
    private static Cluster cluster;
    private static Kubectl kubectl;

    @BeforeAll
    static void startsACluster() {
        cluster = Cluster.start(BadInputIT.class);
        kubectl = cluster.kubectl().with("1.33", KubectlPrograms.upstream(33));
        kubectl.apply("""
                apiVersion: apps/v1
                kind: Deployment
                metadata: {name: present}
                spec:
                  replicas: 0
                  selector: {matchLabels: {app: present}}
                  template:
                    metadata: {labels: {app: present}}
                    spec: {containers: [{name: main, image: "localhost/mizzen/busybox:1"}]}
                """);
    }

    @AfterAll
    static void removesTheCluster() throws Exception {
        cluster.close();
    }

    static Stream<Arguments> mistakes() {
        return Stream.of(
                Arguments.of(
                        "malformed YAML",
                        "apiVersion: v1\nkind: Pod\n  metadata: {",
                        "error: error parsing STDIN: error converting YAML to JSON"),
                Arguments.of(
                        "unknown kind",
                        "{apiVersion: v1, kind: Pood, metadata: {name: a}}",
                        "no matches for kind \"Pood\" in version \"v1\""),
                Arguments.of(
                        "unknown field",
                        "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, dta: {}}",
                        "strict decoding error: unknown field \"dta\""),
                Arguments.of(
                        "wrong type",
                        "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {n: 1}}",
                        "json: cannot unmarshal number into Go struct field ConfigMap.data of type string"),
                Arguments.of(
                        "name that is no DNS name",
                        "{apiVersion: v1, kind: ConfigMap, metadata: {name: A_b}}",
                        "The ConfigMap \"A_b\" is invalid: metadata.name: Invalid value: \"A_b\": a lowercase RFC 1123"
                                + " subdomain must consist of lower case alphanumeric characters"),
                Arguments.of(
                        "missing required field",
                        "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{image: x}]}}",
                        "The Pod \"a\" is invalid: spec.containers[0].name: Required value"),
                Arguments.of(
                        "another namespace than the one asked for",
                        "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: nowhere}}",
                        "the namespace from the provided object \"nowhere\" does not match the namespace \"default\""),
                Arguments.of(
                        "selector that does not fit its template",
                        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {selector: {matchLabels: {a: b}},"
                                + " template: {metadata: {labels: {c: d}}, spec: {containers: [{name: a, image: x}]}}}}",
                        "`selector` does not match template `labels`"),
                Arguments.of(
                        "immutable field",
                        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: present}, spec: {selector: {matchLabels:"
                                + " {app: other}}, template: {metadata: {labels: {app: other}}, spec: {containers: [{name:"
                                + " main, image: x}]}}}}",
                        "field is immutable"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("mistakes")
    void aMistakeIsNamed(String mistake, String manifest, String message) {
        Command done = kubectl.runWithInput(manifest, "apply", "-f", "-");

        assertThat(done.exitCode()).isEqualTo(1);
        assertThat(done.err()).contains(message);
    }

    @Test
    void whatIsNotThereIsNotFound() {
        assertThat(kubectl.fails("get", "pod", "nobody"))
                .isEqualTo("Error from server (NotFound): pods \"nobody\" not found\n");
        assertThat(kubectl.fails("delete", "deployment", "nobody"))
                .isEqualTo("Error from server (NotFound): deployments.apps \"nobody\" not found\n");
    }

    @Test
    void anUpdateOfAnOldVersionIsAConflict() {
        kubectl.apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: contested}, data: {a: b}}");
        String old = kubectl.ok("get", "configmap", "contested", "-o", "yaml");
        kubectl.ok("label", "configmap", "contested", "changed=yes");

        Command done = kubectl.runWithInput(old.replace("a: b", "a: c"), "replace", "-f", "-");

        assertThat(done.exitCode()).isEqualTo(1);
        assertThat(done.err())
                .contains("Error from server (Conflict)")
                .contains(
                        "Operation cannot be fulfilled on configmaps \"contested\": the object has been modified; please"
                                + " apply your changes to the latest version and try again");
    }

    @Test
    void aWarningDoesNotStopWhoAsksForWarnings() {
        Command done = kubectl.runWithInput(
                "{apiVersion: v1, kind: ConfigMap, metadata: {name: warned}, dta: {}}",
                "apply",
                "--validate=warn",
                "-f",
                "-");

        assertThat(done.exitCode()).isZero();
        assertThat(done.err()).contains("unknown field \"dta\"");
    }

    @Test
    void anOversizeObjectIsRefusedAndTheServerGoesOn() {
        String manifest = "{apiVersion: v1, kind: ConfigMap, metadata: {name: large}, data: {a: \""
                + "x".repeat(4 << 20) + "\"}}";

        Command done = kubectl.runWithInput(manifest, "create", "--validate=false", "-f", "-");

        assertThat(done.exitCode()).isEqualTo(1);
        assertThat(done.err()).containsIgnoringCase("too large");
        assertThat(kubectl.ok("get", "--raw", "/readyz")).isEqualTo("ok");
    }

    @Test
    void aNamespaceThatIsGoneTakesNothing() {
        assertThat(kubectl.in("nowhere").fails("create", "configmap", "a"))
                .contains("namespaces \"nowhere\" not found");
    }
}
