// SPDX-License-Identifier: Apache-2.0
package io.mizzen.api.certificate;

import java.io.IOException;
import java.io.StringReader;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.x500.AttributeTypeAndValue;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x500.style.IETFUtils;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemReader;

/**
 * What a certificate signing request asks for; whoever made it holds the key, as its signature shows.
 *
 * @param commonName the subject's common name; empty when it has none
 * @param organizations the subject's organisations
 * @param subject the whole subject
 * @param dnsNames alternative names
 * @param ipAddresses alternative addresses, in their usual form
 * @param emails alternative mail addresses
 * @param uris alternative URIs
 * @param key the public key
 */
public record CertificateRequest(
        String commonName,
        List<String> organizations,
        X500Principal subject,
        List<String> dnsNames,
        List<String> ipAddresses,
        List<String> emails,
        List<String> uris,
        PublicKey key) {
    private static final String TYPE = "CERTIFICATE REQUEST";

    /** Copies. */
    public CertificateRequest {
        organizations = List.copyOf(organizations);
        dnsNames = List.copyOf(dnsNames);
        ipAddresses = List.copyOf(ipAddresses);
        emails = List.copyOf(emails);
        uris = List.copyOf(uris);
    }

    /**
     * Reads the first PEM block and checks the request's own signature.
     *
     * @throws IllegalArgumentException saying why it is none
     */
    public static CertificateRequest parse(byte[] pem) {
        try (PemReader reader = new PemReader(new StringReader(new String(pem, StandardCharsets.US_ASCII)))) {
            PemObject block = reader.readPemObject();
            if (block == null || !block.getType().equals(TYPE)) {
                throw new IllegalArgumentException("PEM block type must be CERTIFICATE REQUEST");
            }
            JcaPKCS10CertificationRequest request = new JcaPKCS10CertificationRequest(block.getContent());
            PublicKey key = request.getPublicKey();
            if (!request.isSignatureValid(new JcaContentVerifierProviderBuilder().build(key))) {
                throw new IllegalArgumentException("the request's signature does not match its key");
            }
            return of(request, key);
        } catch (IOException
                | GeneralSecurityException
                | OperatorCreationException
                | PKCSException
                | ClassCastException
                | IllegalStateException malformed) {
            throw new IllegalArgumentException(
                    "not a certificate signing request: " + malformed.getMessage(), malformed);
        }
    }

    private static CertificateRequest of(JcaPKCS10CertificationRequest request, PublicKey key) throws IOException {
        X500Name subject = request.getSubject();
        for (RDN rdn : subject.getRDNs()) {
            // Readers differ in which part of such a name they take: nobody may be two at once.
            if (rdn.isMultiValued()) {
                throw new IllegalArgumentException("a subject with several values in one part is not taken");
            }
        }
        List<String> names = values(subject, BCStyle.CN::equals);
        if (names.size() > 1) {
            throw new IllegalArgumentException("a subject with several common names is not taken");
        }
        List<String> dns = new ArrayList<>();
        List<String> addresses = new ArrayList<>();
        List<String> emails = new ArrayList<>();
        List<String> uris = new ArrayList<>();
        Extensions extensions = request.getRequestedExtensions();
        GeneralNames alternative =
                extensions == null ? null : GeneralNames.fromExtensions(extensions, Extension.subjectAlternativeName);
        if (alternative != null) {
            for (GeneralName name : alternative.getNames()) {
                switch (name.getTagNo()) {
                    case GeneralName.dNSName -> dns.add(name.getName().toString());
                    case GeneralName.rfc822Name -> emails.add(name.getName().toString());
                    case GeneralName.uniformResourceIdentifier ->
                        uris.add(name.getName().toString());
                    case GeneralName.iPAddress ->
                        addresses.add(InetAddress.getByAddress(ASN1OctetString.getInstance(name.getName())
                                        .getOctets())
                                .getHostAddress());
                    default ->
                        throw new IllegalArgumentException(
                                "alternative names of type " + name.getTagNo() + " are not known");
                }
            }
        }
        return new CertificateRequest(
                names.isEmpty() ? "" : names.getLast(),
                values(subject, BCStyle.O::equals),
                new X500Principal(subject.getEncoded()),
                dns,
                addresses,
                emails,
                uris,
                key);
    }

    private static List<String> values(X500Name subject, Predicate<ASN1ObjectIdentifier> wanted) {
        List<String> values = new ArrayList<>();
        for (RDN rdn : subject.getRDNs()) {
            for (AttributeTypeAndValue part : rdn.getTypesAndValues()) {
                if (wanted.test(part.getType())) {
                    values.add(IETFUtils.valueToString(part.getValue()));
                }
            }
        }
        return values;
    }
}
