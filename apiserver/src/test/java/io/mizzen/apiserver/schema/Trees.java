// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.catalog.Catalog;
import io.mizzen.api.name.GroupVersionKind;
import io.mizzen.api.schema.Schema;
import io.mizzen.api.yaml.YamlReader;
import java.util.Objects;

/** Short ways to write trees and name schemas in tests. */
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

    public static Schema schema(GroupVersionKind kind) {
        return Objects.requireNonNull(Catalog.builtIn().schemaOf(kind), kind.toString());
    }
}
