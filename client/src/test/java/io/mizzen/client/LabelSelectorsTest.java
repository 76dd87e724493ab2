// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LabelSelectorsTest {

    @Test
    void matchesNothingWhenAbsentAndEverythingWhenEmpty() {
        assertThat(LabelSelectors.matches(null, Map.of("a", "b"))).isFalse();
        assertThat(LabelSelectors.matches(new LabelSelector(), null)).isTrue();
    }

    @Test
    void readsEachOperator() {
        assertThat(LabelSelectors.matches(requirement("In", "x", "y"), Map.of("k", "y")))
                .isTrue();
        assertThat(LabelSelectors.matches(requirement("In", "x"), Map.of())).isFalse();
        assertThat(LabelSelectors.matches(requirement("NotIn", "x"), Map.of())).isTrue();
        assertThat(LabelSelectors.matches(requirement("NotIn", "x"), Map.of("k", "x")))
                .isFalse();
        assertThat(LabelSelectors.matches(requirement("Exists"), Map.of("k", "")))
                .isTrue();
        assertThat(LabelSelectors.matches(requirement("DoesNotExist"), Map.of("k", "")))
                .isFalse();
    }

    @Test
    void refusesWhatIsNoOperatorOfLabels() {
        assertThatThrownBy(() -> LabelSelectors.matches(requirement("Gt", "1"), Map.of("k", "2")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("\"Gt\" is not a valid label selector operator");
    }

    private static LabelSelector requirement(String operator, String... values) {
        return new LabelSelectorBuilder()
                .addNewMatchExpression()
                .withKey("k")
                .withOperator(operator)
                .withValues(values)
                .endMatchExpression()
                .build();
    }
}
