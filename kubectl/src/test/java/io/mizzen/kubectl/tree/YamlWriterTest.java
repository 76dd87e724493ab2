// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class YamlWriterTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "+1|\"+1\"",
                ".5|\".5\"",
                "1:20|\"1:20\"",
                "2001-01-01|\"2001-01-01\"",
                "a: b|'a: b'",
                "#x|'#x'",
                "x'y|x'y",
                "\"q\"|'\"q\"'",
                "- a|'- a'",
                "1e3|\"1e3\"",
                "0x1f|\"0x1f\"",
                "~|\"~\"",
                "null|\"null\"",
                "*a|'*a'",
                "yes|\"yes\"",
                "a,b [c]|a,b [c]",
                "{a}|'{a}'",
                "0o17|\"0o17\"",
                "1_000|\"1_000\"",
                "=|=",
                "@a|'@a'",
                "-|'-'",
                "a:|'a:'",
                "%a|'%a'",
                "é ü|é ü",
            })
    void quotesOnlyWhatAReaderWouldTakeForSomethingElse(String value, String written) {
        ObjectNode object = Json.object();
        object.put("k", value);

        assertThat(YamlWriter.write(object)).isEqualTo("k: " + written + "\n");
        assertThat(Yaml.parse(YamlWriter.write(object))).isEqualTo(object);
    }

    @org.junit.jupiter.api.Test
    void writesTextOfSeveralLinesAsBlock() {
        ObjectNode object = Json.object();
        object.put("d", "a\nb\n")
                .put("e", "a\nb")
                .put("v", "a \nb")
                .put("w", "\n\na\n\n")
                .put("z", " lead\nb");

        assertThat(YamlWriter.write(object))
                .isEqualTo("d: |\n  a\n  b\ne: |-\n  a\n  b\nv: \"a \\nb\"\nw: |2+\n\n\n  a\n\nz: |2-\n   lead\n  b\n");
    }

    @org.junit.jupiter.api.Test
    void sortsKeysWithDigitsByTheirValue() {
        ObjectNode object = Json.object();
        object.put("a10", 1).put("a2", 1).put("a", 1).put("B", 1).put("n", 1);

        assertThat(YamlWriter.write(object)).isEqualTo("B: 1\na: 1\na2: 1\na10: 1\n\"n\": 1\n");
    }

    @org.junit.jupiter.api.Test
    void refusesAKeyTwiceAndAnAnchorInsideItself() {
        assertThatThrownBy(() -> Yaml.parse("a: 1\na: 2\n")).hasMessageContaining("key \"a\" already set in map");
        assertThatThrownBy(() -> Yaml.parse("a: &x [*x]\n")).isInstanceOf(Yaml.Malformed.class);
    }

    @org.junit.jupiter.api.Test
    void followsAliasesAndMergeKeysAndReadsYaml11() {
        var tree = Yaml.parse("x: &x {a: 0644, b: on}\nz:\n  <<: *x\n  b: ~\non: 2001-01-01\n");

        assertThat(Json.compact(tree))
                .isEqualTo("{\"true\":\"2001-01-01\",\"x\":{\"a\":420,\"b\":true},\"z\":{\"a\":420,\"b\":null}}");
    }
}
