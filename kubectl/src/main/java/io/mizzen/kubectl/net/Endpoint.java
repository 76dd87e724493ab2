// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.net;

import java.time.Duration;
import java.util.Map;

/**
 * Where the API server is and how to talk to it.
 *
 * @param secure whether TLS is spoken
 * @param host name or address
 * @param port TCP port
 * @param basePath what stands before every path; empty or begins with a slash, no slash at its end
 * @param trust how TLS is set up; unused when not secure
 * @param headers sent with every request (authorization, impersonation, agent)
 * @param timeout of a single request; zero waits for ever
 */
public record Endpoint(
        boolean secure,
        String host,
        int port,
        String basePath,
        Trust trust,
        Map<String, String> headers,
        Duration timeout) {

    /** The address as users write it, e.g. {@code https://127.0.0.1:6443}. */
    public String url() {
        return (secure ? "https://" : "http://") + authority() + basePath;
    }

    /** Host and port as in the {@code Host} header. */
    public String authority() {
        String shown = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
        return shown + ":" + port;
    }
}
