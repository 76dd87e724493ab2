// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.serviceaccount;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import org.junit.jupiter.api.Test;

class TokenSecretTest {
    private static final Secret EMPTY = new SecretBuilder()
            .withNewMetadata()
            .withNamespace("team")
            .withName("bot-token")
            .addToAnnotations("kubernetes.io/service-account.name", "bot")
            .endMetadata()
            .withType("kubernetes.io/service-account-token")
            .addToData("extra", "eA==")
            .build();

    private static ServiceAccount account(String uid) {
        return new ServiceAccountBuilder()
                .withNewMetadata()
                .withName("bot")
                .withUid(uid)
                .endMetadata()
                .build();
    }

    @Test
    void isFilledOnceAndKeepsWhatElseIsInIt() {
        Secret filled = TokenSecret.filled(EMPTY, account("u1"), "PEM", "a.b.c");

        assertThat(TokenSecret.isComplete(EMPTY, "PEM")).isFalse();
        assertThat(TokenSecret.isComplete(filled, "PEM")).isTrue();
        assertThat(TokenSecret.token(filled)).contains("a.b.c");
        assertThat(filled.getData()).containsEntry("extra", "eA==").containsEntry("namespace", "dGVhbQ==");
        assertThat(TokenSecret.isComplete(filled, "another PEM")).isFalse();
    }

    @Test
    void belongsToTheAccountThatItWasFilledFor() {
        Secret filled = TokenSecret.filled(EMPTY, account("u1"), "PEM", "a.b.c");

        assertThat(TokenSecret.belongsTo(EMPTY, account("u2"))).isTrue();
        assertThat(TokenSecret.belongsTo(filled, account("u1"))).isTrue();
        assertThat(TokenSecret.belongsTo(filled, account("u2"))).isFalse();
    }

    @Test
    void othersAreNone() {
        assertThat(TokenSecret.isOne(EMPTY)).isTrue();
        assertThat(TokenSecret.isOne(new SecretBuilder(EMPTY).withType("Opaque").build()))
                .isFalse();
        assertThat(TokenSecret.isOne(new SecretBuilder(EMPTY)
                        .editMetadata()
                        .withAnnotations(null)
                        .endMetadata()
                        .build()))
                .isFalse();
    }
}
