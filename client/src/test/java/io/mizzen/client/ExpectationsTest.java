// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
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
    void handlerNotesACreationAndWakesEveryoneConcerned() {
        WorkQueue<String> queue = new WorkQueue<>("owners", RateLimits.standard(), clock, new SimpleMeterRegistry());
        ChangeHandler<Optional<String>> handler = expectations.handler(owner -> owner, queue);
        expectations.expectCreations("rs", 1);

        handler.updated(Optional.of("former"), Optional.of("rs"));
        handler.deleted(Optional.of("other"));
        handler.added(Optional.empty());
        assertThat(expectations.satisfied("rs")).isFalse();
        assertThat(List.of(queue.poll(), queue.poll(), queue.poll(), queue.poll()))
                .containsExactly(Optional.of("former"), Optional.of("rs"), Optional.of("other"), Optional.empty());

        handler.added(Optional.of("rs"));
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
