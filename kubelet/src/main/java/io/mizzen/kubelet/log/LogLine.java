// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.log;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.Optional;

/**
 * A line of a container log in the CRI format: {@code <RFC 3339 time> <stdout|stderr> <P|F[:tags]> <text>}.
 *
 * @param time as written, with nanoseconds
 * @param stream {@code stdout} or {@code stderr}
 * @param isPartial whether the text goes on in the next line of the same stream
 * @param text without line end
 */
public record LogLine(String time, String stream, boolean isPartial, byte[] text) {
    /** Parses one line without its line end; empty if it is not of the format. Pure. */
    public static Optional<LogLine> parse(byte[] line, int length) {
        int first = indexOf(line, 0, length);
        int second = first < 0 ? -1 : indexOf(line, first + 1, length);
        if (second < 0) {
            return Optional.empty();
        }
        int third = indexOf(line, second + 1, length);
        int tagsEnd = third < 0 ? length : third;
        String time = string(line, 0, first);
        String stream = string(line, first + 1, second);
        String tags = string(line, second + 1, tagsEnd);
        boolean isKnownStream = stream.equals("stdout") || stream.equals("stderr");
        if (!isKnownStream || tags.isEmpty() || (tags.charAt(0) != 'P' && tags.charAt(0) != 'F')) {
            return Optional.empty();
        }
        byte[] text = third < 0 ? new byte[0] : Arrays.copyOfRange(line, third + 1, length);
        return Optional.of(new LogLine(time, stream, tags.charAt(0) == 'P', text));
    }

    /** When it was written; empty if the time cannot be read. */
    public Optional<Instant> instant() {
        try {
            return Optional.of(OffsetDateTime.parse(time).toInstant());
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }

    private static int indexOf(byte[] line, int from, int length) {
        for (int i = from; i < length; i++) {
            if (line[i] == ' ') {
                return i;
            }
        }
        return -1;
    }

    private static String string(byte[] line, int from, int to) {
        return new String(line, from, to - from, StandardCharsets.UTF_8);
    }
}
