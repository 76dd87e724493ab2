// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.cronjob;

import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A schedule of five fields (minute, hour, day of month, month, day of week) or one of the words {@code @hourly},
 * {@code @daily}, {@code @midnight}, {@code @weekly}, {@code @monthly}, {@code @yearly}, {@code @annually}. As in cron,
 * when both day fields are restricted a day that satisfies either counts; {@code ?} means {@code *}. A local time that a
 * change of the clocks skips does not happen; one that happens twice counts once.
 */
final class CronSchedule {

    private static final Map<String, String> WORDS = Map.of(
            "@hourly", "0 * * * *",
            "@daily", "0 0 * * *",
            "@midnight", "0 0 * * *",
            "@weekly", "0 0 * * 0",
            "@monthly", "0 0 1 * *",
            "@yearly", "0 0 1 1 *",
            "@annually", "0 0 1 1 *");
    private static final List<String> MONTHS =
            List.of("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec");
    private static final List<String> DAYS = List.of("sun", "mon", "tue", "wed", "thu", "fri", "sat");
    private static final int HORIZON_DAYS = 366 * 5;

    private final BitSet minutes;
    private final BitSet hours;
    private final BitSet daysOfMonth;
    private final BitSet months;
    private final BitSet daysOfWeek;
    private final boolean anyDayOfMonth;
    private final boolean anyDayOfWeek;

    /**
     * Reads a schedule.
     *
     * @throws IllegalArgumentException saying what is wrong
     */
    CronSchedule(String text) {
        String plain = WORDS.getOrDefault(text.strip().toLowerCase(Locale.ROOT), text.strip());
        String[] fields = plain.split("\\s+");
        if (fields.length != 5) {
            throw new IllegalArgumentException(
                    "expected exactly 5 fields, found " + fields.length + ": [" + text + "]");
        }
        minutes = field(fields[0], 0, 59, List.of());
        hours = field(fields[1], 0, 23, List.of());
        daysOfMonth = field(fields[2], 1, 31, List.of());
        months = field(fields[3], 1, 12, MONTHS);
        daysOfWeek = field(fields[4], 0, 7, DAYS);
        if (daysOfWeek.get(7)) {
            daysOfWeek.set(0);
        }
        anyDayOfMonth = fields[2].startsWith("*") || fields[2].startsWith("?");
        anyDayOfWeek = fields[4].startsWith("*") || fields[4].startsWith("?");
    }

    /** The first time after {@code after}; empty when there is none in five years, as for February 30. */
    Optional<Instant> next(Instant after, ZoneId zone) {
        ZonedDateTime time = after.atZone(zone).truncatedTo(ChronoUnit.MINUTES).plusMinutes(1);
        ZonedDateTime end = time.plusDays(HORIZON_DAYS);
        while (time.isBefore(end)) {
            if (!months.get(time.getMonthValue())) {
                time = time.truncatedTo(ChronoUnit.DAYS).withDayOfMonth(1).plusMonths(1);
            } else if (!matchesDay(time)) {
                time = time.truncatedTo(ChronoUnit.DAYS).plusDays(1);
            } else if (!hours.get(time.getHour())) {
                time = time.truncatedTo(ChronoUnit.HOURS).plusHours(1);
            } else if (!minutes.get(time.getMinute()) || isRepeated(time)) {
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
        boolean ofMonth = daysOfMonth.get(time.getDayOfMonth());
        boolean ofWeek = daysOfWeek.get(time.getDayOfWeek().getValue() % 7);
        return anyDayOfMonth || anyDayOfWeek ? ofMonth && ofWeek : ofMonth || ofWeek;
    }

    private static BitSet field(String text, int min, int max, List<String> names) {
        BitSet set = new BitSet();
        for (String part : text.split(",", -1)) {
            String[] halves = part.split("/", -1);
            if (halves.length > 2) {
                throw new IllegalArgumentException("too many slashes: " + part);
            }
            int step = halves.length == 2 ? number(halves[1], List.of(), 0) : 1;
            int first = min;
            int last = max;
            if (!halves[0].equals("*") && !halves[0].equals("?")) {
                String[] ends = halves[0].split("-", -1);
                if (ends.length > 2) {
                    throw new IllegalArgumentException("too many hyphens: " + part);
                }
                first = number(ends[0], names, min);
                last = ends.length == 2 ? number(ends[1], names, min) : halves.length == 2 ? max : first;
            } else if (max == 7) {
                last = 6;
            }
            if (first < min || last > max || first > last || step < 1) {
                throw new IllegalArgumentException("out of range: " + part);
            }
            for (int value = first; value <= last; value += step) {
                set.set(value);
            }
        }
        return set;
    }

    private static int number(String text, List<String> names, int base) {
        int named = names.indexOf(text.toLowerCase(Locale.ROOT));
        if (named >= 0) {
            return named + base;
        }
        if (!text.matches("[0-9]{1,4}")) {
            throw new IllegalArgumentException("failed to parse int from " + text);
        }
        return Integer.parseInt(text);
    }
}
