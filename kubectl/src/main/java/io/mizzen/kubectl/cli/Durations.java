// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.cli;

import java.time.Duration;

/** Durations as users write them ({@code 1h30m}, {@code 250ms}) and as tables show them ({@code 5d3h}). */
public final class Durations {
    private Durations() {}

    /** Parses units {@code ns us ms s m h}; a bare number counts seconds. */
    public static Duration parse(String text) {
        if (text.isEmpty() || text.equals("0")) {
            return Duration.ZERO;
        }
        boolean negative = text.charAt(0) == '-';
        int at = negative || text.charAt(0) == '+' ? 1 : 0;
        double nanos = 0;
        while (at < text.length()) {
            int start = at;
            while (at < text.length() && (Character.isDigit(text.charAt(at)) || text.charAt(at) == '.')) {
                at++;
            }
            if (start == at) {
                throw new NumberFormatException(text);
            }
            double value = Double.parseDouble(text.substring(start, at));
            int unitStart = at;
            while (at < text.length() && !Character.isDigit(text.charAt(at)) && text.charAt(at) != '.') {
                at++;
            }
            nanos += value * nanosOf(text.substring(unitStart, at), text);
        }
        return Duration.ofNanos((long) (negative ? -nanos : nanos));
    }

    private static double nanosOf(String unit, String whole) {
        return switch (unit) {
            case "ns" -> 1;
            case "us", "µs" -> 1e3;
            case "ms" -> 1e6;
            case "s", "" -> 1e9;
            case "m" -> 60e9;
            case "h" -> 3600e9;
            default -> throw new NumberFormatException(whole);
        };
    }

    /** Empty when the text is a duration with units, else what is wrong with it. */
    static String problem(String text) {
        try {
            boolean unitless = !text.isEmpty() && Character.isDigit(text.charAt(text.length() - 1));
            if (unitless && !text.equals("0")) {
                return "time: missing unit in duration \"" + text + "\"";
            }
            if (text.isEmpty()) {
                return "time: invalid duration \"\"";
            }
            Duration parsed = parse(text);
            return parsed == null ? "?" : "";
        } catch (NumberFormatException e) {
            return "time: invalid duration \"" + text + "\"";
        }
    }

    /** The short form of tables: two units at most, coarser with age ({@code 45s}, {@code 3m20s}, {@code 5d}, {@code 2y10d}). */
    public static String human(Duration age) {
        long seconds = age.getSeconds();
        if (seconds < -1) {
            return "<invalid>";
        }
        if (seconds < 0) {
            return "0s";
        }
        long minutes = seconds / 60;
        long hours = seconds / 3600;
        long days = hours / 24;
        if (seconds < 120) {
            return seconds + "s";
        }
        if (minutes < 10) {
            return pair(minutes, "m", seconds % 60, "s");
        }
        if (minutes < 180) {
            return minutes + "m";
        }
        if (hours < 8) {
            return pair(hours, "h", minutes % 60, "m");
        }
        if (hours < 48) {
            return hours + "h";
        }
        if (hours < 192) {
            return pair(days, "d", hours % 24, "h");
        }
        if (days < 365 * 2) {
            return days + "d";
        }
        if (days < 365 * 8) {
            return pair(days / 365, "y", days % 365, "d");
        }
        return days / 365 + "y";
    }

    private static String pair(long big, String bigUnit, long small, String smallUnit) {
        return small == 0 ? big + bigUnit : big + bigUnit + small + smallUnit;
    }

    /** The exact form with all units, as in {@code 1h0m0s}, {@code 10s}, {@code 500ms}. */
    public static String exact(Duration duration) {
        long nanos = duration.toNanos();
        if (nanos == 0) {
            return "0s";
        }
        String sign = nanos < 0 ? "-" : "";
        nanos = Math.abs(nanos);
        if (nanos < 1_000_000_000L) {
            if (nanos >= 1_000_000) {
                return sign + decimal(nanos / 1e6) + "ms";
            }
            return nanos >= 1000 ? sign + decimal(nanos / 1e3) + "µs" : sign + nanos + "ns";
        }
        long hours = nanos / 3_600_000_000_000L;
        long minutes = nanos / 60_000_000_000L % 60;
        String seconds = decimal(nanos % 60_000_000_000L / 1e9) + "s";
        if (hours > 0) {
            return sign + hours + "h" + minutes + "m" + seconds;
        }
        return minutes > 0 ? sign + minutes + "m" + seconds : sign + seconds;
    }

    private static String decimal(double value) {
        return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
    }
}
