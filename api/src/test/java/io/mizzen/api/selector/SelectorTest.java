// SPDX-License-Identifier: Apache-2.0
package io.mizzen.api.selector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SelectorTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a=b | true",
                "a==b | true",
                "a!=b | false",
                "a in (b,c) | true",
                "a notin (b) | false",
                "a | true",
                "!a | false",
                "missing!=x | true",
                "missing notin (x) | true",
                "n>4 | true",
                "n<4 | false",
                "a=b,n=5 | true",
                "a=b,!n | false",
                "'' | true"
            })
    void matchesAsUpstream(String text, boolean matches) {
        assertThat(LabelSelector.parse(text).matches(Map.of("a", "b", "n", "5")))
                .isEqualTo(matches);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"a=b,", "=b", "a in b", "a=b c", "-bad=1", "a=b/c"})
    void refusesMalformedLabelSelectors(String text) {
        assertThatThrownBy(() -> LabelSelector.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void writesSortedText() {
        assertThat(LabelSelector.parse("z=1, b in (y,x), !c")).hasToString("b in (x,y),!c,z=1");
    }

    @Test
    void comparesAbsentFieldsAsEmpty() {
        FieldSelector selector = FieldSelector.parse("spec.nodeName=,status.phase!=Running");

        assertThat(selector.matches(Map.of("status.phase", "Pending"))).isTrue();
        assertThat(selector.matches(Map.of("spec.nodeName", "a"))).isFalse();
        assertThatThrownBy(() -> FieldSelector.parse("nonsense")).hasMessageContaining("can't understand");
    }
}
