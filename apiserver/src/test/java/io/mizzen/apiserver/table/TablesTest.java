// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.table;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.catalog.Catalog;
import io.mizzen.api.catalog.ResourceDefinition;
import io.mizzen.api.catalog.ResourceDefinition.Column;
import io.mizzen.apiserver.schema.Trees;
import io.mizzen.apiserver.table.Tables.IncludeObject;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class TablesTest {
    private static final Instant NOW = Instant.parse("2026-01-10T12:00:00Z");

    private static List<JsonNode> rows() throws IOException {
        return Trees.documents(TablesTest.class, "rows.yaml");
    }

    private static ResourceDefinition definition(String key) {
        return Catalog.builtIn().resources().stream()
                .filter(resource -> Tables.key(resource).equals(key))
                .findFirst()
                .orElseThrow(() -> new AssertionError(key));
    }

    private static JsonNode row(ResourceDefinition definition, JsonNode object, IncludeObject include) {
        ObjectNode table = Tables.table(definition, List.of((ObjectNode) object), include, NOW, "7", "", null);
        return table.get("rows").get(0);
    }

    private static List<String> texts(JsonNode list) {
        List<String> texts = new ArrayList<>();
        list.forEach(cell -> texts.add(cell.isNull() ? "null" : cell.asText()));
        return texts;
    }

    @ParameterizedTest
    @MethodSource("rows")
    void showsEachKindAsUpstreamDoes(JsonNode example) {
        String key = example.get("kind").asText();
        JsonNode row = row(definition(key), example.get("object"), IncludeObject.NONE);

        assertThat(texts(row.get("cells"))).as(example.path("case").asText(key)).isEqualTo(texts(example.get("cells")));
    }

    @Test
    void hasARowForEveryKindWithColumnsAndAsManyCellsAsColumns() throws IOException {
        Set<String> shown = new HashSet<>();
        rows().forEach(row -> shown.add(row.get("kind").asText()));
        for (ResourceDefinition resource : Catalog.builtIn().resources()) {
            ObjectNode empty = com.fasterxml.jackson.databind.node.JsonNodeFactory.instance.objectNode();
            JsonNode cells = row(resource, empty, IncludeObject.NONE).get("cells");
            int columns = resource.columns().isEmpty() ? 2 : resource.columns().size();

            assertThat(cells).as(resource.kind()).hasSize(columns);
            if (!resource.columns().isEmpty()) {
                assertThat(shown).contains(Tables.key(resource));
            }
        }
    }

    @Test
    void carriesTheMetadataUnlessAskedOtherwise() {
        JsonNode pod = Trees.tree("{metadata: {name: a, uid: u}, spec: {}}");

        JsonNode partial = row(definition("Pod"), pod, IncludeObject.METADATA).get("object");

        assertThat(partial.get("kind").asText()).isEqualTo("PartialObjectMetadata");
        assertThat(partial.at("/metadata/uid").asText()).isEqualTo("u");
        assertThat(partial.has("spec")).isFalse();
        assertThat(row(definition("Pod"), pod, IncludeObject.OBJECT).get("object"))
                .isEqualTo(pod);
        assertThat(row(definition("Pod"), pod, IncludeObject.NONE).get("object").isNull())
                .isTrue();
    }

    @Test
    void marksPodsThatHaveEnded() {
        JsonNode pod = Trees.tree("{metadata: {name: a}, status: {phase: Failed}}");

        JsonNode condition = row(definition("Pod"), pod, IncludeObject.NONE).at("/conditions/0");

        assertThat(condition.get("type").asText()).isEqualTo("Completed");
        assertThat(condition.get("reason").asText()).isEqualTo("Failed");
        assertThat(condition.get("message").asText()).isEqualTo("The pod failed.");
    }

    @Test
    void tellsWhereTheListGoesOn() {
        ObjectNode table = Tables.table(definition("Pod"), List.of(), IncludeObject.METADATA, NOW, "42", "next", 3L);

        assertThat(table.at("/metadata/resourceVersion").asText()).isEqualTo("42");
        assertThat(table.at("/metadata/continue").asText()).isEqualTo("next");
        assertThat(table.at("/metadata/remainingItemCount").asInt()).isEqualTo(3);
        assertThat(table.at("/columnDefinitions/0/format").asText()).isEqualTo("name");
        assertThat(table.get("rows")).isEmpty();
    }

    @Test
    void readsCellsOfCustomResourcesByPath() {
        List<Column> columns = List.of(
                new Column("Phase", "string", "", 0, "", ".status.phase"),
                new Column("Size", "integer", "", 0, "", ".spec.size"),
                new Column("Ready", "string", "", 0, "", ".status.conditions[?(@.type==\"Ready\")].status"),
                new Column("Owner", "string", "", 0, "", ".metadata.labels.example\\.com/owner"),
                new Column("Last", "string", "", 0, "", ".spec.items[-1]"),
                new Column("Seen", "date", "", 0, "", ".status.seen"),
                new Column("Bad", "date", "", 0, "", ".status.phase"),
                new Column("Map", "string", "", 0, "", "{.spec.map}"),
                new Column("Absent", "string", "", 0, "", ".spec.absent"));
        JsonNode object = Trees.tree("""
                metadata: {name: a, labels: {example.com/owner: me}, creationTimestamp: 2026-01-10T11:00:00Z}
                spec: {size: 3, items: [x, y], map: {a: 1}}
                status: {phase: Up, seen: 2026-01-10T11:59:00Z, conditions: [{type: Other, status: "False"}, {type: Ready, status: "True"}]}
                """);

        assertThat(texts(row(custom(columns), object, IncludeObject.NONE).get("cells")))
                .containsExactly("a", "Up", "3", "True", "me", "y", "60s", "<invalid>", "{\"a\":1}", "null");
        assertThat(texts(row(custom(List.of()), object, IncludeObject.NONE).get("cells")))
                .containsExactly("a", "60m");
    }

    private static ResourceDefinition custom(List<Column> columns) {
        return new ResourceDefinition(
                "example.com",
                "Thing",
                "ThingList",
                "things",
                "thing",
                true,
                List.of(),
                List.of(),
                definition("ConfigMap").versions(),
                "v1",
                "/registry/example.com/things/",
                ResourceDefinition.ALL_VERBS,
                Map.of(),
                List.of(),
                columns,
                true);
    }

    @ParameterizedTest
    @CsvSource({
        "-5, <invalid>",
        "-1, 0s",
        "0, 0s",
        "119, 119s",
        "120, 2m",
        "125, 2m5s",
        "599, 9m59s",
        "600, 10m",
        "10799, 179m",
        "10800, 3h",
        "11100, 3h5m",
        "28800, 8h",
        "172799, 47h",
        "172800, 2d",
        "180000, 2d2h",
        "691200, 8d",
        "63071999, 729d",
        "63072000, 2y",
        "64800000, 2y20d",
        "252288000, 8y"
    })
    void writesDurationsForPeople(long seconds, String text) {
        // A second below zero is still now: clocks differ a little.
        assertThat(HumanDuration.of(Duration.ofSeconds(seconds))).isEqualTo(text);
    }
}
