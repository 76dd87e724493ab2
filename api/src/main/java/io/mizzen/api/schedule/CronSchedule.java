// SPDX-License-Identifier: Apache-2.0
package io.mizzen.api.schedule;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A schedule of five fields (minute, hour, day of month, month, day of week), one of the words {@code @hourly},
 * {@code @daily}, {@code @midnight}, {@code @weekly}, {@code @monthly}, {@code @yearly}, {@code @annually}, or
 * {@code @every} with a duration. As upstream's, when both day fields are restricted a day that satisfies either counts;
 * a star with a step above one restricts; {@code ?} means {@code *}; Sunday is 0 only. A local time that a change of the
 * clocks skips does not happen; one that happens twice counts once.
 */
public final class CronSchedule {

    private static final Map<String, String> WORDS = Map.of(
            "@hourly", "0 * * * *",
            "@daily", "0 0 * * *",
            "@midnight", "0 0 * * *",
            "@weekly", "0 0 * * 0",
            "@monthly", "0 0 1 * *",
            "@yearly", "0 0 1 1 *",
            "@annually", "0 0 1 1 *");
    private static final String EVERY = "@every ";
    private static final Pattern DURATION_PART = Pattern.compile("([0-9]{1,9}(?:\\.[0-9]{1,9})?)(ns|us|µs|ms|s|m|h)");
    private static final List<String> MONTHS =
            List.of("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec");
    private static final List<String> DAYS = List.of("sun", "mon", "tue", "wed", "thu", "fri", "sat");
    private static final int HORIZON_DAYS = 366 * 5;

    private final Optional<Duration> every;
    private final Field minutes;
    private final Field hours;
    private final Field daysOfMonth;
    private final Field months;
    private final Field daysOfWeek;

    /** The values of one field; a star says that every value counts. */
    private record Field(BitSet values, boolean isStar) {
        boolean has(int value) {
            return values.get(value);
        }
    }

    /**
     * Reads a schedule.
     *
     * @throws IllegalArgumentException saying what is wrong in upstream's words
     */
    public CronSchedule(String text) {
        every = text.startsWith(EVERY) ? Optional.of(interval(text)) : Optional.empty();
        String plain = every.isPresent() ? "* * * * *" : WORDS.getOrDefault(text, text);
        if (plain.isEmpty()) {
            throw new IllegalArgumentException("empty spec string");
        }
        if (plain.startsWith("@")) {
            throw new IllegalArgumentException("unrecognized descriptor: " + text);
        }
        String stripped = plain.strip();
        String[] fields = stripped.isEmpty() ? new String[0] : stripped.split("\\s+");
        if (fields.length != 5) {
            throw new IllegalArgumentException("expected exactly 5 fields, found " + fields.length + ": ["
                    + String.join(" ", Arrays.asList(fields)) + "]");
        }
        minutes = field(fields[0], 0, 59, List.of());
        hours = field(fields[1], 0, 23, List.of());
        daysOfMonth = field(fields[2], 1, 31, List.of());
        months = field(fields[3], 1, 12, MONTHS);
        daysOfWeek = field(fields[4], 0, 6, DAYS);
    }

    /** The first time after {@code after}; empty when there is none in five years, as for February 30. */
    public Optional<Instant> next(Instant after, ZoneId zone) {
        if (every.isPresent()) {
            return Optional.of(after.truncatedTo(ChronoUnit.SECONDS).plus(every.get()));
        }
        ZonedDateTime time = after.atZone(zone).truncatedTo(ChronoUnit.MINUTES).plusMinutes(1);
        ZonedDateTime end = time.plusDays(HORIZON_DAYS);
        while (time.isBefore(end)) {
            if (!months.has(time.getMonthValue())) {
                time = time.truncatedTo(ChronoUnit.DAYS).withDayOfMonth(1).plusMonths(1);
            } else if (!matchesDay(time)) {
                time = time.truncatedTo(ChronoUnit.DAYS).plusDays(1);
            } else if (!hours.has(time.getHour())) {
                time = time.truncatedTo(ChronoUnit.HOURS).plusHours(1);
            } else if (!minutes.has(time.getMinute()) || isRepeated(time)) {
                time = time.plusMinutes(1);
            } else {
                return Optional.of(time.toInstant());
            }
        }
        return Optional.empty();
    }

