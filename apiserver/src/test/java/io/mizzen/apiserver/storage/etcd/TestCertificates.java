// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.etcd;

import java.io.IOException;
import java.io.Writer;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** An authority with a server certificate for one address and a client certificate, as PEM files in a folder. */
final class TestCertificates {
    final Path ca;
    final Path serverCert;
    final Path serverKey;
    final Path clientCert;
    final Path clientKey;

    private static final X500Name ISSUER = new X500Name("CN=test-ca");

    final String address;

    private final KeyPair authority;

    TestCertificates(Path folder) throws Exception {
        this(folder, "127.0.0.1");
    }

    /** A server certificate for this loopback address and no other. */
    TestCertificates(Path folder, String address) throws Exception {
        this.address = address;
        Files.createDirectories(folder);
        ca = folder.resolve("ca.pem");
        serverCert = folder.resolve("server.pem");
        serverKey = folder.resolve("server-key.pem");
        clientCert = folder.resolve("client.pem");
        clientKey = folder.resolve("client-key.pem");
        authority = keys();
        write(ca, sign("CN=test-ca", authority, true));
        KeyPair server = keys();
        write(serverCert, sign("CN=etcd", server, false));
        write(serverKey, new JcaPKCS8Generator(server.getPrivate(), null));
        KeyPair client = keys();
        write(clientCert, sign("CN=apiserver", client, false));
        write(clientKey, new JcaPKCS8Generator(client.getPrivate(), null));
    }

    private static KeyPair keys() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        return generator.generateKeyPair();
    }

    private X509CertificateHolder sign(String subject, KeyPair keys, boolean isAuthority)
            throws IOException, OperatorCreationException {
        Instant now = Instant.now();
        JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                ISSUER,
                BigInteger.valueOf(now.toEpochMilli() + subject.hashCode()),
                Date.from(now.minus(1, ChronoUnit.HOURS)),
                Date.from(now.plus(1, ChronoUnit.DAYS)),
                new X500Name(subject),
                keys.getPublic());
        builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(isAuthority));
        if (!isAuthority) {
            builder.addExtension(
                    Extension.subjectAlternativeName,
                    false,
                    new GeneralNames(new GeneralName(GeneralName.iPAddress, address)));
            builder.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(new KeyPurposeId[] {
                KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth
            }));
        }
        return builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(authority.getPrivate()));
    }

    private static void write(Path file, Object object) throws IOException {
        try (Writer out = Files.newBufferedWriter(file);
                JcaPEMWriter pem = new JcaPEMWriter(out)) {
            pem.writeObject(object);
        }
    }
}
