// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.debug;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.tree.Json;
import io.mizzen.kubectl.tree.Yaml;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The objects that debugging asks for; the expected ones are what upstream's kubectl 1.36 sent for the same calls. */
class DebugPodsTest {
    private static final String POD = """
            apiVersion: v1
            kind: Pod
            metadata: {name: p, namespace: default, labels: {app: x}, annotations: {a: b}}
            spec:
              nodeName: n1
              securityContext: {}
              initContainers: [{name: ini, image: "i:1"}]
              containers:
              - name: app
                image: app:1
                command: [run]
                args: [a, b]
                env: [{name: Q, value: "1"}]
                stdin: true
                livenessProbe: {exec: {command: ["true"]}}
                readinessProbe: {exec: {command: ["true"]}}
                startupProbe: {exec: {command: ["true"]}}
                securityContext: {privileged: false, capabilities: {add: [CHOWN]}}
              - {name: side, image: "side:1"}
              ephemeralContainers: [{name: old, image: "o:1"}]
            """;
    private static final DebugRequest.Keep NOTHING = new DebugRequest.Keep(false, false, false, false, false, true);

    private static ObjectNode pod() {
        return (ObjectNode) Yaml.parse(POD);
    }

    private static DebugRequest request(Profile profile, String image, String custom, String... words) {
        JsonNode layer = custom.isEmpty() ? MissingNode.getInstance() : Yaml.parse(custom);
        return new DebugRequest(image, List.of(words), false, Map.of(), "", false, false, "", profile, layer);
    }

    private static DebugRequest.Copy copy(Map<String, String> images, String shareProcesses, boolean sameNode) {
        return new DebugRequest.Copy("c", images, shareProcesses, sameNode, NOTHING);
    }