    private static boolean isRepeated(ZonedDateTime time) {
        return !time.equals(time.withEarlierOffsetAtOverlap());
    }

    private boolean matchesDay(ZonedDateTime time) {
        boolean ofMonth = daysOfMonth.has(time.getDayOfMonth());
        boolean ofWeek = daysOfWeek.has(time.getDayOfWeek().getValue() % 7);
        return daysOfMonth.isStar() || daysOfWeek.isStar() ? ofMonth && ofWeek : ofMonth || ofWeek;
    }

    /** Whole seconds, at least one. */
    private static Duration interval(String text) {
        String given = text.substring(EVERY.length());
        Matcher part = DURATION_PART.matcher(given);
        double seconds = 0;
        int end = 0;
        while (part.find() && part.start() == end) {
            seconds += Double.parseDouble(part.group(1))
                    * switch (part.group(2)) {
                        case "h" -> 3600.0;
                        case "m" -> 60.0;
                        case "s" -> 1.0;
                        case "ms" -> 1e-3;
                        case "ns" -> 1e-9;
                        default -> 1e-6;
                    };
            end = part.end();
        }
        if (given.isEmpty() || end != given.length()) {
            throw new IllegalArgumentException("failed to parse duration " + text + ": time: invalid duration \""
                    + given.replace("\"", "\\\"") + "\"");
        }
        return Duration.ofSeconds(Math.max(1, (long) seconds));
    }

    private static Field field(String text, int min, int max, List<String> names) {
        BitSet set = new BitSet();
        boolean isStar = false;
        for (String part : text.split(",")) {
            if (!part.isEmpty()) {
                isStar |= range(part, min, max, names, set);
            }
        }
        return new Field(set, isStar);
    }

    /** Adds the values of one range; answers whether it is a star. */
    private static boolean range(String part, int min, int max, List<String> names, BitSet set) {
        String[] halves = part.split("/", -1);
        String[] ends = halves[0].split("-", -1);
        boolean isStar = ends[0].equals("*") || ends[0].equals("?");
        int first = isStar ? min : number(ends[0], names, min);
        int last = isStar ? max : first;
        if (!isStar && ends.length == 2) {
            last = number(ends[1], names, min);
        } else if (!isStar && ends.length > 2) {
            throw new IllegalArgumentException("too many hyphens: " + part);
        }
        if (halves.length > 2) {
            throw new IllegalArgumentException("too many slashes: " + part);
        }
        int step = halves.length == 2 ? number(halves[1], List.of(), 0) : 1;
        if (halves.length == 2 && ends.length == 1) {
            last = max;
        }
        if (first < min) {
            throw new IllegalArgumentException(
                    "beginning of range (" + first + ") below minimum (" + min + "): " + part);
        }
        if (last > max) {
            throw new IllegalArgumentException("end of range (" + last + ") above maximum (" + max + "): " + part);
        }
        if (first > last) {
            throw new IllegalArgumentException(
                    "beginning of range (" + first + ") beyond end of range (" + last + "): " + part);
        }
        if (step == 0) {
            throw new IllegalArgumentException("step of range should be a positive number: " + part);
        }
        for (int value = first; value <= last; value += step) {
            set.set(value);
        }
        return isStar && step == 1;
    }

    private static int number(String text, List<String> names, int base) {
        int named = names.indexOf(text.toLowerCase(Locale.ROOT));
        if (named >= 0) {
            return named + base;
        }
        if (text.matches("-[0-9]{1,9}")) {
            throw new IllegalArgumentException("negative number (" + text + ") not allowed: " + text);
        }
        if (!text.matches("[0-9]{1,9}")) {
            throw new IllegalArgumentException(
                    "failed to parse int from " + text + ": strconv.Atoi: parsing \"" + text + "\": invalid syntax");
        }
        return Integer.parseInt(text);
    }
}
