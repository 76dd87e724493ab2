// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry.warning;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.catalog.Catalog;
import io.mizzen.api.catalog.ResourceDefinition;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.yaml.YamlReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ObjectWarningsTest {

    private static List<JsonNode> examples() throws IOException {
        try (var in = Objects.requireNonNull(ObjectWarningsTest.class.getResourceAsStream("examples.yaml"))) {
            return YamlReader.readAll(new String(in.readAllBytes(), StandardCharsets.UTF_8), 1 << 20).stream()
                    .map(JsonNode.class::cast)
                    .toList();
        }
    }

    private static ResourceDefinition definition(String kind) {
        return Catalog.builtIn().resources().stream()
                .filter(resource -> resource.kind().equals(kind))
                .findFirst()
                .orElseThrow(() -> new AssertionError(kind));
    }

    @ParameterizedTest
    @MethodSource("examples")
    void warnsAsUpstreamDoes(JsonNode example) {
        ObjectNode old = example.has("old") ? (ObjectNode) example.get("old") : null;

        List<String> warnings =
                ObjectWarnings.of(definition(example.get("kind").asText()), (ObjectNode) example.get("object"), old);

        assertThat(warnings).as(example.toString()).isEqualTo(ObjectTree.texts(example.get("warnings")));
    }
}
