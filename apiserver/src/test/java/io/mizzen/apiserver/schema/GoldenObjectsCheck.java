// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.schema;

import static io.mizzen.apiserver.schema.Trees.schema;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.mizzen.api.name.GroupVersionKind;
import io.mizzen.api.schema.Schema;
import io.mizzen.apiserver.schema.Decoder.Decoded;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Compares decoding with a folder of filled objects that the project does not carry. No test of the build: run it by hand with
 * {@code -Dtest=GoldenObjectsCheck -Dmizzen.golden=<folder>}.
 */
class GoldenObjectsCheck {
    /** One filled JSON object a file, named group.version.kind.json. */
    @Test
    void decodesEveryFilledObjectToItself() throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        int compared = 0;
        try (Stream<Path> files = Files.list(Path.of(System.getProperty("mizzen.golden")))) {
            for (Path file : files.filter(name -> name.toString().endsWith(".json"))
                    .sorted()
                    .toList()) {
                JsonNode raw = mapper.readTree(file.toFile());
                String apiVersion = raw.path("apiVersion").asText();
                int slash = apiVersion.indexOf('/');
                GroupVersionKind kind = new GroupVersionKind(
                        slash < 0 ? "" : apiVersion.substring(0, slash),
                        apiVersion.substring(slash + 1),
                        raw.path("kind").asText());
                Schema schema = io.mizzen.api.catalog.Catalog.builtIn().schemaOf(kind);
                if (schema != null) {
                    Decoded decoded = Decoder.decode(raw, schema, kind);
                    assertThat(decoded.unknownFields()).as(file.toString()).isEmpty();
                    assertThat(decoded.object()).as(file.toString()).isEqualTo(raw);
                    compared++;
                }
            }
        }
        assertThat(compared).isPositive();
    }
}
