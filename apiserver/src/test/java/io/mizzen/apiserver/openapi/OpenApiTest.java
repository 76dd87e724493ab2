// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.openapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import io.mizzen.api.catalog.Catalog;
import io.mizzen.api.catalog.ResourceDefinition;
import io.mizzen.api.catalog.ResourceDefinition.Version;
import io.mizzen.api.schema.SchemaReader;
import io.mizzen.apiserver.openapi.OpenApi.Answer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class OpenApiTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String ASKS_PROTOBUF = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
    private static OpenApi api = OpenApi.of(List.of(), "");

    @BeforeAll
    static void describeEverything() throws IOException {
        List<ResourceDefinition> all = new ArrayList<>(Catalog.builtIn().resources());
        all.add(thing("integer"));
        api = OpenApi.of(all, "v1.35.6");
    }

    private static ResourceDefinition thing(String sizeType) throws IOException {
        JsonNode schema = MAPPER.readTree("""
                {"type":"object","description":"A thing.","properties":{"spec":{"type":"object","properties":{
                 "size":{"type":"%s","minimum":1,"nullable":true,"description":"How big."},
                 "port":{"x-kubernetes-int-or-string":true,"anyOf":[{"type":"integer"},{"type":"string"}]}}}}}
                """.formatted(sizeType));
        return new ResourceDefinition(
                "example.com",
                "Thing",
                "ThingList",
                "things",
                "thing",
                true,
                List.of(),
                List.of(),
                List.of(new Version("v1", SchemaReader.structural().read("", schema), null)),
                "v1",
                "/registry/example.com/things/",
                ResourceDefinition.ALL_VERBS,
                Map.of(),
                List.of(),
                List.of(),
                true);
    }

    private static JsonNode json(String path) throws IOException {
        return MAPPER.readTree(Objects.requireNonNull(api.answer(path, "application/json"), path)
                .body());
    }

    private static void references(JsonNode node, Set<String> found) {
        if (node.path("$ref").isTextual()) {
            found.add(node.get("$ref").textValue());
        }
        node.forEach(child -> references(child, found));
    }

    private static List<String> names(JsonNode parameters) {
        List<String> names = new ArrayList<>();
        parameters.forEach(parameter ->
                names.add(parameter.path("name").asText(parameter.path("$ref").asText())));
        return names;
    }

    @Test
    void indexesADocumentForEveryGroupVersion() throws IOException {
        JsonNode paths = json("/openapi/v3").get("paths");

        assertThat(paths.properties())
                .extracting(Map.Entry::getKey)
                .contains(
                        "api/v1", "apis/apps/v1", "apis/autoscaling/v1", "apis/autoscaling/v2", "apis/example.com/v1");
        assertThat(paths.at("/api~1v1/serverRelativeURL").asText()).matches("/openapi/v3/api/v1\\?hash=[0-9A-F]{128}");
        assertThat(api.answer("/openapi/v3/apis/apps/v2", "")).isNull();
    }

    @Test
    void changesTheHashOfExactlyThoseGroupsThatChange() throws IOException {
        List<ResourceDefinition> other = new ArrayList<>(Catalog.builtIn().resources());
        other.add(thing("number"));
        JsonNode before = json("/openapi/v3").get("paths");
        JsonNode after = MAPPER.readTree(
                Objects.requireNonNull(OpenApi.of(other, "v1.35.6").answer("/openapi/v3", ""))
                        .body());

        Set<String> changed = new HashSet<>();
        after.get("paths").properties().forEach(entry -> {
            if (!entry.getValue().equals(before.get(entry.getKey()))) {
                changed.add(entry.getKey());
            }
        });

        assertThat(changed).containsExactly("apis/example.com/v1");
    }

    @Test
    void leavesNoReferenceWithoutTarget() throws IOException {
        List<String> paths = new ArrayList<>();
        json("/openapi/v3").get("paths").properties().forEach(entry -> paths.add("/openapi/v3/" + entry.getKey()));
        paths.add("/openapi/v2");
        for (String path : paths) {
            JsonNode document = json(path);
            Set<String> references = new HashSet<>();
            references(document, references);
            assertThat(references).isNotEmpty();
            for (String reference : references) {
                assertThat(document.at(reference.substring(1)).isMissingNode())
                        .as(path + " " + reference)
                        .isFalse();
            }
        }
    }

    @Test
    void describesEachOperationOfAKind() throws IOException {
        JsonNode document = json("/openapi/v3/apis/apps/v1");
        JsonNode item = document.at("/paths/~1apis~1apps~1v1~1namespaces~1{namespace}~1deployments~1{name}");
        JsonNode patch = item.get("patch");

        assertThat(item.properties()).extracting(Map.Entry::getKey).contains("get", "put", "patch", "delete");
        assertThat(names(item.get("parameters"))).containsExactly("name", "namespace");
        assertThat(patch.get("x-kubernetes-action").asText()).isEqualTo("patch");
        assertThat(patch.get("operationId").asText()).isEqualTo("patchAppsV1NamespacedDeployment");
        assertThat(patch.at("/x-kubernetes-group-version-kind/kind").asText()).isEqualTo("Deployment");
        assertThat(names(patch.get("parameters"))).contains("dryRun", "fieldManager", "fieldValidation", "force");
        assertThat(patch.at("/requestBody/content").properties())
                .extracting(Map.Entry::getKey)
                .contains("application/apply-patch+yaml", "application/strategic-merge-patch+json");
        assertThat(document.at("/paths/~1apis~1apps~1v1~1deployments/get/operationId")
                        .asText())
                .isEqualTo("listAppsV1DeploymentForAllNamespaces");
        assertThat(document.at("/paths/~1apis~1apps~1v1~1namespaces~1{namespace}~1deployments/post/responses/202")
                        .isObject())
                .isTrue();
    }

    @Test
    void tellsThatCustomResourcesTakeNoStrategicMergePatch() throws IOException {
        JsonNode third = json("/openapi/v3/apis/example.com/v1")
                .at("/paths/~1apis~1example.com~1v1~1namespaces~1{namespace}~1things~1{name}/patch");
        JsonNode second =
                json("/openapi/v2").at("/paths/~1apis~1example.com~1v1~1namespaces~1{namespace}~1things~1{name}/patch");

        assertThat(third.at("/requestBody/content").properties())
                .extracting(Map.Entry::getKey)
                .containsExactly(
                        "application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml");
        assertThat(second.at("/consumes")).hasSize(3);
    }

    @Test
    void keepsTheRulesForMergingAndExplainsFields() throws IOException {
        JsonNode schemas = json("/openapi/v3/api/v1").at("/components/schemas");
        JsonNode spec = schemas.get("io.k8s.api.core.v1.PodSpec");

        assertThat(spec.at("/properties/containers/x-kubernetes-patch-merge-key")
                        .asText())
                .isEqualTo("name");
        assertThat(spec.at("/properties/containers/description").asText()).isNotEmpty();
        assertThat(spec.at("/properties/affinity/allOf/0/$ref").asText()).endsWith("core.v1.Affinity");
        assertThat(spec.at("/required/0").asText()).isEqualTo("containers");
        assertThat(schemas.at("/io.k8s.api.core.v1.Pod/x-kubernetes-group-version-kind/0/kind")
                        .asText())
                .isEqualTo("Pod");
        assertThat(schemas.at("/io.k8s.apimachinery.pkg.util.intstr.IntOrString/oneOf"))
                .hasSize(2);
    }

    @Test
    void explainsOnlyFieldsThatExist() throws IOException {
        JsonNode texts;
        try (var in = Objects.requireNonNull(OpenApi.class.getResourceAsStream("descriptions.json"))) {
            texts = MAPPER.readTree(in);
        }
        Map<String, JsonNode> definitions = Catalog.builtIn().definitions();
        int count = 0;
        for (Map.Entry<String, JsonNode> entry : texts.properties()) {
            if (entry.getKey().equals("*")) {
                continue;
            }
            JsonNode definition = definitions.get(fullName(entry.getKey()));
            assertThat(definition).as(entry.getKey()).isNotNull();
            for (Map.Entry<String, JsonNode> field : entry.getValue().properties()) {
                count++;
                if (!field.getKey().isEmpty()) {
                    assertThat(Objects.requireNonNull(definition)
                                    .path("properties")
                                    .has(field.getKey()))
                            .as(entry.getKey() + " " + field.getKey())
                            .isTrue();
                }
            }
        }
        assertThat(count).isGreaterThan(400);
    }

    private static String fullName(String key) {
        if (key.startsWith("io.")) {
            return key;
        }
        return key.startsWith("meta.") ? "io.k8s.apimachinery.pkg.apis." + key : "io.k8s.api." + key;
    }

    @Test
    void describesCustomResourcesAsBothVersionsCan() throws IOException {
        JsonNode third = json("/openapi/v3/apis/example.com/v1").at("/components/schemas/com.example.v1.Thing");
        JsonNode second = json("/openapi/v2").at("/definitions/com.example.v1.Thing");

        assertThat(third.at("/properties/spec/properties/size/nullable").asBoolean())
                .isTrue();
        assertThat(third.at("/properties/spec/properties/size/type").asText()).isEqualTo("integer");
        assertThat(third.at("/properties/metadata").toString()).contains("ObjectMeta");
        assertThat(second.at("/properties/spec/properties/size").has("type")).isFalse();
        assertThat(second.at("/properties/spec/properties/size").has("nullable"))
                .isFalse();
        assertThat(second.at("/properties/spec/properties/port").has("anyOf")).isFalse();
        assertThat(second.at("/x-kubernetes-group-version-kind/0/group").asText())
                .isEqualTo("example.com");
    }

    @Test
    void writesVersionTwoAsProtobufWithTheSameDefinitionsAndPaths() throws IOException {
        Answer answer = Objects.requireNonNull(api.answer("/openapi/v2", ASKS_PROTOBUF));
        JsonNode second = json("/openapi/v2");

        Map<Integer, List<byte[]>> document = fields(answer.body());
        List<String> definitions = keys(fields(document.get(9).getFirst()).get(1));
        List<String> paths = keys(fields(document.get(8).getFirst()).get(2));

        // The client's parser of media types refuses the sign that its own Accept header has.
        assertThat(answer.contentType()).doesNotContain("@").endsWith("+protobuf");
        assertThat(definitions).hasSize(second.get("definitions").size()).contains("io.k8s.api.core.v1.Pod");
        assertThat(paths)
                .hasSize(second.get("paths").size())
                .contains("/api/v1/namespaces/{namespace}/pods/{name}/log");
    }

    private static List<String> keys(List<byte[]> entries) throws IOException {
        List<String> keys = new ArrayList<>();
        for (byte[] entry : entries) {
            keys.add(new String(fields(entry).get(1).getFirst(), java.nio.charset.StandardCharsets.UTF_8));
        }
        return keys;
    }

    /** The length-delimited fields of a message by number. */
    private static Map<Integer, List<byte[]>> fields(byte[] message) throws IOException {
        Map<Integer, List<byte[]>> fields = new java.util.HashMap<>();
        CodedInputStream in = CodedInputStream.newInstance(message);
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            if (WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED) {
                fields.computeIfAbsent(WireFormat.getTagFieldNumber(tag), none -> new ArrayList<>())
                        .add(in.readByteArray());
            } else {
                in.skipField(tag);
            }
        }
        return fields;
    }
}
