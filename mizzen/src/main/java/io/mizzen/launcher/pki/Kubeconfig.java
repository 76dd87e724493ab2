// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.pki;

import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** Writes kubeconfig files with the certificates inside them. Pure. */
final class Kubeconfig {
    private Kubeconfig() {}

    /**
     * What a kubeconfig with one context says.
     *
     * @param name of the cluster and the context
     * @param server URL of the API server
     * @param authority PEM
     * @param user name of the user entry
     * @param certificate PEM
     * @param key PEM
     */
    record Content(String name, String server, String authority, String user, String certificate, String key) {}

    static String text(Content content) {
        return """
                apiVersion: v1
                kind: Config
                clusters:
                - name: %1$s
                  cluster:
                    server: %2$s
                    certificate-authority-data: %3$s
                users:
                - name: %4$s
                  user:
                    client-certificate-data: %5$s
                    client-key-data: %6$s
                contexts:
                - name: %1$s
                  context:
                    cluster: %1$s
                    user: %4$s
                current-context: %1$s
                preferences: {}
                """.formatted(
                        content.name(),
                        content.server(),
                        base64(content.authority()),
                        content.user(),
                        base64(content.certificate()),
                        base64(content.key()));
    }

    /** One with a bearer token instead of a client certificate. */
    static String withToken(String name, String server, String authority, String token) {
        return """
                apiVersion: v1
                kind: Config
                clusters:
                - name: %1$s
                  cluster:
                    server: %2$s
                    certificate-authority-data: %3$s
                users:
                - name: bootstrap
                  user:
                    token: %4$s
                contexts:
                - name: %1$s
                  context:
                    cluster: %1$s
                    user: bootstrap
                current-context: %1$s
                preferences: {}
                """.formatted(name, server, base64(authority), token);
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
