// SPDX-License-Identifier: Apache-2.0
package io.mizzen.testing.clock;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicReference;

/** A clock that starts at the beginning of 2026 and stands still until it is moved. Thread-safe. */
public final class VirtualClock implements InstantSource {

    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));

    @Override
    public Instant instant() {
        return now.get();
    }

    /** Moves the clock forward. */
    public void advance(Duration by) {
        if (by.isNegative()) {
            throw new IllegalArgumentException("time does not go back");
        }
        now.updateAndGet(instant -> instant.plus(by));
    }

    /** Moves the clock to a time, if that is still to come. */
    public void advanceTo(Instant time) {
        now.updateAndGet(instant -> time.isAfter(instant) ? time : instant);
    }
}
