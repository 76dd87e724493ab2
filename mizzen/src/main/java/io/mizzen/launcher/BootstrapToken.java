// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.mizzen.launcher.pki.JoinToken;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A bootstrap token as the Secret that it is kept in (API page "Authenticating with Bootstrap Tokens"). Pure.
 *
 * @param token its two halves
 * @param expiration until when it is good; empty for ever
 * @param description for people
 * @param groups groups beside {@code system:bootstrappers}
 */
record BootstrapToken(JoinToken token, Optional<Instant> expiration, String description, List<String> groups) {
    static final String NAMESPACE = "kube-system";
    static final String TYPE = "bootstrap.kubernetes.io/token";
    private static final String PREFIX = "bootstrap-token-";

    BootstrapToken {
        groups = List.copyOf(groups);
    }

    static String secretName(String id) {
        return PREFIX + id;
    }

    Secret secret() {
        Map<String, String> data = new LinkedHashMap<>();
        data.put("token-id", token.id());
        data.put("token-secret", token.secret());
        data.put("usage-bootstrap-authentication", "true");
        data.put("usage-bootstrap-signing", "true");
        expiration.ifPresent(end -> data.put("expiration", end.toString()));
        if (!description.isEmpty()) {
            data.put("description", description);
        }
        if (!groups.isEmpty()) {
            data.put("auth-extra-groups", String.join(",", groups));
        }
        Map<String, String> encoded = new LinkedHashMap<>();
        data.forEach((key, value) ->
                encoded.put(key, Base64.getEncoder().encodeToString(value.getBytes(StandardCharsets.UTF_8))));
        return new SecretBuilder()
                .withNewMetadata()
                .withNamespace(NAMESPACE)
                .withName(secretName(token.id()))
                .endMetadata()
                .withType(TYPE)
                .withData(encoded)
                .build();
    }

    /** Reads a Secret; empty when it holds no token. */
    static Optional<BootstrapToken> of(Secret secret) {
        if (!TYPE.equals(secret.getType())) {
            return Optional.empty();
        }
        Optional<JoinToken> token = JoinToken.parse(data(secret, "token-id") + "." + data(secret, "token-secret"));
        String groups = data(secret, "auth-extra-groups");
        return token.map(each -> new BootstrapToken(
                each,
                instant(data(secret, "expiration")),
                data(secret, "description"),
                groups.isEmpty() ? List.of() : List.of(groups.split(","))));
    }

    private static Optional<Instant> instant(String text) {
        try {
            return text.isEmpty() ? Optional.empty() : Optional.of(Instant.parse(text));
        } catch (DateTimeParseException unreadable) {
            return Optional.of(Instant.EPOCH);
        }
    }

    private static String data(Secret secret, String key) {
        String encoded = secret.getData() == null ? null : secret.getData().get(key);
        return encoded == null ? "" : new String(Base64.getDecoder().decode(encoded), StandardCharsets.UTF_8);
    }
}
