// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.e2e.cluster.Cluster;
import io.mizzen.e2e.cluster.Kubectl;
import io.mizzen.e2e.cluster.KubectlPrograms;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Somebody brings a kind of his own: from then on it is served, checked, printed, explained and scaled as any other. */
class ExtensionIT {
    private static Cluster cluster;
    private static Kubectl admin;

    @TempDir
    private static Path folder;

    @BeforeAll
    static void startsAClusterAndBringsAKind() {
        cluster = Cluster.start(ExtensionIT.class);
        admin = cluster.kubectl();
        assertThat(admin.apply(BOATS))
                .isEqualTo("customresourcedefinition.apiextensions.k8s.io/boats.example.com created\n");
        admin.ok("wait", "--for=condition=Established", "crd/boats.example.com", "--timeout=20s");
    }

    @AfterAll
    static void removesTheCluster() throws Exception {
        cluster.close();
    }

    private static Stream<Arguments> everyKubectl() {
        return KubectlPrograms.all().entrySet().stream().map(each -> Arguments.of(each.getKey(), each.getValue()));
    }

    @ParameterizedTest(name = "kubectl {0}")
    @MethodSource("everyKubectl")
    void everyKubectlKnowsIt(String name, Path program) {
        Kubectl kubectl = admin.with(name, program);
        String boat = "anna-" + name.replace('.', '-');

        assertThat(kubectl.apply(boat(boat, "{length: 12}"))).isEqualTo("boat.example.com/" + boat + " created\n");
        assertThat(kubectl.apply(boat(boat, "{length: 12}"))).isEqualTo("boat.example.com/" + boat + " unchanged\n");
        assertThat(kubectl.ok("get", "bt", boat))
                .as("short name and printer columns")
                .containsPattern("NAME +LENGTH +SAIL +AGE")
                .containsPattern(boat + " +12 +white +[0-9]+s");
        assertThat(kubectl.ok("get", "fleet", "-o", "name")).as("category").contains("boat.example.com/" + boat);
        assertThat(kubectl.ok("explain", "boat.spec.sail")).contains("<string>", "colour of the sail");
        assertThat(kubectl.ok("api-resources", "--api-group=example.com")).containsPattern("boats +bt +example.com/v1");
        assertThat(kubectl.fails("create", "-f", write(boat("strict", "{length: 12, wheels: 4}"))))
                .contains("strict decoding error: unknown field \"spec.wheels\"");

        kubectl.ok("patch", "boat", boat, "--type=merge", "-p", "{\"spec\":{\"length\":13}}");
        assertThat(kubectl.find("boat/" + boat, ".spec.length") + kubectl.find("boat/" + boat, ".metadata.generation"))
                .isEqualTo("132");
        assertThat(kubectl.apply(boat(boat, "{length: 14}"))).isEqualTo("boat.example.com/" + boat + " configured\n");
        kubectl.ok("scale", "boat/" + boat, "--replicas=3");
        assertThat(kubectl.find("boat/" + boat, ".spec.crew")).isEqualTo("3");
        assertThat(kubectl.ok("delete", "boat", boat)).contains("boat.example.com \"" + boat + "\" deleted");
    }

    @Test
    void whatItsSchemaForbidsIsRefusedAndNamed() {
        assertThat(admin.runWithInput(boat("bad", "{length: 0}"), "apply", "-f", "-")
                        .err())
                .contains("The Boat \"bad\" is invalid: spec.length: Invalid value: 0: spec.length in body should be"
                        + " greater than or equal to 1");
        assertThat(admin.runWithInput(boat("bad", "{length: many}"), "apply", "--validate=false", "-f", "-")
                        .err())
                .contains(
                        "spec.length: Invalid value: \"string\": spec.length in body must be of type integer: \"string\"");
        assertThat(admin.runWithInput(boat("bad", "{sail: red}"), "apply", "--validate=false", "-f", "-")
                        .err())
                .contains("spec.length: Required value");
        assertThat(admin.runWithInput(boat("bad", "{length: 3, crew: 9}"), "apply", "-f", "-")
                        .err())
                .as("a rule in CEL")
                .contains("more crew than boat");
    }

    @Test
    void whatItOwnsGoesWithIt() {
        admin.apply(boat("mother", "{length: 40}"));
        admin.apply("""
                apiVersion: v1
                kind: ConfigMap
                metadata:
                  name: tender
                  ownerReferences:
                  - {apiVersion: example.com/v1, kind: Boat, name: mother, uid: %s}
                """.formatted(admin.find("boat/mother", ".metadata.uid")));

        admin.ok("delete", "boat", "mother");

        admin.ok("wait", "--for=delete", "configmap/tender", "--timeout=10s");
    }

