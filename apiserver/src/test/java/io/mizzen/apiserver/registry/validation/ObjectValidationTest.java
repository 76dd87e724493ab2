// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry.validation;

import static io.mizzen.apiserver.schema.Trees.definition;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.catalog.ResourceDefinition;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.status.StatusCause;
import io.mizzen.apiserver.schema.Trees;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ObjectValidationTest {

    private static List<JsonNode> examples() throws IOException {
        return Trees.documents(ObjectValidationTest.class, "examples.yaml");
    }

    private static ObjectNode object(ResourceDefinition definition, JsonNode given) {
        ObjectNode object = given.deepCopy();
        ObjectNode metadata = ObjectTree.metadata(object);
        if (!metadata.has("name")) {
            metadata.put("name", "x");
        }
        if (definition.namespaced() && !metadata.has("namespace")) {
            metadata.put("namespace", "default");
        }
        return object;
    }

    private static List<String> shown(List<StatusCause> causes) {
        return causes.stream()
                .map(cause -> cause.field() + ": " + cause.message())
                .toList();
    }

    @ParameterizedTest
    @MethodSource("examples")
    void tellsWhatIsWrongAsUpstreamDoes(JsonNode example) {
        ResourceDefinition definition = definition(example.get("kind").asText());
        ObjectNode object = object(definition, example.get("object"));

        List<StatusCause> causes = example.has("old")
                ? ObjectValidation.validateUpdate(definition, object, object(definition, example.get("old")))
                : ObjectValidation.validateCreate(definition, object);

        assertThat(shown(causes)).as(example.toString()).isEqualTo(ObjectTree.texts(example.get("errors")));
    }

    @Test
    void showsWhichFieldsOfAPodMayNotChange() {
        ResourceDefinition pod = definition("Pod");
        String yaml = "{metadata: {name: a, namespace: n}, spec: {restartPolicy: Always, hostNetwork: %s, "
                + "containers: [{name: c, image: %s}]}}";
        ObjectNode old = Trees.object(yaml.formatted("false", "i"));
        ObjectNode image = Trees.object(yaml.formatted("false", "j"));
        ObjectNode network = Trees.object(yaml.formatted("true", "i"));

        assertThat(ObjectValidation.validateUpdate(pod, image, old)).isEmpty();
        assertThat(ObjectValidation.validateUpdate(pod, network, old))
                .singleElement()
                .satisfies(cause -> {
                    assertThat(cause.reason()).isEqualTo("FieldValueForbidden");
                    assertThat(cause.field()).isEqualTo("spec");
                    assertThat(cause.message())
                            .startsWith(
                                    "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,")
                            .contains("hostNetwork: true");
                });
        assertThat(ObjectValidation.validateUpdate(pod, network, old, "status")).isEmpty();
    }

    @Test
    void keepsSystemPrioritiesToTheSystem() {
        ResourceDefinition classes = definition("PriorityClass");
        ObjectNode own = object(classes, Trees.object("{metadata: {name: system-mine}, value: 5}"));
        ObjectNode known = object(classes, Trees.object("{metadata: {name: system-node-critical}, value: 2000001000}"));

        assertThat(shown(ObjectValidation.validateCreate(classes, own)))
                .containsExactly("metadata.name: Forbidden: priority class names with 'system-' prefix are reserved"
                        + " for system use only. error: system-mine is not a known system priority class");
        assertThat(ObjectValidation.validateCreate(classes, known)).isEmpty();
    }

    @Test
    void refusesAClaimOfNothing() {
        ResourceDefinition claims = definition("PersistentVolumeClaim");
        ObjectNode claim = object(
                claims,
                Trees.object(
                        "{spec: {accessModes: [ReadWriteOnce], volumeMode: X, resources: {requests: {storage: '0'}}}}"));

        assertThat(shown(ObjectValidation.validateCreate(claims, claim)))
                .containsExactly(
                        "spec.resources[storage]: Invalid value: \"0\": must be greater than zero",
                        "spec.volumeMode: Unsupported value: \"X\": supported values: \"Block\", \"Filesystem\"");
    }

    @Test
    void limitsWhatAConfigMapHolds() {
        ResourceDefinition maps = definition("ConfigMap");
        ObjectNode map = object(maps, Trees.object("{data: {}}"));
        ObjectTree.child(map, "data").put("a", "x".repeat((1 << 20) + 1));

        assertThat(shown(ObjectValidation.validateCreate(maps, map)))
                .containsExactly(": Too long: may not be more than 1048576 bytes");
    }

    @Test
    void limitsAnnotations() {
        ResourceDefinition maps = definition("ConfigMap");
        ObjectNode map = object(maps, Trees.object("{data: {}}"));
        ObjectTree.child(ObjectTree.metadata(map), "annotations").put("a", "x".repeat(262_144));

        assertThat(shown(ObjectValidation.validateCreate(maps, map)))
                .containsExactly("metadata.annotations: Too long: may not be more than 262144 bytes");
    }
}
