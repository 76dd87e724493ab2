// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.endpoint;

import java.util.Optional;

/**
 * The name in a {@code proxy} request: {@code web}, {@code web:port} or {@code scheme:web:port}, where scheme and port may be empty.
 *
 * @param scheme {@code http}, {@code https} or empty
 * @param name of the object
 * @param port number or name, empty for the only one
 */
record ProxyName(String scheme, String name, String port) {
    static Optional<ProxyName> parse(String text) {
        String[] parts = text.split(":", -1);
        ProxyName parsed = switch (parts.length) {
            case 1 -> new ProxyName("", parts[0], "");
            case 2 -> new ProxyName("", parts[0], parts[1]);
            case 3 -> new ProxyName(parts[0], parts[1], parts[2]);
            default -> new ProxyName("", "", "");
        };
        boolean isScheme = parsed.scheme.isEmpty() || parsed.scheme.equals("http") || parsed.scheme.equals("https");
        return isScheme && !parsed.name.isEmpty() ? Optional.of(parsed) : Optional.empty();
    }

    boolean isTls() {
        return scheme.equals("https");
    }
}
