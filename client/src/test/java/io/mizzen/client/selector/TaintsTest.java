// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client.selector;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.Toleration;
import java.util.List;
import org.junit.jupiter.api.Test;

class TaintsTest {

    private static final Taint TAINT = new Taint("NoSchedule", "k", null, "v");

    @Test
    void existsCoversEveryValue() {
        assertThat(Taints.covers(toleration("k", "Exists", null, "NoSchedule"), TAINT))
                .isTrue();
        assertThat(Taints.covers(toleration("k", "Exists", null, null), TAINT)).isTrue();
        assertThat(Taints.covers(toleration("other", "Exists", null, null), TAINT))
                .isFalse();
        assertThat(Taints.covers(toleration("k", "Exists", null, "NoExecute"), TAINT))
                .isFalse();
    }

    @Test
    void withoutAKeyOnlyExistsCovers() {
        assertThat(Taints.covers(toleration(null, "Exists", null, null), TAINT)).isTrue();
        assertThat(Taints.covers(toleration("", "Equal", "v", null), TAINT)).isFalse();
    }

    @Test
    void equalComparesTheValueAndIsTheDefault() {
        assertThat(Taints.covers(toleration("k", "Equal", "v", ""), TAINT)).isTrue();
        assertThat(Taints.covers(toleration("k", null, "v", null), TAINT)).isTrue();
        assertThat(Taints.covers(toleration("k", null, "w", null), TAINT)).isFalse();
        assertThat(Taints.covers(toleration("k", "Equal", null, null), new Taint("NoSchedule", "k", null, "")))
                .as("no value and an empty one are the same")
                .isTrue();
    }

    @Test
    void findsTheFirstTaintOfTheEffectsThatNothingCovers() {
        Taint soft = new Taint("PreferNoSchedule", "s", null, null);
        Taint evicting = new Taint("NoExecute", "e", null, null);
        List<Toleration> tolerations = List.of(toleration("k", "Exists", null, null));

        assertThat(Taints.firstUntolerated(List.of(TAINT, soft, evicting), tolerations, Taints.HARD))
                .isEqualTo(evicting);
        assertThat(Taints.firstUntolerated(List.of(TAINT, soft), tolerations, Taints.HARD))
                .isNull();
        assertThat(Taints.firstUntolerated(List.of(TAINT, soft), List.of(), Taints.SOFT))
                .isEqualTo(soft);
    }

    private static Toleration toleration(String key, String operator, String value, String effect) {
        return new Toleration(effect, key, operator, null, value);
    }
}
