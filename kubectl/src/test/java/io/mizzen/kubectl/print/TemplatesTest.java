// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.print;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.tree.Yaml;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TemplatesTest {
    private static final JsonNode OBJECT =
            Yaml.parse("metadata: {name: web, labels: {app: web, tier: x}}\nspec:\n  replicas: 2\n"
                    + "  containers:\n  - {name: a, image: i1}\n  - {name: b, image: i2}\n");

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{.metadata.name}|web",
                "{.spec.containers[*].name}|a b",
                "{.spec.containers[-1:].name}|b",
                "{.spec.containers[0,1].image}|i1 i2",
                "{..image}|i1 i2",
                "{.spec.containers[?(@.name==\"b\")].image}|i2",
                "{.spec['replicas']}|2",
                "{.metadata.labels}|{\"app\":\"web\",\"tier\":\"x\"}",
                "{range .spec.containers[*]}{.name}={.image};{end}|a=i1;b=i2;",
                "{.metadata.labels.nope}|``",
                "n={.metadata.name}{\"\\t\"}r={.spec.replicas}|`n=web\tr=2`",
            })
    void fillsJsonPath(String template, String filled) {
        assertThat(JsonPath.parse(template).fill(OBJECT, true)).isEqualTo(filled);
    }

    @Test
    void complainsAboutAMissingFieldWhenAsked() {
        assertThatThrownBy(() -> JsonPath.parse("{.nope}").fill(OBJECT, false))
                .hasMessageContaining("nope is not found");
        assertThatThrownBy(() -> JsonPath.parse("{.x")).hasMessageContaining("unclosed action");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{{.metadata.name}} {{.nope}}|web <no value>",
                "{{range .spec.containers}}{{.name}},{{end}}|a,b,",
                "{{range $k, $v := .metadata.labels}}{{$k}}={{$v}} {{end}}|`app=web tier=x `",
                "{{if eq .spec.replicas 2}}two{{else}}other{{end}}|two",
                "{{with .spec.paused}}p{{else if .spec.replicas}}r{{end}}|r",
                "{{.metadata.labels}}|map[app:web tier:x]",
                "{{index .metadata.labels \"app\"}} {{len .spec.containers}}|web 2",
                "{{printf \"%03d-%s\" .spec.replicas \"x\"}}|002-x",
                "{{- .metadata.name -}} x|webx",
            })
    void fillsGoTemplates(String template, String filled) {
        String source = template.contains("|") ? template : template;

        assertThat(GoTemplate.parse(source).fill(OBJECT)).isEqualTo(filled);
    }

    @Test
    void printsCustomColumnsAligned() {
        TabWriter writer = TabWriter.forTables();

        CustomColumns.parse("N:.metadata.name,C:.spec.containers[*].name,X:.nope", false)
                .print(OBJECT, writer);

        assertThat(writer.flush()).isEqualTo("N     C     X\nweb   a,b   <none>\n");
    }

    @Test
    void alignsOnlyNeighbouringLinesThatHaveTheColumn() {
        String aligned = TabWriter.forDescriptions()
                .write("Name:\tx\nLonger name:\ty\nalone\nA:\tb\n")
                .flush();

        assertThat(aligned).isEqualTo("Name:         x\nLonger name:  y\nalone\nA:  b\n");
    }

    @Test
    void remembersWidthsOfEarlierFlushes() {
        TabWriter writer = TabWriter.forTables();

        assertThat(writer.write("LONGERNAME\tB\n").flush()).isEqualTo("LONGERNAME   B\n");
        assertThat(writer.write("a\tb\n").flush()).isEqualTo("a            b\n");
    }
}