    private static String context(JsonNode pod, String list, String name) {
        for (JsonNode one : pod.path("spec").path(list)) {
            if (Json.text(one, "name").equals(name)) {
                return Json.compact(one.path("securityContext"));
            }
        }
        throw new AssertionError(name + " is not among " + list);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "LEGACY     | null",
                "GENERAL    | {\"capabilities\":{\"add\":[\"SYS_PTRACE\"]}}",
                "BASELINE   | null",
                "RESTRICTED | {\"allowPrivilegeEscalation\":false,\"capabilities\":{\"drop\":[\"ALL\"]},\"runAsNonRoot\":true,"
                        + "\"seccompProfile\":{\"type\":\"RuntimeDefault\"}}",
                "NETADMIN   | {\"capabilities\":{\"add\":[\"NET_ADMIN\",\"NET_RAW\"]}}",
                "SYSADMIN   | {\"privileged\":true}",
            })
    void grantsWhatTheProfileSays(Profile profile, String expected) {
        ObjectNode ephemeral = DebugPods.withEphemeral(pod(), request(profile, "b", ""), "d");
        ObjectNode copy = DebugPods.copy(pod(), copy(Map.of(), "", false));
        DebugPods.debugInCopy(copy, request(profile, "b", ""), NOTHING, "d");

        assertThat(context(ephemeral, "ephemeralContainers", "d")).isEqualTo(expected);
        assertThat(context(copy, "containers", "d")).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "LEGACY, true, true",
        "GENERAL, true, true",
        "BASELINE, false, false",
        "RESTRICTED, false, false",
        "NETADMIN, true, false",
        "SYSADMIN, true, true"
    })
    void opensANodeAsFarAsTheProfileSays(Profile profile, boolean namespaces, boolean files) {
        ObjectNode pod = DebugPods.onNode("n1", "node-debugger-n1-x", request(profile, "b", ""), "debugger");

        JsonNode spec = pod.path("spec");
        for (String namespace : List.of("hostNetwork", "hostPID", "hostIPC")) {
            assertThat(spec.path(namespace).asBoolean(false)).as(namespace).isEqualTo(namespaces);
        }
        assertThat(Json.text(spec.path("volumes").path(0), "hostPath", "path")).isEqualTo(files ? "/" : "");
        assertThat(Json.text(
                        spec.path("containers").path(0).path("volumeMounts").path(0), "mountPath"))
                .isEqualTo(files ? "/host" : "");
        assertThat(Json.text(spec, "nodeName")).isEqualTo("n1");
        assertThat(Json.compact(spec.path("tolerations"))).isEqualTo("[{\"operator\":\"Exists\"}]");
        assertThat(Json.text(spec, "restartPolicy")).isEqualTo("Never");
    }

    @Test
    void copiesWithoutWhatWouldMakeItServeOrDie() {
        ObjectNode copy = DebugPods.copy(pod(), copy(Map.of(), "", false));
        DebugPods.debugInCopy(copy, request(Profile.GENERAL, "b", ""), NOTHING, "d");

        assertThat(Json.keys(copy.path("metadata"))).containsExactly("name", "namespace");
        assertThat(Json.compact(copy)).doesNotContain("Probe", "nodeName", "ephemeralContainers");
        assertThat(copy.path("spec").path("shareProcessNamespace").asBoolean()).isTrue();
        assertThat(copy.path("spec").path("initContainers")).hasSize(1);
    }

    @Test
    void keepsWhatIsAskedFor() {
        DebugRequest.Keep all = new DebugRequest.Keep(true, true, true, true, true, false);
        ObjectNode copy = DebugPods.copy(pod(), copy(Map.of(), "false", true));
        DebugPods.debugInCopy(copy, request(Profile.NETADMIN, "b", ""), all, "d");

        assertThat(Json.keys(copy.path("metadata"))).contains("labels", "annotations");
        assertThat(Json.compact(copy)).contains("livenessProbe", "readinessProbe", "startupProbe");
        assertThat(Json.text(copy, "spec", "nodeName")).isEqualTo("n1");
        assertThat(copy.path("spec").path("shareProcessNamespace").asBoolean(true))
                .isFalse();
        assertThat(copy.path("spec").has("initContainers")).isFalse();
    }

    @Test
    void theLegacyProfileLeavesACopyAsItIsButForItsLabels() {
        DebugRequest.Keep all = new DebugRequest.Keep(true, false, false, false, false, false);
        ObjectNode copy = DebugPods.copy(pod(), copy(Map.of(), "", false));
        DebugPods.debugInCopy(copy, request(Profile.LEGACY, "b", ""), all, "d");

        assertThat(Json.keys(copy.path("metadata"))).containsExactly("name", "namespace", "annotations");
        assertThat(Json.compact(copy)).contains("livenessProbe", "initContainers");
        assertThat(copy.path("spec").has("shareProcessNamespace")).isFalse();
    }

    @Test
    void startsAContainerOfTheCopyWithAnotherCommand() {
        ObjectNode copy = DebugPods.copy(pod(), copy(Map.of("*", "all:2", "app", "app:2"), "", false));
        DebugPods.debugInCopy(copy, request(Profile.GENERAL, "", "", "sh", "-x"), NOTHING, "app");

        JsonNode app = copy.path("spec").path("containers").path(0);
        assertThat(Json.text(app, "image")).isEqualTo("app:2");
        assertThat(Json.text(copy.path("spec").path("containers").path(1), "image"))
                .isEqualTo("all:2");
        assertThat(Json.compact(app.path("command"))).isEqualTo("[\"sh\",\"-x\"]");
        assertThat(app.has("args")).isFalse();
        assertThat(app.has("stdin")).as("input is open only with -i").isFalse();
        assertThat(context(copy, "containers", "app"))
                .isEqualTo("{\"capabilities\":{\"add\":[\"CHOWN\",\"SYS_PTRACE\"]},\"privileged\":false}");
    }

    @Test
    void refusesANewContainerWithoutAnImage() {
        ObjectNode copy = DebugPods.copy(pod(), copy(Map.of(), "", false));

        assertThatThrownBy(() -> DebugPods.debugInCopy(copy, request(Profile.GENERAL, "", "", "sh"), NOTHING, "new"))
                .isInstanceOf(CommandFailure.class)
                .hasMessage("error: you must specify image when creating new container");
    }

    @Test
    void laysThePartOfAContainerOverTheProfile() {
        String custom = "{env: [{name: R, value: '8'}, {name: Q, value: '9'}], securityContext: {runAsUser: 0,"
                + " capabilities: {add: [SYS_TIME]}}}";
        ObjectNode copy = DebugPods.copy(pod(), copy(Map.of(), "", false));
        DebugPods.debugInCopy(copy, request(Profile.GENERAL, "b", custom), NOTHING, "app");

        JsonNode app = copy.path("spec").path("containers").path(0);
        assertThat(Json.compact(app.path("env")))
                .isEqualTo("[{\"name\":\"R\",\"value\":\"8\"},{\"name\":\"Q\",\"value\":\"9\"}]");
        assertThat(context(copy, "containers", "app"))
                .isEqualTo("{\"capabilities\":{\"add\":[\"SYS_TIME\"]},\"privileged\":false,\"runAsUser\":0}");
    }

    @Test
    void warnsOfCapabilitiesThatAUserOfThePodCannotUse() {
        ObjectNode pod = pod();
        Json.child(pod, "spec", "securityContext").put("runAsUser", 1000);

        assertThat(powerless(pod, Profile.GENERAL, "")).isTrue();
        assertThat(powerless(pod, Profile.SYSADMIN, "")).isTrue();
        assertThat(powerless(pod, Profile.BASELINE, "")).isFalse();
        assertThat(powerless(pod, Profile.GENERAL, "{securityContext: {runAsUser: 0}}"))
                .isFalse();
        assertThat(powerless(pod(), Profile.GENERAL, "")).isFalse();
    }

    private static boolean powerless(ObjectNode pod, Profile profile, String custom) {
        return DebugPods.isPowerless(DebugPods.withEphemeral(pod, request(profile, "b", custom), "d"), "d");
    }
}
