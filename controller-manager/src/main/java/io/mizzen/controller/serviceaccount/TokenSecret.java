// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.serviceaccount;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** What a Secret of type {@code kubernetes.io/service-account-token} holds. Pure. */
final class TokenSecret {
    private static final String TYPE = "kubernetes.io/service-account-token";
    private static final String ACCOUNT = "kubernetes.io/service-account.name";
    private static final String ACCOUNT_UID = "kubernetes.io/service-account.uid";
    private static final String TOKEN = "token";
    private static final String CA = "ca.crt";
    private static final String NAMESPACE = "namespace";

    private TokenSecret() {}

    /** Whether a Secret is of the type and names an account. */
    static boolean isOne(Secret secret) {
        return TYPE.equals(secret.getType()) && !account(secret).isEmpty();
    }

    /** The name of its account. */
    static String account(Secret secret) {
        return annotation(secret, ACCOUNT);
    }

    /** Whether an account of the name is the one meant: a Secret that knows a UID means no other. */
    static boolean belongsTo(Secret secret, ServiceAccount account) {
        String uid = annotation(secret, ACCOUNT_UID);
        return uid.isEmpty() || uid.equals(account.getMetadata().getUid());
    }

    /** The token as it lies there, base64 taken off. */
    static Optional<String> token(Secret secret) {
        return Optional.ofNullable(data(secret).get(TOKEN))
                .filter(token -> !token.isEmpty())
                .map(token -> new String(Base64.getDecoder().decode(token), StandardCharsets.UTF_8));
    }

    /** Whether nothing is missing or spoiled. */
    static boolean isComplete(Secret secret, String caPem) {
        return token(secret).isPresent()
                && !annotation(secret, ACCOUNT_UID).isEmpty()
                && encoded(caPem).equals(data(secret).get(CA))
                && encoded(secret.getMetadata().getNamespace())
                        .equals(data(secret).get(NAMESPACE));
    }

    /** The Secret with all that belongs into it; further data stays. */
    static Secret filled(Secret secret, ServiceAccount account, String caPem, String token) {
        return new SecretBuilder(secret)
                .editMetadata()
                .addToAnnotations(ACCOUNT_UID, account.getMetadata().getUid())
                .endMetadata()
                .addToData(TOKEN, encoded(token))
                .addToData(CA, encoded(caPem))
                .addToData(NAMESPACE, encoded(secret.getMetadata().getNamespace()))
                .build();
    }

    private static String annotation(Secret secret, String key) {
        Map<String, String> annotations = secret.getMetadata().getAnnotations();
        return annotations == null ? "" : Objects.requireNonNullElse(annotations.get(key), "");
    }

    private static Map<String, String> data(Secret secret) {
        return Objects.requireNonNullElse(secret.getData(), Map.of());
    }

    private static String encoded(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
