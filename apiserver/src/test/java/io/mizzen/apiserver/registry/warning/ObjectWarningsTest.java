// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry.warning;

import static io.mizzen.apiserver.schema.Trees.definition;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.apiserver.schema.Trees;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ObjectWarningsTest {

    private static List<JsonNode> examples() throws IOException {
        return Trees.documents(ObjectWarningsTest.class, "examples.yaml");
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
