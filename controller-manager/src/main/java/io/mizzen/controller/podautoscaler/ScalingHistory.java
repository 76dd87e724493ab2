// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.podautoscaler;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * What an autoscaler remembers: recommendations, for stabilisation, and changes of size, for rates. Immutable; lost with the
 * process, after which it begins anew.
 *
 * @param recommendations sizes that were asked for, oldest first
 * @param ups how many replicas were added
 * @param downs how many were taken away
 */
record ScalingHistory(List<Entry> recommendations, List<Entry> ups, List<Entry> downs) {
    /** Nothing has happened. */
    static final ScalingHistory EMPTY = new ScalingHistory(List.of(), List.of(), List.of());

    /** A number at a time. */
    record Entry(Instant time, int value) {}

    ScalingHistory {
        recommendations = List.copyOf(recommendations);
        ups = List.copyOf(ups);
        downs = List.copyOf(downs);
    }

    /** With the present size as the first recommendation, where there is none. */
    ScalingHistory begun(int replicas, Instant now) {
        return recommendations.isEmpty() ? new ScalingHistory(List.of(new Entry(now, replicas)), ups, downs) : this;
    }

    /** With a recommendation; those older than {@code keep} go. */
    ScalingHistory recommended(int replicas, Instant now, Duration keep) {
        return new ScalingHistory(added(recommendations, replicas, now, keep), ups, downs);
    }

    /** With a change of size; those older than {@code keep} go. */
    ScalingHistory resized(int before, int after, Instant now, Duration keep) {
        return after > before
                ? new ScalingHistory(recommendations, added(ups, after - before, now, keep), downs)
                : new ScalingHistory(recommendations, ups, added(downs, before - after, now, keep));
    }

    private static List<Entry> added(List<Entry> entries, int value, Instant now, Duration keep) {
        Instant oldest = now.minus(keep);
        List<Entry> kept = new ArrayList<>();
        entries.stream().filter(entry -> !entry.time().isBefore(oldest)).forEach(kept::add);
        kept.add(new Entry(now, value));
        return kept;
    }

    /** The sum of what happened within a period. */
    static int within(List<Entry> entries, Duration period, Instant now) {
        Instant begin = now.minus(period);
        return entries.stream()
                .filter(entry -> entry.time().isAfter(begin))
                .mapToInt(Entry::value)
                .sum();
    }
}
