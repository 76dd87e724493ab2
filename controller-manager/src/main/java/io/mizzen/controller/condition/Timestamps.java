// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.condition;

import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Kubernetes' times: RFC 3339 in UTC, to the second. */
public final class Timestamps {

    private Timestamps() {}

    /** The text of an instant. */
    public static String text(Instant instant) {
        return instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    /** The instant of a text; empty when absent or malformed. */
    public static Optional<Instant> parse(@Nullable String text) {
        if (text == null || text.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(Instant.parse(text));
        } catch (DateTimeParseException notUtc) {
            try {
                return Optional.of(java.time.OffsetDateTime.parse(text).toInstant());
            } catch (DateTimeParseException malformed) {
                return Optional.empty();
            }
        }
    }

    /** How long ago a time was; zero when absent or in the future. */
    public static Duration since(@Nullable String text, Instant now) {
        return parse(text)
                .map(then -> Duration.between(then, now))
                .filter(age -> !age.isNegative())
                .orElse(Duration.ZERO);
    }
}
