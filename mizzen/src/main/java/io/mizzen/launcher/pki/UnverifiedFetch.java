// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.pki;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Reads a server's CA before there is anything to verify the server by. Only this one public file is read this way, no
 * credential is sent, and {@link JoinToken#trusts} decides whether the file is believed.
 */
public final class UnverifiedFetch {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    private static final int MAX_BYTES = 64 * 1024;

    private UnverifiedFetch() {}

    /**
     * The CA that a server says is its own, PEM.
     *
     * @param server its URL
     * @throws IOException when it does not answer so
     */
    public static String authority(String server) throws IOException, InterruptedException {
        try (HttpClient client = HttpClient.newBuilder()
                .sslContext(unverifying())
                .connectTimeout(TIMEOUT)
                .build()) {
            HttpResponse<InputStream> answer = client.send(
                    HttpRequest.newBuilder(URI.create(server.replaceAll("/+$", "") + "/cacerts"))
                            .timeout(TIMEOUT)
                            .build(),
                    HttpResponse.BodyHandlers.ofInputStream());
            // Nobody has been verified yet: no more is read than a certificate takes.
            String body;
            try (InputStream stream = answer.body()) {
                body = new String(stream.readNBytes(MAX_BYTES), StandardCharsets.US_ASCII);
            }
            if (answer.statusCode() != 200 || !body.contains("-----BEGIN CERTIFICATE-----")) {
                throw new IOException("/cacerts answers " + answer.statusCode());
            }
            return body;
        }
    }

    private static SSLContext unverifying() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new AnyServer()}, new SecureRandom());
            return context;
        } catch (GeneralSecurityException e) {
            throw new PkiException("TLS is not there", e);
        }
    }

    private static final class AnyServer extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
