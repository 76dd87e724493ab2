// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.schema;

import static io.mizzen.apiserver.schema.Trees.tree;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mizzen.apiserver.schema.StrictJson.JsonSyntaxException;
import io.mizzen.apiserver.schema.StrictJson.Parsed;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StrictJsonTest {

    @Test
    void readsATreeAndReportsDuplicateFields() {
        Parsed parsed = StrictJson.parse(
                "{\"spec\":{\"replicas\":1,\"replicas\":2,\"list\":[{\"a\":1},{\"a\":1,\"a\":2,\"a\":3}]},\"kind\":\"X\"}");

        assertThat(parsed.value())
                .isEqualTo(StrictJson.parse("{\"spec\":{\"replicas\":2,\"list\":[{\"a\":1},{\"a\":3}]},\"kind\":\"X\"}")
                        .value());
        assertThat(parsed.duplicateFields()).containsExactly("spec.replicas", "spec.list[1].a");
    }

    @Test
    void readsAllScalars() {
        Parsed parsed = StrictJson.parse(" [1, -2, 9223372036854775807, 1.5, 1e3, true, false, null, \"a\\u00e9\\n\"] "
                .getBytes(StandardCharsets.UTF_8));

        assertThat(parsed.value().toString())
                .isEqualTo("[1,-2,9223372036854775807,1.5,1000.0,true,false,null,\"aé\\n\"]");
        assertThat(parsed.value().get(0)).isEqualTo(tree("1"));
    }

    @Test
    void replacesMalformedUtf8() {
        byte[] json = {'"', (byte) 0xff, '"'};

        assertThat(StrictJson.parse(json).value().textValue()).isEqualTo("\ufffd");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "`` ~ unexpected end of JSON input",
                "{ ~ unexpected end of JSON input",
                "{\"a\":1 ~ unexpected end of JSON input",
                "hello ~ invalid character 'h' looking for beginning of value",
                "{\"a\":1}} ~ invalid character '}' after top-level value",
                "{a:1} ~ invalid character 'a' looking for beginning of object key string",
                "{\"a\" 1} ~ invalid character '1' after object key",
                "{\"a\":1 \"b\":2} ~ invalid character '\"' after object key:value pair",
                "[1 2] ~ invalid character '2' after array element",
                "{\"a\":tru} ~ invalid character '}' in literal true (expecting 'e')",
                "{\"a\":1,} ~ invalid character '}' looking for beginning of object key string",
                "[1,] ~ invalid character ']' looking for beginning of value",
                "{\"a\":\"\\x\"} ~ invalid character 'x' in string escape code",
                "{\"a\":\"\\u12g4\"} ~ invalid character 'g' in \\u hexadecimal character escape",
                "{\"a\":-} ~ invalid character '}' in numeric literal",
                "{\"a\":1.x} ~ invalid character 'x' after decimal point in numeric literal",
                "{\"a\":01} ~ invalid character '1' after object key:value pair",
                "<html> ~ invalid character '<' looking for beginning of value",
            })
    void describesMalformedJsonInGoWords(String json, String message) {
        assertThatThrownBy(() -> StrictJson.parse(json == null ? "" : json))
                .isInstanceOf(JsonSyntaxException.class)
                .hasMessage(message);
    }

    @Test
    void boundsDepth() {
        assertThatThrownBy(() -> StrictJson.parse("[".repeat(100_000)))
                .isInstanceOf(JsonSyntaxException.class)
                .hasMessage("exceeded max depth");
    }

    @Test
    void showsControlCharactersEscaped() {
        assertThatThrownBy(() -> StrictJson.parse("\"a\nb\"")).hasMessage("invalid character '\\n' in string literal");
    }
}
