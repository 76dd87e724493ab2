// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver;

import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A certificate authority for one test class, with the files that a server needs and TLS contexts for clients. */
final class TestKeys {
    private final Path folder;
    private final KeyPair authorityKeys = keys();
    private final X509Certificate authority;
    private long serial = 1;

    TestKeys(Path folder) throws Exception {
        this.folder = folder;
        this.authority = sign("CN=test-ca", authorityKeys, true);
        writeCertificate("ca", authority);
        file("server", "CN=server");
        file("kubelet-client", "O=system:masters, CN=kubelet-client");
        writeKey("accounts", keys());
    }

    private static KeyPair keys() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(256);
        return generator.generateKeyPair();
    }

    private X509Certificate sign(String subject, KeyPair pair, boolean isAuthority) throws Exception {
        Instant now = Instant.now();
        var builder = new JcaX509v3CertificateBuilder(
                new X500Name("CN=test-ca"),
                BigInteger.valueOf(serial++),
                Date.from(now.minus(1, ChronoUnit.HOURS)),
                Date.from(now.plus(1, ChronoUnit.DAYS)),
                new X500Name(subject),
                pair.getPublic());
        builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(isAuthority));
        if (!isAuthority) {
            builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(new GeneralName[] {
                new GeneralName(GeneralName.iPAddress, "127.0.0.1"), new GeneralName(GeneralName.dNSName, "localhost")
            }));
        }
        var signer = new JcaContentSignerBuilder("SHA256withECDSA").build(authorityKeys.getPrivate());
        return new JcaX509CertificateConverter().getCertificate(builder.build(signer));
    }

    private void file(String name, String subject) throws Exception {
        KeyPair pair = keys();
        writeCertificate(name, sign(subject, pair, false));
        writeKey(name, pair);
    }

    private void writeCertificate(String name, X509Certificate certificate) throws IOException {
        write(path(name + ".crt"), certificate);
    }

    private void writeKey(String name, KeyPair pair) throws Exception {
        write(path(name + ".key"), new JcaPKCS8Generator(pair.getPrivate(), null));
    }

    private static void write(Path file, Object pem) throws IOException {
        StringWriter text = new StringWriter();
        try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
            writer.writeObject(pem);
        }
        Files.writeString(file, text.toString());
    }

    Path path(String name) {
        return folder.resolve(name);
    }

    /** A context that trusts the server and shows a certificate for the subject; an empty subject shows none. */
    SSLContext client(String subject) throws Exception {
        return client(subject, this);
    }

    /** As above, but with a certificate that another authority has signed. */
    SSLContext client(String subject, TestKeys signer) throws Exception {
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null);
        trusted.setCertificateEntry("ca", authority);
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        KeyStore own = KeyStore.getInstance(KeyStore.getDefaultType());
        own.load(null);
        if (!subject.isEmpty()) {
            KeyPair pair = keys();
            own.setKeyEntry(
                    "me", pair.getPrivate(), new char[0], new X509Certificate[] {signer.sign(subject, pair, false)});
        }
        keys.init(own, new char[0]);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    ApiServerOptions options(Path dataDir) {
        return new ApiServerOptions(
                "127.0.0.1",
                0,
                "127.0.0.1",
                dataDir,
                new ApiServerOptions.Tls(
                        path("server.crt"),
                        path("server.key"),
                        path("ca.crt"),
                        path("kubelet-client.crt"),
                        path("kubelet-client.key"),
                        path("ca.crt")),
                path("accounts.key"),
                "https://kubernetes.default.svc.cluster.local",
                "10.43.0.0/16",
                Duration.ofHours(1),
                null);
    }
}
