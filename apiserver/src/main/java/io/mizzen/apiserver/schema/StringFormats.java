// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.schema;

import java.net.URI;
import java.net.URISyntaxException;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.regex.Pattern;

/** The values of OpenAPI's {@code format} that a custom resource's texts are checked against; unknown ones accept all. */
final class StringFormats {
    private static final Pattern EMAIL = Pattern.compile("[^@\\s<>]+@[^@\\s<>]+");
    private static final Pattern UUID =
            Pattern.compile("(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}");
    private static final Pattern MAC = Pattern.compile("(?i)[0-9a-f]{2}([:-][0-9a-f]{2}){5}");
    private static final Pattern HOSTNAME =
            Pattern.compile("(?i)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*\\.?");
    private static final Pattern DURATION =
            Pattern.compile("[-+]?(0|(\\d+(\\.\\d*)?|\\.\\d+)\\s*(ns|us|µs|ms|s|m|h|d|w|"
                    + "(nano|micro|milli)?(second|sec)s?|minutes?|mins?|hours?|hrs?|days?|weeks?))+");
    private static final Pattern IPV4 =
            Pattern.compile("(\\d{1,2}|1\\d\\d|2[0-4]\\d|25[0-5])" + "(\\.(\\d{1,2}|1\\d\\d|2[0-4]\\d|25[0-5])){3}");
    private static final Pattern IPV6_PART = Pattern.compile("(?i)[0-9a-f]{1,4}");

    private StringFormats() {}

    static boolean matches(String format, String text) {
        return switch (format) {
            case "date-time", "datetime" -> isTime(text);
            case "date" -> isDate(text);
            case "duration" -> DURATION.matcher(text).matches();
            case "byte" -> isBase64(text);
            case "email" -> EMAIL.matcher(text).matches();
            case "uuid", "uuid3", "uuid4", "uuid5" -> UUID.matcher(text).matches();
            case "mac" -> MAC.matcher(text).matches();
            case "hostname" -> text.length() <= 255 && HOSTNAME.matcher(text).matches();
            case "ipv4" -> IPV4.matcher(text).matches();
            case "ipv6" -> isIpv6(text);
            case "cidr" -> isCidr(text);
            case "uri" -> isUri(text);
            default -> true;
        };
    }

    private static boolean isTime(String text) {
        try {
            return RfcTime.parse(text, false) != null;
        } catch (IllegalArgumentException malformed) {
            return false;
        }
    }

    private static boolean isDate(String text) {
        try {
            return LocalDate.parse(text) != null;
        } catch (DateTimeException malformed) {
            return false;
        }
    }

    private static boolean isBase64(String text) {
        try {
            return GoBase64.canonical(text).length() <= text.length();
        } catch (IllegalArgumentException malformed) {
            return false;
        }
    }

    private static boolean isUri(String text) {
        try {
            return !text.isEmpty() && (new URI(text).isAbsolute() || text.startsWith("/"));
        } catch (URISyntaxException malformed) {
            return false;
        }
    }

    private static boolean isIpv6(String text) {
        int gap = text.indexOf("::");
        if (gap != text.lastIndexOf("::") || text.isEmpty()) {
            return false;
        }
        String[] sides = gap < 0 ? new String[] {text} : new String[] {text.substring(0, gap), text.substring(gap + 2)};
        int groups = 0;
        for (String side : sides) {
            if (side.isEmpty()) {
                continue;
            }
            String[] parts = side.split(":", -1);
            for (int i = 0; i < parts.length; i++) {
                boolean last = i == parts.length - 1;
                if (last && IPV4.matcher(parts[i]).matches()) {
                    groups += 2;
                } else if (IPV6_PART.matcher(parts[i]).matches()) {
                    groups++;
                } else {
                    return false;
                }
            }
        }
        return gap < 0 ? groups == 8 : groups < 8;
    }

    private static boolean isCidr(String text) {
        int slash = text.indexOf('/');
        if (slash < 0 || !text.substring(slash + 1).matches("\\d{1,3}")) {
            return false;
        }
        int bits = Integer.parseInt(text.substring(slash + 1));
        String address = text.substring(0, slash);
        return IPV4.matcher(address).matches() ? bits <= 32 : isIpv6(address) && bits <= 128;
    }
}
