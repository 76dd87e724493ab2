// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.endpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WarningHeadersTest {

    @Test
    void tellsEachTextOnceAndQuoted() {
        assertThat(WarningHeaders.of(List.of("say \"a\\b\"", "again", "again")))
                .containsExactly("299 - \"say \\\"a\\\\b\\\"\"", "299 - \"again\"");
    }

    @Test
    void leavesOutWhatNoHeaderCanHold() {
        assertThat(WarningHeaders.of(List.of("two\r\nlines", "one"))).containsExactly("299 - \"one\"");
    }

    @Test
    void cutsWhenThereIsTooMuch() {
        List<String> many = IntStream.range(0, 100)
                .mapToObj(i -> i + " " + "x".repeat(1000))
                .toList();

        List<String> values = WarningHeaders.of(many);

        assertThat(values).hasSize(16).allMatch(value -> value.length() == 256 + "299 - \"\"".length());
    }
}
