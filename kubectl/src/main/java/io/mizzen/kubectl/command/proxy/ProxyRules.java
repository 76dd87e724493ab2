// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.proxy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Where a request to the proxy leads, and whether it may pass: the filter keeps web pages, which can reach a local port too, from
 * using the user's rights. Pure.
 *
 * @param apiPrefix where the API is; begins and ends with a slash
 * @param filesPrefix where files are; begins and ends with a slash, empty when there are none
 * @param serverPath what is put before every path on the way to the server; often empty
 * @param filter what may pass to the API; empty when everything may
 */
record ProxyRules(String apiPrefix, String filesPrefix, String serverPath, Optional<Filter> filter) {

    /** Where a request leads. */
    sealed interface Route {}

    /** To the API server, at this target. */
    record Api(String target) implements Route {}

    /** To the file of this path below the folder, escapes resolved. */
    record File(String path) implements Route {}

    /** To another address of the proxy. */
    record Elsewhere(String location) implements Route {}

    /** Nowhere: it may not pass. */
    record Forbidden() implements Route {}

    /** Nowhere: nothing is there. */
    record NotFound() implements Route {}

    /** Nowhere: its path is none. */
    record Malformed() implements Route {}

    /**
     * What may pass.
     *
     * @param acceptPaths one of these must be found in the path
     * @param rejectPaths none of these may be found in the path
     * @param acceptHosts one of these must be found in the host that was asked for, without its port
     * @param rejectMethods none of these may be found in the method
     */
    record Filter(
            List<Pattern> acceptPaths,
            List<Pattern> rejectPaths,
            List<Pattern> acceptHosts,
            List<Pattern> rejectMethods) {
        boolean accepts(String method, String path, String host) {
            return !isAmong(rejectPaths, path)
                    && !isAmong(rejectMethods, method)
                    && isAmong(acceptPaths, path)
                    && isAmong(acceptHosts, host);
        }

        private static boolean isAmong(List<Pattern> patterns, String text) {
            return patterns.stream().anyMatch(pattern -> pattern.matcher(text).find());
        }
    }

    /** Patterns separated by commas. @throws java.util.regex.PatternSyntaxException when one is none */
    static List<Pattern> patterns(String text) {
        List<Pattern> patterns = new ArrayList<>();
        if (!text.isEmpty()) {
            for (String one : text.split(",", -1)) {
                // A dot is everything but a line feed, as in the server's language.
                patterns.add(Pattern.compile(one, Pattern.UNIX_LINES));
            }
        }
        return patterns;
    }

    /**
     * Where a request leads.
     *
     * @param target path and query as they came
     * @param authority the {@code Host} header
     */
    Route route(String method, String target, String authority) {
        int question = target.indexOf('?');
        String path = question < 0 ? target : target.substring(0, question);
        String query = question < 0 ? "" : target.substring(question);
        Optional<String> decoded = decode(path);
        if (decoded.isEmpty()) {
            return new Malformed();
        }
        String clean = clean(path);
        if (!clean.equals(path)) {
            return new Elsewhere(clean + query);
        }
        boolean api = path.startsWith(apiPrefix);
        boolean files = !filesPrefix.isEmpty() && path.startsWith(filesPrefix);
        if (files && (!api || filesPrefix.length() >= apiPrefix.length())) {
            return new File("/" + decode(path.substring(filesPrefix.length())).orElse(""));
        }
        if (api) {
            return api(method, path, query, authority);
        }
        boolean folder = (path + "/").equals(apiPrefix) || (path + "/").equals(filesPrefix);
        return folder ? new Elsewhere(path + "/" + query) : new NotFound();
    }

    private Route api(String method, String path, String query, String authority) {
        String inner = path;
        if (!apiPrefix.startsWith("/api")) {
            String rest = path.substring(apiPrefix.length());
            inner = rest.isEmpty() || rest.startsWith("/") ? rest : "/" + rest;
        }
        String seen = decode(inner).orElse("");
        if (filter.isPresent() && !filter.get().accepts(method, seen, host(authority))) {
            return new Forbidden();
        }
        return new Api(serverPath + (inner.isEmpty() ? "/" : inner) + query);
    }

    /** The host of {@code host:port}, an address of IPv6 without its brackets; all of it when there is no port. */
    private static String host(String authority) {
        int colon = authority.lastIndexOf(':');
        if (authority.startsWith("[")) {
            int close = authority.indexOf(']');
            return close > 0 && close + 1 == colon ? authority.substring(1, close) : authority;
        }
        return colon < 0 || authority.indexOf(':') != colon ? authority : authority.substring(0, colon);
    }

    /** The path without empty, {@code .} and {@code ..} elements; a slash at the end stays. */
    static String clean(String path) {
        Deque<String> kept = new ArrayDeque<>();
        for (String element : path.split("/")) {
            switch (element) {
                case "", "." -> {}
                case ".." -> kept.pollLast();
                default -> kept.addLast(element);
            }
        }
        String clean = "/" + String.join("/", kept);
        return path.endsWith("/") && !clean.equals("/") ? clean + "/" : clean;
    }

    /** The path with its escapes resolved; empty when one is none. */
    private static Optional<String> decode(String path) {
        if (path.indexOf('%') < 0) {
            return Optional.of(path);
        }
        byte[] bytes = new byte[path.length()];
        int length = 0;
        for (int i = 0; i < path.length(); i++) {
            char c = path.charAt(i);
            if (c == '%') {
                int high = i + 2 < path.length() ? Character.digit(path.charAt(i + 1), 16) : -1;
                int low = i + 2 < path.length() ? Character.digit(path.charAt(i + 2), 16) : -1;
                if (high < 0 || low < 0) {
                    return Optional.empty();
                }
                bytes[length++] = (byte) (high << 4 | low);
                i += 2;
            } else {
                bytes[length++] = (byte) c;
            }
        }
        return Optional.of(new String(bytes, 0, length, StandardCharsets.UTF_8));
    }
}
