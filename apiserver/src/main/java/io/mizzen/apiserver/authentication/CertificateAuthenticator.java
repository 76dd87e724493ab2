// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.authentication;

import io.mizzen.api.status.StatusException;
import io.mizzen.api.status.StatusReason;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CertPath;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import org.jspecify.annotations.Nullable;

/**
 * Takes the user from a verified client certificate: common name is the user, organisations are the groups (API page
 * "X509 client certificates"). Remembers the newest certificates it has verified. Thread-safe.
 */
public final class CertificateAuthenticator {
    private static final String CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
    private static final String ANY_USAGE = "2.5.29.37.0";
    private static final int REMEMBERED = 1024;

    private final Set<TrustAnchor> anchors;
    private final InstantSource clock;
    private final Map<X509Certificate, UserInfo> verified = new LinkedHashMap<>(64, 0.75f, true);

    /**
     * @param authorities CA certificates that clients may be signed by
     * @param clock for validity dates
     */
    public CertificateAuthenticator(Collection<X509Certificate> authorities, InstantSource clock) {
        this.anchors = authorities.stream()
                .map(authority -> new TrustAnchor(authority, null))
                .collect(Collectors.toUnmodifiableSet());
        this.clock = clock;
    }

    /**
     * The user of a chain.
     *
     * @return null when no certificate was presented
     * @throws StatusException 401 when it does not verify
     */
    public @Nullable UserInfo authenticate(List<X509Certificate> chain) {
        if (chain.isEmpty()) {
            return null;
        }
        X509Certificate leaf = chain.getFirst();
        Date now = Date.from(clock.instant());
        synchronized (verified) {
            UserInfo known = verified.get(leaf);
            if (known != null && now.before(leaf.getNotAfter())) {
                return known;
            }
        }
        UserInfo user;
        try {
            user = verify(chain, now);
        } catch (GeneralSecurityException | InvalidNameException | IllegalArgumentException untrusted) {
            throw StatusException.of(StatusReason.Unauthorized, "Unauthorized");
        }
        synchronized (verified) {
            verified.put(leaf, user);
            if (verified.size() > REMEMBERED) {
                verified.remove(verified.keySet().iterator().next());
            }
        }
        return user;
    }

    private UserInfo verify(List<X509Certificate> chain, Date now)
            throws GeneralSecurityException, InvalidNameException {
        X509Certificate leaf = chain.getFirst();
        CertPath path = CertificateFactory.getInstance("X.509").generateCertPath(chain);
        PKIXParameters parameters = new PKIXParameters(anchors);
        parameters.setRevocationEnabled(false);
        parameters.setDate(now);
        CertPathValidator.getInstance("PKIX").validate(path, parameters);
        List<String> usages = leaf.getExtendedKeyUsage();
        if (usages != null && !usages.contains(CLIENT_AUTH) && !usages.contains(ANY_USAGE)) {
            throw new GeneralSecurityException("the certificate is not for clients");
        }
        String name = "";
        List<String> groups = new ArrayList<>();
        for (Rdn part : new LdapName(leaf.getSubjectX500Principal().getName()).getRdns()) {
            String value = String.valueOf(part.getValue());
            if (part.getType().equalsIgnoreCase("CN")) {
                name = value;
            } else if (part.getType().equalsIgnoreCase("O")) {
                groups.add(value);
            }
        }
        if (name.isEmpty()) {
            throw new GeneralSecurityException("the certificate names no user");
        }
        groups.add(UserInfo.AUTHENTICATED);
        return new UserInfo(name, "", groups, Map.of(UserInfo.CREDENTIAL_ID, List.of("X509SHA256=" + sha256(leaf))));
    }

    private static String sha256(X509Certificate certificate) throws GeneralSecurityException {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
        return HexFormat.of().formatHex(digest);
    }
}
