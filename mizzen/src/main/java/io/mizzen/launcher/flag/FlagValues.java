// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.flag;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The values of a command's flags, each given or by default. Immutable. */
public final class FlagValues {
    private static final Pattern DURATION =
            Pattern.compile("(?:0|(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,9})s)?)");
    private static final int LARGEST_PORT = 65_535;

    private final Map<String, String> values;

    FlagValues(Map<String, String> values) {
        this.values = Map.copyOf(values);
    }

    /** The value as it was given. */
    public String text(String name) {
        String value = values.get(name);
        if (value == null) {
            throw new IllegalArgumentException("not a flag of this command: " + name);
        }
        return value;
    }

    /** Whether the value is not empty. */
    public boolean isGiven(String name) {
        return !text(name).isEmpty();
    }

    /** A flag that is on or off. */
    public boolean isOn(String name) {
        return text(name).equals("true");
    }

    /** The parts of a value between commas, without empty ones. */
    public List<String> list(String name) {
        return Stream.of(text(name).split(","))
                .map(String::strip)
                .filter(part -> !part.isEmpty())
                .toList();
    }

    /**
     * An absolute path.
     *
     * @throws FlagException when it is empty or no path
     */
    public Path path(String name) {
        try {
            if (isGiven(name)) {
                return Path.of(text(name)).toAbsolutePath().normalize();
            }
        } catch (InvalidPathException e) {
            throw new FlagException("flag --" + name + ": " + e.getMessage());
        }
        throw new FlagException("flag --" + name + " must not be empty");
    }

    /**
     * A TCP port.
     *
     * @throws FlagException when it is none
     */
    public int port(String name) {
        return number(name, 1, LARGEST_PORT);
    }

    /**
     * A time such as {@code 40s}, {@code 24h} or {@code 1h30m}; {@code 0} is none.
     *
     * @throws FlagException when it is none
     */
    public Duration duration(String name) {
        Matcher parts = DURATION.matcher(text(name));
        if (!parts.matches() || text(name).isEmpty()) {
            throw new FlagException(
                    "flag --" + name + " must be a time such as 40s or 24h, not \"" + text(name) + "\"");
        }
        return Duration.ofHours(amount(parts.group(1)))
                .plusMinutes(amount(parts.group(2)))
                .plusSeconds(amount(parts.group(3)));
    }

    private static long amount(@Nullable String digits) {
        return digits == null ? 0 : Long.parseLong(digits);
    }

    /**
     * A whole number.
     *
     * @throws FlagException when it is none, or out of range
     */
    public int number(String name, int least, int most) {
        try {
            int number = Integer.parseInt(text(name));
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Falls through: the message is the same for what is no number and what is out of range.
        }
        throw new FlagException(
                "flag --" + name + " must be a number from " + least + " to " + most + ", not \"" + text(name) + "\"");
    }
}
