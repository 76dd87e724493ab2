// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.write;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.mizzen.kubectl.tree.Json;
import io.mizzen.kubectl.tree.Yaml;
import org.junit.jupiter.api.Test;

class ApplyMigrationTest {
    private static final String CLIENT = """
            - manager: kubectl-client-side-apply
              operation: Update
              apiVersion: v1
              fieldsV1: {f:data: {f:a: {}, f:b: {}}, f:metadata: {f:annotations: {f:kubectl.kubernetes.io/last-applied-configuration: {}}}}
            """;
    private static final String SERVER = """
            - manager: kubectl
              operation: Apply
              apiVersion: v1
              fieldsV1: {f:data: {f:a: {}, f:c: {}}}
            """;
    private static final String CONTROLLER = """
            - manager: controller
              operation: Update
              apiVersion: v1
              subresource: status
              fieldsV1: {f:status: {}}
            """;

    @Test
    void whatTheClientOwnedGoesToTheManagerThatApplies() {
        ArrayNode patch = ApplyMigration.patch(object(SERVER + CLIENT + CONTROLLER), "kubectl");

        JsonNode entries = patch.path(0).path("value");
        assertThat(patch.path(0).path("path").textValue()).isEqualTo("/metadata/managedFields");
        assertThat(entries.findValuesAsText("manager")).containsExactly("kubectl", "controller");
        assertThat(Json.keys(entries.path(0).path("fieldsV1").path("f:data"))).containsExactly("f:a", "f:c", "f:b");
        assertThat(entries.path(0).path("operation").textValue()).isEqualTo("Apply");
        assertThat(patch.path(1).toString())
                .as("not when the object has changed meanwhile")
                .isEqualTo("{\"op\":\"replace\",\"path\":\"/metadata/resourceVersion\",\"value\":\"7\"}");
    }

    @Test
    void withoutAnEntryOfTheManagerTheClientsBecomesIt() {
        JsonNode entries = ApplyMigration.patch(object(CLIENT), "tool").path(0).path("value");

        assertThat(entries.findValuesAsText("manager")).containsExactly("tool");
        assertThat(entries.findValuesAsText("operation")).containsExactly("Apply");
    }

    @Test
    void anObjectThatNoClientAppliedIsLeftAlone() {
        assertThat(ApplyMigration.patch(object(SERVER + CONTROLLER), "kubectl")).isEmpty();
    }

    @Test
    void theAnnotationGetsAnOwnerOnce() {
        JsonNode object = object(SERVER + CLIENT);

        assertThat(ApplyMigration.needsAnnotationOwner(object)).isTrue();
        assertThat(ApplyMigration.annotationOnly(object)).isEqualTo(Yaml.parse("""
                apiVersion: v1
                kind: ConfigMap
                metadata:
                  name: cm
                  annotations: {kubectl.kubernetes.io/last-applied-configuration: '{"data":{}}'}
                """));
        String owned = CLIENT.replace("kubectl-client-side-apply", ApplyMigration.ANNOTATION_MANAGER)
                .replace("Update", "Apply");
        assertThat(ApplyMigration.needsAnnotationOwner(object(SERVER + owned))).isFalse();
    }

    private static JsonNode object(String managedFields) {
        return Yaml.parse("""
                apiVersion: v1
                kind: ConfigMap
                metadata:
                  name: cm
                  resourceVersion: "7"
                  annotations: {kubectl.kubernetes.io/last-applied-configuration: '{"data":{}}'}
                  managedFields:
                """ + managedFields.indent(2));
    }
}
