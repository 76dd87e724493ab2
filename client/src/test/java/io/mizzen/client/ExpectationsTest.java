// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExpectationsTest {

    private final ManualClock clock = new ManualClock();
    private final Expectations<String> expectations = new Expectations<>(clock);

    @Test
    void areSatisfiedWhenEveryCreationWasSeen() {
        expectations.expectCreations("rs", 2);
        assertThat(expectations.satisfied("rs")).isFalse();

        expectations.creationObserved("rs");
        assertThat(expectations.satisfied("rs")).isFalse();
        expectations.creationObserved("rs");
        assertThat(expectations.satisfied("rs")).isTrue();
    }

    @Test
    void countADeletionSeenTwiceOnce() {
        expectations.expectDeletions("rs", List.of("uid-1", "uid-2"));

        expectations.deletionObserved("rs", "uid-1");
        expectations.deletionObserved("rs", "uid-1");
        assertThat(expectations.satisfied("rs")).isFalse();
        expectations.deletionObserved("rs", "uid-2");
        assertThat(expectations.satisfied("rs")).isTrue();
    }

    @Test
    void areForgottenAfterFiveMinutes() {
        expectations.expectCreations("rs", 1);

        clock.advance(Duration.ofMinutes(5));
        assertThat(expectations.satisfied("rs")).isFalse();
        clock.advance(Duration.ofMillis(1));
        assertThat(expectations.satisfied("rs")).isTrue();
    }

    @Test
    void areSatisfiedForAnUnknownKey() {
        assertThat(expectations.satisfied("never seen")).isTrue();
    }
}
