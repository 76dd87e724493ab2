// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.schema;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/**
 * Reads and writes times as {@code metav1.Time} and {@code metav1.MicroTime} do: RFC 3339, written in UTC to the second
 * or to the microsecond. Failures have the text of Go's {@code time.Parse}. Pure.
 */
public final class RfcTime {
    private static final DateTimeFormatter SECONDS = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss'Z'");
    private static final DateTimeFormatter MICROS = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'");
    private static final String LAYOUT = "2006-01-02T15:04:05Z07:00";
    private static final String MICRO_LAYOUT = "2006-01-02T15:04:05.000000Z07:00";
    private static final int MICRO_DIGITS = 6;
    private static final int NANO_DIGITS = 9;

    private final String text;
    private final boolean micro;
    private int position;

    private RfcTime(String text, boolean micro) {
        this.text = text;
        this.micro = micro;
    }

    /** The form of {@code metav1.Time}. */
    public static String format(Instant time) {
        return SECONDS.format(time.atOffset(ZoneOffset.UTC));
    }

    /** The form of {@code metav1.MicroTime}. */
    public static String formatMicro(Instant time) {
        return MICROS.format(time.atOffset(ZoneOffset.UTC));
    }

    /**
     * Reads a time.
     *
     * @param micro exactly six digits after the second, as {@code MicroTime} wants; else any number of them
     * @throws IllegalArgumentException in Go's words
     */
    public static Instant parse(String text, boolean micro) {
        return new RfcTime(text, micro).read();
    }

    /** The canonical text of a time; the same object if it is canonical already. */
    static String normalise(String text, boolean micro) {
        Instant time = parse(text, micro);
        String canonical = micro ? formatMicro(time) : format(time);
        return canonical.equals(text) ? text : canonical;
    }

    private Instant read() {
        int year = number(4, "2006");
        literal('-');
        int month = number(2, "01");
        inRange(month, 1, 12, "month");
        literal('-');
        int day = number(2, "02");
        literal('T');
        int hour = number(2, "15");
        inRange(hour, 0, 23, "hour");
        literal(':');
        int minute = number(2, "04");
        inRange(minute, 0, 59, "minute");
        literal(':');
        int second = number(2, "05");
        inRange(second, 0, 59, "second");
        int nanos = fraction();
        int offset = zone();
        if (position < text.length()) {
            throw failure(": extra text: " + GoText.quote(text.substring(position)));
        }
        try {
            return LocalDateTime.of(year, month, day, hour, minute, second, nanos)
                    .toInstant(ZoneOffset.ofTotalSeconds(offset));
        } catch (DateTimeException impossible) {
            throw failure(": day out of range");
        }
    }

    private IllegalArgumentException failure(String detail) {
        return new IllegalArgumentException("parsing time " + GoText.quote(text) + detail);
    }

    private IllegalArgumentException mismatch(String element) {
        String layout = micro ? MICRO_LAYOUT : LAYOUT;
        return failure(" as " + GoText.quote(layout) + ": cannot parse " + GoText.quote(text.substring(position))
                + " as " + GoText.quote(element));
    }

    private void inRange(int value, int least, int most, String name) {
        if (value < least || value > most) {
            throw failure(": " + name + " out of range");
        }
    }

    private boolean isDigit(int at) {
        return at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9';
    }

    private int number(int digits, String element) {
        int value = 0;
        for (int i = 0; i < digits; i++) {
            if (!isDigit(position + i)) {
                throw mismatch(element);
            }
            value = value * 10 + text.charAt(position + i) - '0';
        }
        position += digits;
        return value;
    }

    private void literal(char expected) {
        if (position >= text.length() || text.charAt(position) != expected) {
            throw mismatch(String.valueOf(expected));
        }
        position++;
    }

    private int fraction() {
        boolean present = position < text.length() && text.charAt(position) == '.' && isDigit(position + 1);
        int digits = 0;
        while (present && isDigit(position + 1 + digits)) {
            digits++;
        }
        if (micro && digits != MICRO_DIGITS) {
            throw mismatch(".000000");
        }
        if (!present) {
            return 0;
        }
        int nanos = 0;
        for (int i = 0; i < NANO_DIGITS; i++) {
            nanos = nanos * 10 + (i < digits ? text.charAt(position + 1 + i) - '0' : 0);
        }
        position += 1 + digits;
        return nanos;
    }

    private int zone() {
        if (position < text.length() && text.charAt(position) == 'Z') {
            position++;
            return 0;
        }
        boolean signed = position + 6 <= text.length()
                && (text.charAt(position) == '+' || text.charAt(position) == '-')
                && isDigit(position + 1)
                && isDigit(position + 2)
                && text.charAt(position + 3) == ':'
                && isDigit(position + 4)
                && isDigit(position + 5);
        if (!signed) {
            throw mismatch("Z07:00");
        }
        int sign = text.charAt(position) == '-' ? -1 : 1;
        int hours = Integer.parseInt(text, position + 1, position + 3, 10);
        int minutes = Integer.parseInt(text, position + 4, position + 6, 10);
        if (hours > 18 || minutes > 59) {
            throw failure(": time zone offset " + (hours > 18 ? "hour" : "minute") + " out of range");
        }
        position += 6;
        return sign * (hours * 3600 + minutes * 60);
    }
}
