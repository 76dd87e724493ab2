// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.pod;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SlowStartTest {

    @Test
    void stopsAfterTheFirstBatchWithAFailure() throws InterruptedException {
        List<Integer> tried = new ArrayList<>();

        SlowStart.Outcome outcome = SlowStart.run(100, Runnable::run, i -> {
            tried.add(i);
            if (i == 4) {
                throw new IllegalStateException("quota");
            }
        });

        assertThat(tried).containsExactly(0, 1, 2, 3, 4, 5, 6);
        assertThat(outcome.succeeded()).isEqualTo(6);
        assertThat(outcome.failure()).isPresent();
    }

    @Test
    void runsAllWhenNothingFails() throws InterruptedException {
        assertThat(SlowStart.run(37, Runnable::run, i -> {}).succeeded()).isEqualTo(37);
    }
}
