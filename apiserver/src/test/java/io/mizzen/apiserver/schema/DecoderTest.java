// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.schema;

import static io.mizzen.apiserver.schema.Trees.DEPLOYMENT;
import static io.mizzen.apiserver.schema.Trees.POD;
import static io.mizzen.apiserver.schema.Trees.object;
import static io.mizzen.apiserver.schema.Trees.schema;
import static io.mizzen.apiserver.schema.Trees.tree;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.api.name.GroupVersionKind;
import io.mizzen.api.status.StatusException;
import io.mizzen.api.status.StatusReason;
import io.mizzen.apiserver.schema.Decoder.Decoded;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DecoderTest {

    private static Decoded decode(GroupVersionKind kind, String yaml) {
        return Decoder.decode(tree(yaml), schema(kind), kind);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{spec: {replicas: x}}|cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32",
                "{spec: {replicas: 1.5}}|cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32",
                "{spec: {replicas: 3000000000}}|cannot unmarshal number 3000000000 into Go struct field DeploymentSpec.spec.replicas of type int32",
                "{spec: {paused: 1}}|cannot unmarshal number into Go struct field DeploymentSpec.spec.paused of type bool",
                "{spec: []}|cannot unmarshal array into Go struct field Deployment.spec of type v1.DeploymentSpec",
                "{metadata: {labels: {a: 1}}}|cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string",
                "{metadata: {labels: x}}|cannot unmarshal string into Go struct field ObjectMeta.metadata.labels of type map[string]string",
                "{spec: {template: {spec: {containers: {}}}}}|cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container",
                "{spec: {template: {spec: {containers: [{image: true}]}}}}|cannot unmarshal bool into Go struct field Container.spec.template.spec.containers.image of type string",
                "{spec: {strategy: {rollingUpdate: {maxSurge: true}}}}|cannot unmarshal bool into Go struct field RollingUpdateDeployment.spec.strategy.rollingUpdate.maxSurge of type int32",
            })
    void refusesWrongTypesInGoWords(String yaml, String message) {
        assertThatThrownBy(() -> decode(DEPLOYMENT, yaml))
                .isInstanceOf(StatusException.class)
                .hasMessage("Deployment in version \"v1\" cannot be handled as a Deployment: json: " + message)
                .extracting(failure -> ((StatusException) failure).reason())
                .isEqualTo(StatusReason.BadRequest);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{spec: {overhead: {cpu: one}}}|quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
                "{metadata: {creationTimestamp: soon}}|parsing time \"soon\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"soon\" as \"2006\"",
                "{metadata: {creationTimestamp: '2020-13-01T00:00:00Z'}}|parsing time \"2020-13-01T00:00:00Z\": month out of range",
                "{metadata: {creationTimestamp: 5}}|json: cannot unmarshal number into Go struct field ObjectMeta.metadata.creationTimestamp of type string",
            })
    void refusesMalformedTexts(String yaml, String message) {
        assertThatThrownBy(() -> decode(POD, yaml))
                .hasMessage("Pod in version \"v1\" cannot be handled as a Pod: " + message);
    }

    @Test
    void leavesOutUnknownFieldsAndReportsTheirPaths() {
        Decoded decoded = decode(
                POD,
                "{metadata: {Name: x, name: web}, spec: {x: 1, containers: [{name: a}, {name: b, y: {z: 1}}], restartpolicy: a}}");

        assertThat(decoded.unknownFields())
                .containsExactly("metadata.Name", "spec.x", "spec.containers[1].y", "spec.restartpolicy");
        assertThat(decoded.object())
                .isEqualTo(object("{metadata: {name: web}, spec: {containers: [{name: a}, {name: b}]}}"));
    }

    @Test
    void leavesOutNullsAndEmptyOptionalCollections() {
        Decoded decoded = decode(
                POD,
                "{metadata: {creationTimestamp: null, labels: {a: null}, annotations: {}}, "
                        + "spec: {tolerations: [], containers: [{name: a, args: [null]}], volumes: [{name: v, emptyDir: {}}]}}");

        assertThat(decoded.object())
                .isEqualTo(object("{metadata: {labels: {a: ''}}, "
                        + "spec: {containers: [{name: a, args: ['']}], volumes: [{name: v, emptyDir: {}}]}}"));
    }

    @Test
    void keepsEmptyRequiredLists() {
        GroupVersionKind slice = new GroupVersionKind("discovery.k8s.io", "v1", "EndpointSlice");

        assertThat(decode(slice, "{endpoints: [], ports: []}").object()).isEqualTo(object("{endpoints: []}"));
    }

    @Test
    void writesQuantitiesTimesAndBase64Canonically() {
        Decoded pod = decode(
                POD,
                "{metadata: {creationTimestamp: '2020-01-02T03:04:05.678+01:00'}, spec: {containers: "
                        + "[{name: a, resources: {limits: {cpu: 0.5, memory: 1024Mi, pods: 2, x: '0.0001'}}}]}}");
        Decoded secret = decode(new GroupVersionKind("", "v1", "Secret"), "{data: {a: \"aGVs\\nbG8=\"}}");

        assertThat(pod.object())
                .isEqualTo(object("{metadata: {creationTimestamp: '2020-01-02T02:04:05Z'}, spec: {containers: "
                        + "[{name: a, resources: {limits: {cpu: 500m, memory: 1Gi, pods: '2', x: 1m}}}]}}"));
        assertThat(secret.object()).isEqualTo(object("{data: {a: aGVsbG8=}}"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"abc", "ab=c", "aGVsbG8", "a", "====", "aGVsbG8=="})
    void refusesBrokenBase64(String text) {
        assertThatThrownBy(() -> decode(new GroupVersionKind("", "v1", "Secret"), "{data: {a: '" + text + "'}}"))
                .hasMessageContaining("illegal base64 data at input byte ");
    }

    @Test
    void keepsNumbersAndPercentagesOfIntOrString() {
        Decoded decoded = decode(DEPLOYMENT, "{spec: {strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 25%}}}}");

        assertThat(decoded.object().at("/spec/strategy/rollingUpdate"))
                .isEqualTo(tree("{maxSurge: 1, maxUnavailable: 25%}"));
    }

    @Test
    void looksForUnknownFieldsInsideNestedCustomSchemas() {
        GroupVersionKind crd = new GroupVersionKind("apiextensions.k8s.io", "v1", "CustomResourceDefinition");
        Decoded decoded = decode(
                crd,
                "{spec: {versions: [{name: v1, schema: {openAPIV3Schema: {type: object, default: {a: null}, "
                        + "properties: {a: {type: array, items: {type: string, tipe: x}}}}}}]}}");

        assertThat(decoded.unknownFields())
                .containsExactly("spec.versions[0].schema.openAPIV3Schema.properties.a.items.tipe");
        assertThat(decoded.object().at("/spec/versions/0/schema/openAPIV3Schema"))
                .isEqualTo(tree(
                        "{type: object, default: {a: null}, properties: {a: {type: array, items: {type: string}}}}"));
    }

    @Test
    void namesStrictFailuresAsUpstream() {
        List<String> messages = Decoder.strictMessages(List.of("spec.y"), List.of("spec.x"));

        assertThat(Decoder.strictFailure(POD, messages))
                .hasMessage("Pod in version \"v1\" cannot be handled as a Pod: strict decoding error: "
                        + "duplicate field \"spec.y\", unknown field \"spec.x\"");
    }

    @Test
    void leavesItsInputAlone() {
        JsonNode raw = tree("{spec: {containers: [{name: a, resources: {limits: {cpu: 0.5}}, x: 1}]}}");
        JsonNode copy = raw.deepCopy();

        Decoder.decode(raw, schema(POD), POD);

        assertThat(raw).isEqualTo(copy);
    }

    @Test
    void decodesAFilledObjectToItself() throws IOException {
        for (JsonNode document : Trees.documents(DecoderTest.class, "filled-objects.yaml")) {
            JsonNode raw = Numbers.copy(document);
            String[] version = raw.get("apiVersion").asText().split("/");
            GroupVersionKind kind = new GroupVersionKind(
                    version.length == 1 ? "" : version[0],
                    version[version.length - 1],
                    raw.get("kind").asText());

            Decoded decoded = Decoder.decode(raw, schema(kind), kind);

            assertThat(decoded.unknownFields()).as(kind.toString()).isEmpty();
            assertThat(decoded.object()).as(kind.toString()).isEqualTo(raw);
        }
    }
}
