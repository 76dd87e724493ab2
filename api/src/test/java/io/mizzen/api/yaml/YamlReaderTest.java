// SPDX-License-Identifier: Apache-2.0
package io.mizzen.api.yaml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.api.yaml.YamlReader.YamlSyntaxException;
import org.junit.jupiter.api.Test;

class YamlReaderTest {
    private static final int LIMIT = 3 << 20;

    @Test
    void readsYamlAsKubernetesDoes() {
        JsonNode node = YamlReader.readAll("""
                        mode: 0644
                        day: 2001-01-01
                        on: yes
                        nothing: ~
                        base: &b {x: 1}
                        copy: {<<: *b, y: 2}
                        """, LIMIT).getFirst();

        assertThat(node.toString())
                .isEqualTo("{\"mode\":420,\"day\":\"2001-01-01\",\"true\":true,\"nothing\":null,"
                        + "\"base\":{\"x\":1},\"copy\":{\"x\":1,\"y\":2}}");
    }

    @Test
    void splitsDocumentsAndDropsEmptyOnes() {
        assertThat(YamlReader.readAll("---\na: 1\n---\n# nothing\n---\nb: 2\n", LIMIT))
                .hasSize(2);
    }

    @Test
    void refusesDuplicateKeysWithTheLine() {
        assertThatThrownBy(() -> YamlReader.readAll("a: 1\na: 2\n", LIMIT))
                .isInstanceOf(YamlSyntaxException.class)
                .hasMessageContaining("duplicate key a");
    }

    @Test
    void refusesAnAliasBomb() {
        StringBuilder bomb = new StringBuilder("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for (int i = 1; i < 10; i++) {
            bomb.append("a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n"
                    .formatted(i, i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1));
        }

        assertThatThrownBy(() -> YamlReader.readAll(bomb.toString(), LIMIT)).isInstanceOf(YamlSyntaxException.class);
    }

    @Test
    void refusesABrokenDocumentInOneLine() {
        assertThatThrownBy(() -> YamlReader.readAll("a: [1\nb: 2\n", LIMIT))
                .isInstanceOf(YamlSyntaxException.class)
                .hasMessageStartingWith("yaml: line ")
                .message()
                .doesNotContain("\n");
    }
}
