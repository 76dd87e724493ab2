// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.authentication;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.text.ParseException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Makes and checks service account tokens: signed JWTs bound to an account and maybe to a pod, a secret or a node, that
 * expire (KEP-1205). Thread-safe.
 */
public final class ServiceAccountTokens {
    private static final String CLAIM = "kubernetes.io";

    private final JWK key;
    private final JWSAlgorithm algorithm;
    private final JWSSigner signer;
    private final JWSVerifier verifier;
    private final String issuer;
    private final InstantSource clock;

    /**
     * What a token says, its signature, issuer and dates being good.
     *
     * @param namespace namespace of the account
     * @param account name of the account
     * @param accountUid uid of the account
     * @param audiences who may take it
     * @param bound kind to (name, uid) of the objects that it is bound to: {@code pod}, {@code secret}, {@code node}
     * @param id the token's own id
     */
    public record Claims(
            String namespace,
            String account,
            String accountUid,
            List<String> audiences,
            Map<String, Bound> bound,
            String id) {}

    /** An object that a token lives and dies with. */
    public record Bound(String name, String uid) {}

    /**
     * @param pem private key, EC P-256 or RSA, as PEM
     * @param issuer value of {@code iss}
     * @throws IllegalArgumentException when the key cannot be used
     */
    public ServiceAccountTokens(String pem, String issuer, InstantSource clock) {
        this.issuer = issuer;
        this.clock = clock;
        try {
            JWK parsed = SigningKey.read(pem);
            switch (parsed) {
                case ECKey ec -> {
                    this.key = ec;
                    this.algorithm = JWSAlgorithm.ES256;
                    this.signer = new ECDSASigner(ec);
                    this.verifier = new ECDSAVerifier(ec.toPublicJWK());
                }
                case RSAKey rsa -> {
                    this.key = rsa;
                    this.algorithm = JWSAlgorithm.RS256;
                    this.signer = new RSASSASigner(rsa);
                    this.verifier = new RSASSAVerifier(rsa.toPublicJWK());
                }
                default -> throw new IllegalArgumentException("the service account key is neither EC nor RSA");
            }
        } catch (JOSEException unusable) {
            throw new IllegalArgumentException("the service account key cannot be used: " + unusable.getMessage());
        }
    }

    public String issuer() {
        return issuer;
    }

    /** The public keys as served at {@code /openid/v1/jwks}. */
    public String publicKeys() {
        return new JWKSet(key).toPublicJWKSet().toString();
    }

    /** Signs a token that is good until {@code expiry}. */
    public String issue(Claims claims, Instant expiry) {
        Instant now = clock.instant();
        Map<String, Object> bound = new LinkedHashMap<>();
        bound.put("namespace", claims.namespace());
        bound.put("serviceaccount", Map.of("name", claims.account(), "uid", claims.accountUid()));
        claims.bound().forEach((kind, target) -> bound.put(kind, Map.of("name", target.name(), "uid", target.uid())));
        JWTClaimsSet set = new JWTClaimsSet.Builder()
                .issuer(issuer)
                .subject("system:serviceaccount:" + claims.namespace() + ":" + claims.account())
                .audience(claims.audiences())
                .issueTime(Date.from(now))
                .notBeforeTime(Date.from(now))
                .expirationTime(Date.from(expiry))
                .jwtID(claims.id().isEmpty() ? UUID.randomUUID().toString() : claims.id())
                .claim(CLAIM, bound)
                .build();
        // As upstream's, a list where there is but one: some readers know no other form.
        Map<String, Object> payload = new LinkedHashMap<>(set.toJSONObject());
        payload.put("aud", claims.audiences());
        JWSObject token = new JWSObject(
                new JWSHeader.Builder(algorithm)
                        .keyID(key.getKeyID())
                        .type(JOSEObjectType.JWT)
                        .build(),
                new Payload(payload));
        try {
            token.sign(signer);
        } catch (JOSEException broken) {
            throw new IllegalStateException("the service account key does not sign", broken);
        }
        return token.serialize();
    }

    /**
     * Checks signature, issuer and dates.
     *
     * @return null when the token is not good or not one of ours
     */
    public @Nullable Claims check(String token) {
        try {
            SignedJWT jwt = SignedJWT.parse(token);
            JWTClaimsSet set = jwt.getJWTClaimsSet();
            Date now = Date.from(clock.instant());
            boolean good = jwt.getHeader().getAlgorithm().equals(algorithm)
                    && jwt.verify(verifier)
                    && issuer.equals(set.getIssuer())
                    && set.getExpirationTime() != null
                    && now.before(set.getExpirationTime())
                    && (set.getNotBeforeTime() == null || !now.before(set.getNotBeforeTime()));
            return good ? claims(set) : null;
        } catch (ParseException | JOSEException | ClassCastException | NullPointerException malformed) {
            return null;
        }
    }

    @SuppressWarnings("unchecked") // the claim is a map of maps by its definition; anything else is caught by check
    private static Claims claims(JWTClaimsSet set) throws ParseException {
        Map<String, Object> ours = set.getJSONObjectClaim(CLAIM);
        Map<String, Bound> bound = new LinkedHashMap<>();
        Map<String, Object> account =
                (Map<String, Object>) Objects.requireNonNull(ours.get("serviceaccount"), "serviceaccount");
        for (String kind : List.of("pod", "secret", "node")) {
            if (ours.get(kind) instanceof Map<?, ?> target) {
                bound.put(kind, new Bound(String.valueOf(target.get("name")), String.valueOf(target.get("uid"))));
            }
        }
        return new Claims(
                String.valueOf(ours.get("namespace")),
                String.valueOf(account.get("name")),
                String.valueOf(account.get("uid")),
                set.getAudience(),
                bound,
                String.valueOf(set.getJWTID()));
    }
}
