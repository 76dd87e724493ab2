// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.status;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Times in the form of the API. Pure. */
public final class Times {
    private Times() {}

    /** RFC 3339 with seconds, as metav1.Time. */
    public static String format(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    /** RFC 3339 with microseconds, as metav1.MicroTime. */
    public static String formatMicro(Instant time) {
        return DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'")
                .withZone(ZoneOffset.UTC)
                .format(time);
    }

    /** Reads either form; empty for none. */
    public static Optional<Instant> parse(@Nullable String time) {
        if (time == null || time.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(OffsetDateTime.parse(time).toInstant());
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }
}
