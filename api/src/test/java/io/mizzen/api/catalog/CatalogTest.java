// SPDX-License-Identifier: Apache-2.0
package io.mizzen.api.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.api.name.GroupVersionKind;
import io.mizzen.api.schema.Schema;
import io.mizzen.api.schema.Schema.ListType;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CatalogTest {
    private final Catalog catalog = Catalog.builtIn();

    @Test
    void describesPodsWithTheirListSemantics() {
        Schema pod = catalog.schemaOf(new GroupVersionKind("", "v1", "Pod"));

        Schema containers = pod.property("spec").property("containers");

        assertThat(containers.listType()).isEqualTo(ListType.MAP);
        assertThat(containers.mapKeys()).containsExactly("name");
        assertThat(containers.patchMergeKey()).isEqualTo("name");
        assertThat(containers
                        .items()
                        .property("terminationMessagePath")
                        .defaultValue()
                        .asText())
                .isEqualTo("/dev/termination-log");
    }

    @Test
    void resolvesEveryReferenceOfEveryResource() {
        Set<String> seen = new HashSet<>();
        for (ResourceDefinition resource : catalog.resources()) {
            resource.versions().forEach(version -> visit(version.schema(), seen));
        }

        assertThat(seen).hasSizeGreaterThan(400);
    }

    private static void visit(Schema schema, Set<String> seen) {
        if (!schema.name().isEmpty() && !seen.add(schema.name())) {
            return;
        }
        schema.propertyNames().forEach(name -> visit(schema.property(name), seen));
        if (schema.items() != null) {
            visit(schema.items(), seen);
        }
        if (schema.additionalProperties() != null) {
            visit(schema.additionalProperties(), seen);
        }
    }

    @Test
    void keepsObjectsUnderUpstreamsKeys() {
        ResourceDefinition services = catalog.resources().stream()
                .filter(resource -> resource.plural().equals("services"))
                .findFirst()
                .orElseThrow();

        assertThat(services.key("default", "web")).isEqualTo("/registry/services/specs/default/web");
        assertThat(services.hasStatus()).isTrue();
    }
}
