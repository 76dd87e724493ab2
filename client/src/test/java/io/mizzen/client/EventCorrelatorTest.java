// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EventCorrelatorTest {

    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private final EventCorrelator correlator = new EventCorrelator();

    @Test
    void raisesTheCountOfARepeatedEvent() {
        var first = correlator.observe(event("pod", "same", START)).orElseThrow();
        correlator.stored(first.key(), "pod.1");
        var second =
                correlator.observe(event("pod", "same", START.plusSeconds(5))).orElseThrow();

        assertThat(first.existing()).isEmpty();
        assertThat(second.existing()).contains("pod.1");
        assertThat(second.count()).isEqualTo(2);
        assertThat(second.first()).isEqualTo(START);
    }

    @Test
    void combinesMoreThanTenSimilarOnes() {
        EventCorrelator.Decision last = null;
        for (int i = 0; i < 12; i++) {
            last = correlator
                    .observe(event("pod", "message " + i, START.plusSeconds(i)))
                    .orElseThrow();
            correlator.stored(last.key(), "pod." + i);
        }

        assertThat(last.message()).isEqualTo("(combined from similar events): message 11");
        assertThat(last.existing()).contains("pod.10");
    }

    @Test
    void cutsABurstAfterTwentyFiveAndLetsOneThroughInFiveMinutes() {
        for (int i = 0; i < 25; i++) {
            assertThat(correlator.observe(event("pod", "x", START))).isPresent();
        }
        assertThat(correlator.observe(event("pod", "x", START))).isEmpty();
        assertThat(correlator.observe(event("other", "x", START))).isPresent();

        Instant later = START.plus(Duration.ofSeconds(301));
        assertThat(correlator.observe(event("pod", "x", later))).isPresent();
        assertThat(correlator.observe(event("pod", "x", later))).isEqualTo(Optional.empty());
    }

    private static EventCorrelator.Observed event(String object, String message, Instant at) {
        ObjectReference reference = new ObjectReferenceBuilder()
                .withKind("Pod")
                .withNamespace("default")
                .withName(object)
                .build();
        return new EventCorrelator.Observed(reference, "Warning", "BackOff", message, at);
    }
}
