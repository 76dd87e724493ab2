// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.certificate;

import io.mizzen.api.certificate.CertificateRequest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Set;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** Signs requests with the cluster's authority. Immutable. */
final class CertificateSigner {
    /** Clocks of nodes may be a little late. */
    private static final Duration BACKDATE = Duration.ofMinutes(5);

    private static final SecureRandom RANDOM = new SecureRandom();
    private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, new byte[] {'\n'});

    private final X509Certificate authority;
    private final PrivateKey key;
    private final Duration longest;

    /**
     * @param certificatePem the authority's certificate
     * @param keyPem its private key, PKCS #8, EC or RSA
     * @param longest life of a certificate that asks for none, and the most that one may ask for
     * @throws IllegalArgumentException when they cannot be read
     */
    CertificateSigner(String certificatePem, String keyPem, Duration longest) {
        this.longest = longest;
        try {
            authority = (X509Certificate) CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(certificatePem.getBytes(StandardCharsets.US_ASCII)));
            String body = keyPem.replaceAll("-----(BEGIN|END) PRIVATE KEY-----", "");
            key = KeyFactory.getInstance(authority.getPublicKey().getAlgorithm())
                    .generatePrivate(
                            new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(body.strip())));
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("the cluster's signing key cannot be read: " + e.getMessage(), e);
        }
    }

    /**
     * The certificate, PEM.
     *
     * @param wanted subject, names and key
     * @param usages as the request lists them
     * @param asked how long it is to be valid; zero for the longest
     */
    String sign(CertificateRequest wanted, Set<String> usages, Duration asked, Instant now) {
        Duration life = asked.isZero() || asked.compareTo(longest) > 0 ? longest : asked;
        Instant end = now.plus(life);
        Instant last = authority.getNotAfter().toInstant();
        try {
            var builder = new JcaX509v3CertificateBuilder(
                    X500Name.getInstance(authority.getSubjectX500Principal().getEncoded()),
                    new BigInteger(63, RANDOM).add(BigInteger.ONE),
                    Date.from(now.minus(BACKDATE)),
                    Date.from(end.isAfter(last) ? last : end),
                    X500Name.getInstance(wanted.subject().getEncoded()),
                    wanted.key());
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
            int bits = (usages.contains("digital signature") ? KeyUsage.digitalSignature : 0)
                    | (usages.contains("key encipherment") ? KeyUsage.keyEncipherment : 0);
            if (bits != 0) {
                builder.addExtension(Extension.keyUsage, true, new KeyUsage(bits));
            }
            List<KeyPurposeId> purposes = new ArrayList<>();
            if (usages.contains("client auth")) {
                purposes.add(KeyPurposeId.id_kp_clientAuth);
            }
            if (usages.contains("server auth")) {
                purposes.add(KeyPurposeId.id_kp_serverAuth);
            }
            builder.addExtension(
                    Extension.extendedKeyUsage, false, new ExtendedKeyUsage(purposes.toArray(KeyPurposeId[]::new)));
            builder.addExtension(
                    Extension.authorityKeyIdentifier,
                    false,
                    new JcaX509ExtensionUtils().createAuthorityKeyIdentifier(authority.getPublicKey()));
            List<GeneralName> names = new ArrayList<>();
            wanted.dnsNames().forEach(name -> names.add(new GeneralName(GeneralName.dNSName, name)));
            wanted.ipAddresses().forEach(address -> names.add(new GeneralName(GeneralName.iPAddress, address)));
            wanted.emails().forEach(mail -> names.add(new GeneralName(GeneralName.rfc822Name, mail)));
            wanted.uris().forEach(uri -> names.add(new GeneralName(GeneralName.uniformResourceIdentifier, uri)));
            if (!names.isEmpty()) {
                builder.addExtension(
                        Extension.subjectAlternativeName, false, new GeneralNames(names.toArray(GeneralName[]::new)));
            }
            String algorithm = key.getAlgorithm().equals("RSA") ? "SHA256withRSA" : "SHA256withECDSA";
            byte[] der = builder.build(new JcaContentSignerBuilder(algorithm).build(key))
                    .getEncoded();
            return "-----BEGIN CERTIFICATE-----\n" + LINES.encodeToString(der) + "\n-----END CERTIFICATE-----\n";
        } catch (IOException | GeneralSecurityException | OperatorCreationException e) {
            throw new IllegalStateException("the certificate cannot be signed: " + e.getMessage(), e);
        }
    }
}
