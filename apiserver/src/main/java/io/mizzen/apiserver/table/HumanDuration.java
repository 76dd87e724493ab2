// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.table;

import java.time.Duration;
import java.time.Instant;

/** Durations as a person reads them, with at most two units ({@code k8s.io/apimachinery/pkg/util/duration}). */
final class HumanDuration {
    private static final long MINUTE = 60;
    private static final long HOUR = 60 * MINUTE;
    private static final long DAY = 24 * HOUR;
    private static final long YEAR = 365 * DAY;

    private HumanDuration() {}

    /** The time from {@code then} until {@code now}. */
    static String between(Instant then, Instant now) {
        return of(Duration.between(then, now));
    }

    static String of(Duration duration) {
        // Seconds are cut towards zero, so that a clock a little ahead still reads as now.
        long seconds = duration.isNegative() ? -duration.negated().toSeconds() : duration.toSeconds();
        if (seconds < -1) {
            return "<invalid>";
        }
        if (seconds < 0) {
            return "0s";
        }
        if (seconds < 2 * MINUTE) {
            return seconds + "s";
        }
        if (seconds < 10 * MINUTE) {
            return two(seconds, MINUTE, "m", 1, "s");
        }
        if (seconds < 3 * HOUR) {
            return seconds / MINUTE + "m";
        }
        if (seconds < 8 * HOUR) {
            return two(seconds, HOUR, "h", MINUTE, "m");
        }
        if (seconds < 48 * HOUR) {
            return seconds / HOUR + "h";
        }
        if (seconds < 8 * DAY) {
            return two(seconds, DAY, "d", HOUR, "h");
        }
        if (seconds < 2 * YEAR) {
            return seconds / DAY + "d";
        }
        if (seconds < 8 * YEAR) {
            return two(seconds, YEAR, "y", DAY, "d");
        }
        return seconds / YEAR + "y";
    }

    private static String two(long seconds, long large, String largeName, long small, String smallName) {
        long rest = seconds % large / small;
        String text = seconds / large + largeName;
        return rest == 0 ? text : text + rest + smallName;
    }
}
