// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.authentication;

import io.mizzen.api.status.StatusException;
import io.mizzen.api.status.StatusReason;
import io.mizzen.apiserver.http.ApiRequest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Finds out who sent a request: by certificate, else by bearer token (of a service account, else of a joining node), else nobody. Thread-safe. */
public final class Authenticator {
    private final CertificateAuthenticator certificates;
    private final ServiceAccountTokens tokens;
    private final BootstrapTokens bootstrapTokens;
    private final AccountLookup accounts;

    /** Looks up whether what a token is bound to still exists. */
    public interface AccountLookup {
        /** The uid of an object, or null when it does not exist. */
        @Nullable
        String uid(String resource, String namespace, String name);
    }

    public Authenticator(
            CertificateAuthenticator certificates,
            ServiceAccountTokens tokens,
            BootstrapTokens bootstrapTokens,
            AccountLookup accounts) {
        this.certificates = certificates;
        this.tokens = tokens;
        this.bootstrapTokens = bootstrapTokens;
        this.accounts = accounts;
    }

    /**
     * The user of a request; {@link UserInfo#ANONYMOUS} when it shows no credentials.
     *
     * @throws StatusException 401 when credentials are shown and are no good
     */
    public UserInfo authenticate(ApiRequest request) {
        UserInfo byCertificate = certificates.authenticate(request.peerCertificates());
        if (byCertificate != null) {
            return byCertificate;
        }
        String token = bearerToken(request);
        if (token.isEmpty()) {
            return UserInfo.ANONYMOUS;
        }
        UserInfo user = authenticateToken(token, List.of());
        if (user == null) {
            throw StatusException.of(StatusReason.Unauthorized, "Unauthorized");
        }
        return user;
    }

    private static String bearerToken(ApiRequest request) {
        String header = request.header("Authorization");
        if (header.regionMatches(true, 0, "Bearer ", 0, 7)) {
            return header.substring(7).strip();
        }
        // Browsers cannot set headers on a WebSocket: the token comes as a sub-protocol (API page "Authenticating").
        for (String protocol : request.headerList("Sec-WebSocket-Protocol").split(",")) {
            String prefix = "base64url.bearer.authorization.k8s.io.";
            if (protocol.strip().startsWith(prefix)) {
                return new String(
                        java.util.Base64.getUrlDecoder().decode(protocol.strip().substring(prefix.length())),
                        java.nio.charset.StandardCharsets.UTF_8);
            }
        }
        return "";
    }

    /**
     * The user a token stands for, for TokenReview too.
     *
     * @param audiences who it must be meant for; empty asks for the API server's own
     * @return null when it is no good
     */
    public @Nullable UserInfo authenticateToken(String token, List<String> audiences) {
        ServiceAccountTokens.Claims claims = tokens.check(token);
        if (claims == null) {
            boolean isForUs = audiences.isEmpty() || audiences.contains(tokens.issuer());
            return isForUs ? bootstrapTokens.authenticate(token) : null;
        }
        List<String> wanted = audiences.isEmpty() ? List.of(tokens.issuer()) : audiences;
        if (wanted.stream().noneMatch(claims.audiences()::contains)) {
            return null;
        }
        if (!claims.accountUid().equals(accounts.uid("serviceaccounts", claims.namespace(), claims.account()))) {
            return null;
        }
        Map<String, List<String>> extra = new HashMap<>();
        extra.put(UserInfo.CREDENTIAL_ID, List.of("JTI=" + claims.id()));
        for (var entry : claims.bound().entrySet()) {
            boolean isNode = entry.getKey().equals("node");
            String namespace = isNode ? "" : claims.namespace();
            ServiceAccountTokens.Bound bound = entry.getValue();
            boolean mustExist = !isNode || claims.bound().size() == 1;
            if (mustExist && !bound.uid().equals(accounts.uid(entry.getKey() + "s", namespace, bound.name()))) {
                return null;
            }
            if (!entry.getKey().equals("secret")) {
                extra.put("authentication.kubernetes.io/" + entry.getKey() + "-name", List.of(bound.name()));
                extra.put("authentication.kubernetes.io/" + entry.getKey() + "-uid", List.of(bound.uid()));
            }
        }
        return serviceAccount(claims.namespace(), claims.account(), claims.accountUid(), extra);
    }

    private static UserInfo serviceAccount(String namespace, String name, String uid, Map<String, List<String>> extra) {
        List<String> groups = new ArrayList<>();
        groups.add("system:serviceaccounts");
        groups.add("system:serviceaccounts:" + namespace);
        groups.add(UserInfo.AUTHENTICATED);
        return new UserInfo("system:serviceaccount:" + namespace + ":" + name, uid, groups, extra);
    }
}
