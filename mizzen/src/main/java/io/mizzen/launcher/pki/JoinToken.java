// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.pki;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * By what a node joins: {@code K10<hash of the cluster's CA key>::<id>.<secret>}. The first half says which server to trust,
 * the second is a bootstrap token, by which the server trusts the node. See docs/adr/0010-join-token.md.
 *
 * @param authorityHash SHA-256 of the public key of the cluster's CA in hexadecimal; empty when it is not known
 * @param id public half of the bootstrap token
 * @param secret its other half
 */
public record JoinToken(Optional<String> authorityHash, String id, String secret) {
    private static final Pattern FORM = Pattern.compile("(?:K10([0-9a-f]{64})::)?([a-z0-9]{6})\\.([a-z0-9]{16})");
    private static final String LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
    private static final int ID_LENGTH = 6;
    private static final int SECRET_LENGTH = 16;

    /** Reads either form; empty when the text is neither. */
    public static Optional<JoinToken> parse(String text) {
        Matcher matcher = FORM.matcher(text.strip());
        return matcher.matches()
                ? Optional.of(new JoinToken(Optional.ofNullable(matcher.group(1)), matcher.group(2), matcher.group(3)))
                : Optional.empty();
    }

    /** A new bootstrap token, without a hash. */
    public static JoinToken random() {
        SecureRandom random = new SecureRandom();
        StringBuilder letters = new StringBuilder();
        while (letters.length() < ID_LENGTH + SECRET_LENGTH) {
            letters.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
        }
        return new JoinToken(Optional.empty(), letters.substring(0, ID_LENGTH), letters.substring(ID_LENGTH));
    }

    /** The same for the cluster of this CA (PEM). */
    public JoinToken of(String authorityPem) {
        return new JoinToken(Optional.of(hash(authorityPem)), id, secret);
    }

    /** The bootstrap token alone, as the API server takes it. */
    public String bearer() {
        return id + "." + secret;
    }

    /** The whole text. */
    public String text() {
        return authorityHash.map(hash -> "K10" + hash + "::").orElse("") + bearer();
    }

    /** Whether a CA (PEM) is the one this token names; false when there is more than that one certificate. */
    public boolean trusts(String authorityPem) {
        return authorityHash.isPresent()
                && authorityPem.split("-----BEGIN ", -1).length == 2
                && MessageDigest.isEqual(
                        authorityHash.get().getBytes(StandardCharsets.US_ASCII),
                        hash(authorityPem).getBytes(StandardCharsets.US_ASCII));
    }

    /** Of the key, so that a renewed certificate of the same authority stays trusted. */
    private static String hash(String authorityPem) {
        try {
            var certificates = CertificateFactory.getInstance("X.509")
                    .generateCertificates(new ByteArrayInputStream(authorityPem.getBytes(StandardCharsets.US_ASCII)));
            // What is hashed is all that will be trusted.
            if (certificates.size() != 1) {
                throw new PkiException(
                        "the cluster's CA is not one certificate",
                        new GeneralSecurityException("found " + certificates.size()));
            }
            X509Certificate certificate =
                    (X509Certificate) certificates.iterator().next();
            byte[] key = certificate.getPublicKey().getEncoded();
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(key));
        } catch (GeneralSecurityException e) {
            throw new PkiException("cannot read the cluster's CA", e);
        }
    }
}
