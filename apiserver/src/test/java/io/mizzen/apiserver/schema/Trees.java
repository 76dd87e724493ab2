// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.catalog.Catalog;
import io.mizzen.api.catalog.ResourceDefinition;
import io.mizzen.api.name.GroupVersionKind;
import io.mizzen.api.schema.Schema;
import io.mizzen.api.yaml.YamlReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/** Short ways to write and read trees and to name what the catalog holds, in tests. */
public final class Trees {
    public static final GroupVersionKind DEPLOYMENT = new GroupVersionKind("apps", "v1", "Deployment");
    public static final GroupVersionKind POD = new GroupVersionKind("", "v1", "Pod");

    private Trees() {}

    /** A tree written as YAML. */
    public static JsonNode tree(String yaml) {
        return Numbers.copy(YamlReader.readAll(yaml, 1 << 20).getFirst());
    }

    /** An object written as YAML. */
    public static ObjectNode object(String yaml) {
        return (ObjectNode) tree(yaml);
    }

    /** The YAML documents of a file beside a test. */
    public static List<JsonNode> documents(Class<?> test, String file) throws IOException {
        try (InputStream in = Objects.requireNonNull(test.getResourceAsStream(file), file)) {
            return YamlReader.readAll(new String(in.readAllBytes(), StandardCharsets.UTF_8), 1 << 20);
        }
    }

    /** What the catalog says of a kind whose name no other group has. */
    public static ResourceDefinition definition(String kind) {
        return Catalog.builtIn().resources().stream()
                .filter(resource -> resource.kind().equals(kind))
                .findFirst()
                .orElseThrow(() -> new AssertionError(kind));
    }

    public static Schema schema(GroupVersionKind kind) {
        return Objects.requireNonNull(Catalog.builtIn().schemaOf(kind), kind.toString());
    }
}
