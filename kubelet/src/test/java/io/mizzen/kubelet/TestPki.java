// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** A certificate authority of the test's own, with a server certificate for 127.0.0.1 and client certificates. */
final class TestPki {
    private final Path dir;

    TestPki(Path dir) throws IOException, InterruptedException {
        this.dir = Files.createDirectories(dir);
        run(
                "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt -days 2 -subj /CN=test-ca");
        issue("server", "/CN=node-a", "subjectAltName=IP:127.0.0.1");
        issue("master", "/O=system:masters/CN=admin", "extendedKeyUsage=clientAuth");
        issue("nobody", "/CN=nobody", "extendedKeyUsage=clientAuth");
    }

    private void issue(String name, String subject, String extension) throws IOException, InterruptedException {
        run("openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout " + name + ".key -out " + name
                + ".csr -subj '" + subject + "' && printf '" + extension + "\\n' > ext && openssl x509 -req -in " + name
                + ".csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out " + name + ".crt");
    }

    private void run(String command) throws IOException, InterruptedException {
        ContainerdFixture.run("sh", "-c", "cd " + dir + " && " + command);
    }

    KubeletOptions.ServerOptions serverOptions() {
        return new KubeletOptions.ServerOptions(
                "127.0.0.1", 0, dir.resolve("server.crt"), dir.resolve("server.key"), dir.resolve("ca.crt"));
    }

    /** A context that trusts the authority and shows a client certificate; none for an empty name. */
    SSLContext context(String client) throws Exception {
        CertificateFactory certificates = CertificateFactory.getInstance("X.509");
        KeyStore trust = KeyStore.getInstance("PKCS12");
        trust.load(null, null);
        trust.setCertificateEntry("ca", certificates.generateCertificate(Files.newInputStream(dir.resolve("ca.crt"))));
        TrustManagerFactory trustManagers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trustManagers.init(trust);
        KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(null, null);
        if (!client.isEmpty()) {
            String pem = Files.readString(dir.resolve(client + ".key")).replaceAll("-----[A-Z ]+-----|\\s", "");
            PrivateKey key = KeyFactory.getInstance("EC")
                    .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem)));
            Certificate certificate =
                    certificates.generateCertificate(Files.newInputStream(dir.resolve(client + ".crt")));
            keys.setKeyEntry("key", key, new char[0], new Certificate[] {certificate});
        }
        KeyManagerFactory keyManagers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keyManagers.init(keys, new char[0]);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keyManagers.getKeyManagers(), trustManagers.getTrustManagers(), null);
        return context;
    }
}