    @Test
    void unknownFieldsArePrunedAndStatusIsASubresource() {
        admin.runWithInput(
                        boat("pruned", "{length: 7, wheels: 4}") + "status: {port: early}\n",
                        "create",
                        "--validate=false",
                        "-f",
                        "-")
                .requireOk();
        assertThat(admin.find("boat/pruned", ".spec")).isEqualTo("{\"length\":7,\"sail\":\"white\"}");
        assertThat(admin.find("boat/pruned", ".status")).isEmpty();

        admin.ok(
                "patch",
                "boat",
                "pruned",
                "--subresource=status",
                "--type=merge",
                "-p",
                "{\"status\":{\"port\":\"Kiel\"}}");
        assertThat(admin.find("boat/pruned", ".status.port") + admin.find("boat/pruned", ".metadata.generation"))
                .as("a status makes no new generation")
                .isEqualTo("Kiel1");
        admin.ok("wait", "--for=jsonpath={.status.port}=Kiel", "boat/pruned", "--timeout=5s");
        admin.ok("delete", "boat", "pruned");
    }

    @Test
    void itsVersionsShowTheSameObject() {
        admin.apply(boat("both", "{length: 5}"));

        assertThat(admin.ok("get", "boats.v1alpha1.example.com", "both", "-o", "jsonpath={.apiVersion} {.spec.length}"))
                .isEqualTo("example.com/v1alpha1 5");
        assertThat(admin.ok("get", "--raw", "/apis/example.com/v1alpha1/boats")).contains("\"BoatList\"", "\"both\"");
        admin.ok("delete", "boat", "both");
    }

    @Test
    void serverSideApplyKnowsItsOwners() {
        String path = write(boat("owned", "{length: 5}"));
        admin.ok("apply", "--server-side", "--field-manager=yard", "-f", path);
        String other = write(boat("owned", "{length: 6}"));

        assertThat(admin.fails("apply", "--server-side", "--field-manager=owner", "-f", other))
                .contains("conflict with \"yard\": .spec.length");
        admin.ok("apply", "--server-side", "--field-manager=owner", "--force-conflicts", "-f", other);
        assertThat(admin.find("boat/owned", ".spec.length")).isEqualTo("6");
        admin.ok("delete", "boat", "owned");
    }

    @Test
    void itGoesWithAllItsObjects() {
        admin.apply(BOATS.replace("boat", "raft").replace("Boat", "Raft").replace("bt", "rf"));
        admin.ok("wait", "--for=condition=Established", "crd/rafts.example.com", "--timeout=20s");
        admin.apply(boat("log", "{length: 2}").replace("Boat", "Raft"));

        admin.ok("delete", "crd", "rafts.example.com", "--timeout=30s");

        Kubectl.within(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(admin.fails("get", "--raw", "/apis/example.com/v1/rafts"))
                        .contains("NotFound"));
        admin.apply(BOATS.replace("boat", "raft").replace("Boat", "Raft").replace("bt", "rf"));
        admin.ok("wait", "--for=condition=Established", "crd/rafts.example.com", "--timeout=20s");
        assertThat(admin.ok("get", "rafts", "-o", "name"))
                .as("nothing came back")
                .isEmpty();
    }

    private static String write(String manifest) {
        try {
            return Files.writeString(Files.createTempFile(folder, "boat", ".yaml"), manifest)
                    .toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String boat(String name, String spec) {
        return """
                apiVersion: example.com/v1
                kind: Boat
                metadata: {name: %s}
                spec: %s
                """.formatted(name, spec);
    }

    private static final String BOATS = """
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: {name: boats.example.com}
            spec:
              group: example.com
              scope: Cluster
              names: {plural: boats, singular: boat, kind: Boat, shortNames: [bt], categories: [fleet]}
              versions:
              - name: v1
                served: true
                storage: true
                subresources: &subresources
                  status: {}
                  scale: {specReplicasPath: .spec.crew, statusReplicasPath: .status.crew}
                additionalPrinterColumns: &columns
                - {name: Length, type: integer, jsonPath: .spec.length}
                - {name: Sail, type: string, jsonPath: .spec.sail}
                - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}
                schema: &schema
                  openAPIV3Schema:
                    type: object
                    properties:
                      spec:
                        type: object
                        required: [length]
                        x-kubernetes-validations:
                        - {rule: "!has(self.crew) || self.crew <= self.length", message: more crew than boat}
                        properties:
                          length: {type: integer, minimum: 1}
                          crew: {type: integer}
                          sail: {type: string, default: white, description: colour of the sail}
                      status:
                        type: object
                        properties:
                          port: {type: string}
                          crew: {type: integer}
              - name: v1alpha1
                served: true
                storage: false
                subresources: *subresources
                additionalPrinterColumns: *columns
                schema: *schema
            """;
}
