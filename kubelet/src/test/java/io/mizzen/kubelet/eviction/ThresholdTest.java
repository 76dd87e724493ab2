// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.eviction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ThresholdTest {
    @Test
    void readsQuantitiesAndPercentages() {
        assertThat(Threshold.parse(Threshold.DEFAULTS)).hasSize(5);
        assertThat(Threshold.parse("memory.available<100Mi").getFirst().least(1L << 40))
                .isEqualTo(100L << 20);
        assertThat(Threshold.parse("nodefs.available<12.5%").getFirst().least(1000))
                .isEqualTo(125);
        assertThat(Threshold.parse("")).isEmpty();
        assertThat(Threshold.parse("nodefs.available<0%,memory.available<100%"))
                .as("both switch the signal off")
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "memory.available",
                "memory.available>1Gi",
                "disk.available<1Gi",
                "memory.available<-1",
                "memory.available<0",
                "memory.available<101%",
                "memory.available<x%",
                "memory.available<lots",
                "memory.available<1,memory.available<2"
            })
    void refusesWhatMakesNoSense(String text) {
        assertThatThrownBy(() -> Threshold.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }
}
