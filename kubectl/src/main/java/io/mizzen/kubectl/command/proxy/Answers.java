// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.proxy;

import io.mizzen.kubectl.net.Outgoing;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** The proxy's own answers. Stateless. */
final class Answers {
    private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);
    private static final String UNESCAPED = "-_.~$&+,/;=@";

    private Answers() {}

    static Instant now() {
        return Instant.ofEpochMilli(System.currentTimeMillis());
    }

    static String date(Instant instant) {
        return DATE.format(instant);
    }

    private static Outgoing head(int code, String type, String location) {
        Map<String, String> headers = new LinkedHashMap<>();
        if (!type.isEmpty()) {
            headers.put("Content-Type", type);
        }
        if (type.startsWith("text/plain")) {
            headers.put("X-Content-Type-Options", "nosniff");
        }
        if (!location.isEmpty()) {
            headers.put("Location", location);
        }
        headers.put("Date", date(now()));
        return new Outgoing(code, reason(code), headers);
    }

    static String reason(int code) {
        return switch (code) {
            case 200 -> "OK";
            case 301 -> "Moved Permanently";
            case 307 -> "Temporary Redirect";
            case 400 -> "Bad Request";
            case 403 -> "Forbidden";
            case 404 -> "Not Found";
            default -> "Internal Server Error";
        };
    }

    /** A line of text. */
    static void text(OutputStream out, int code, String line, boolean bodiless) throws IOException {
        byte[] body = (line + "\n").getBytes(StandardCharsets.UTF_8);
        head(code, "text/plain; charset=utf-8", "").send(out, body, bodiless);
    }

    /** A page. */
    static void html(OutputStream out, int code, String page, boolean bodiless) throws IOException {
        head(code, "text/html; charset=utf-8", "").send(out, page.getBytes(StandardCharsets.UTF_8), bodiless);
    }

    /** The same resource has another address. */
    static void moved(OutputStream out, String location) throws IOException {
        head(301, "", location).send(out, new byte[0], false);
    }

    /** The request is to be sent again to another address. */
    static void elsewhere(OutputStream out, String location, String method) throws IOException {
        boolean page = method.equals("GET") || method.equals("HEAD");
        String text = page ? "<a href=\"" + html(location) + "\">Temporary Redirect</a>.\n\n" : "";
        head(307, page ? "text/html; charset=utf-8" : "", location)
                .send(out, text.getBytes(StandardCharsets.UTF_8), method.equals("HEAD"));
    }

    /** Text as it stands in a page. */
    static String html(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&#34;");
    }

    /** A file's name as it stands in an address. */
    static String escape(String name) {
        StringBuilder escaped = new StringBuilder();
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xff);
            boolean plain = c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z';
            if (plain || UNESCAPED.indexOf(c) >= 0) {
                escaped.append(c);
            } else {
                escaped.append(String.format(Locale.ROOT, "%%%02X", (int) c));
            }
        }
        return escaped.toString();
    }
}
