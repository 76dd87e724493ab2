// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.net;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A request that somebody sends to this program (RFC 9112), read strictly: what two readers could understand in two ways is refused.
 *
 * @param method its method
 * @param target path and query as they came
 * @param minor 1 for HTTP/1.1, 0 for HTTP/1.0
 * @param headers by name, without regard to case; several values of one name are joined by line feeds
 * @param body what follows the head; null when nothing does
 * @param length how long the body is; -1 when only its end will tell
 */
public record Incoming(
        String method,
        String target,
        int minor,
        Map<String, String> headers,
        @Nullable InputStream body,
        long length) {
    private static final int MAX_TARGET = 16 * 1024;
    private static final int MAX_HEAD = 256 * 1024;
    private static final int MAX_LENGTH_DIGITS = 18;
    private static final String TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";

    /** A request that can't be understood. */
    public static final class Malformed extends IOException {
        private static final long serialVersionUID = 1L;

        Malformed(String message) {
            super(message);
        }
    }

    /** Reads the next request's head, or null when the client has hung up. @throws Malformed when it is none */
    public static @Nullable Incoming read(InputStream in) throws IOException {
        String first = line(in, MAX_TARGET, true);
        if (first == null) {
            return null;
        }
        String[] parts = first.split(" ", -1);
        if (parts.length != 3 || !parts[0].matches(TOKEN) || !parts[2].matches("HTTP/1\\.[01]")) {
            throw new Malformed("malformed HTTP request line");
        }
        if (!parts[1].startsWith("/") || !parts[1].chars().allMatch(c -> c > ' ' && c < 0x7f)) {
            throw new Malformed("malformed HTTP request target");
        }
        Map<String, String> headers = headers(in);
        int minor = parts[2].endsWith("1") ? 1 : 0;
        if (minor == 1 && !headers.containsKey("Host")) {
            throw new Malformed("missing required Host header");
        }
        if (headers.getOrDefault("Host", "").indexOf('\n') >= 0) {
            throw new Malformed("too many Host headers");
        }
        return framed(in, parts[0], parts[1], minor, headers);
    }

    private static Incoming framed(InputStream in, String method, String target, int minor, Map<String, String> headers)
            throws IOException {
        String encoding = headers.get("Transfer-Encoding");
        String length = headers.get("Content-Length");
        if (encoding != null) {
            if (length != null || minor == 0 || !encoding.equalsIgnoreCase("chunked")) {
                throw new Malformed("unsupported transfer encoding");
            }
            return new Incoming(method, target, minor, headers, new Body.Chunked(in, () -> {}), -1);
        }
        if (length == null) {
            return new Incoming(method, target, minor, headers, null, 0);
        }
        if (!length.matches("\\d{1," + MAX_LENGTH_DIGITS + "}")) {
            throw new Malformed("bad Content-Length");
        }
        long bytes = Long.parseLong(length);
        return new Incoming(method, target, minor, headers, new Body.Fixed(in, bytes, () -> {}), bytes);
    }

    private static Map<String, String> headers(InputStream in) throws IOException {
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        int left = MAX_HEAD;
        while (true) {
            String line = String.valueOf(line(in, left, false));
            if (line.isEmpty()) {
                return headers;
            }
            left -= line.length();
            int colon = line.indexOf(':');
            if (colon < 0 || !line.substring(0, colon).matches(TOKEN)) {
                throw new Malformed("malformed MIME header line");
            }
            String value = line.substring(colon + 1).strip();
            if (!value.chars().allMatch(c -> c == '\t' || c >= ' ' && c != 0x7f)) {
                throw new Malformed("invalid header value");
            }
            headers.merge(line.substring(0, colon), value, (a, b) -> a + "\n" + b);
        }
    }

    /** A line without its end; null when the stream ends before it and may. */
    private static @Nullable String line(InputStream in, int limit, boolean mayEnd) throws IOException {
        StringBuilder line = new StringBuilder(80);
        while (true) {
            int c = in.read();
            if (c < 0) {
                if (mayEnd && line.isEmpty()) {
                    return null;
                }
                throw new EOFException("unexpected EOF");
            }
            if (c == '\n') {
                boolean carriage = !line.isEmpty() && line.charAt(line.length() - 1) == '\r';
                return carriage ? line.substring(0, line.length() - 1) : line.toString();
            }
            line.append((char) c);
            if (line.length() > limit) {
                throw new Malformed("request head too long");
            }
        }
    }

    /** A header's value, empty when absent. */
    public String header(String name) {
        return headers.getOrDefault(name, "");
    }

    /** Whether a comma-separated header has this word, without regard to case. */
    public boolean has(String name, String word) {
        for (String one : header(name).split("[,\n]", -1)) {
            if (one.strip().equalsIgnoreCase(word)) {
                return true;
            }
        }
        return false;
    }
}
