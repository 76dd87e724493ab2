// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.simulation;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/** Since when things are as they are, for promises that must be kept within a time. */
final class Since {
    /** With when it was so first, if it was otherwise only within one instant since. */
    private record Entry(Object value, Instant from, Instant first) {}

    private final Simulation simulation;
    private final Map<String, Entry> entries = new HashMap<>();
    /** What was before, at an earlier instant. */
    private final Map<String, Entry> earlier = new HashMap<>();

    Since(Simulation simulation) {
        this.simulation = simulation;
    }

    /** Says how a thing is now. */
    void note(String thing, Object value) {
        Instant now = simulation.clock.instant();
        Entry last = entries.get(thing);
        if (last != null && last.value().equals(value)) {
            return;
        }
        if (last != null && !last.from().equals(now)) {
            earlier.put(thing, last);
        }
        Entry before = earlier.get(thing);
        boolean isBack = before != null && before.value().equals(value);
        entries.put(thing, new Entry(value, now, isBack ? before.first() : now));
    }

    /** As {@link #from}; a change that was taken back at once, which nobody need have seen, does not count. */
    Instant first(String thing, Object value) {
        Entry entry = entries.get(thing);
        return entry != null && entry.value().equals(value) ? entry.first() : simulation.clock.instant();
    }

    /** Since when a thing has been so; now if it is not. */
    Instant from(String thing, Object value) {
        Entry entry = entries.get(thing);
        return entry != null && entry.value().equals(value) ? entry.from() : simulation.clock.instant();
    }

    /** Whether a thing has been so for longer than a time in which nothing else went wrong. */
    boolean hasLasted(String thing, Object value, Duration time) {
        return hasPassed(from(thing, value), time);
    }

    /** Whether more than a time has passed in which nothing went wrong. */
    boolean hasPassed(Instant from, Duration time) {
        Instant start = from.isAfter(simulation.lastTrouble) ? from : simulation.lastTrouble;
        return simulation.clock.instant().isAfter(start.plus(time));
    }
}
