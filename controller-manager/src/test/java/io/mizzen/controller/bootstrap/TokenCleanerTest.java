// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.bootstrap;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TokenCleanerTest {
    private static Secret secret(String type, String expiration) {
        return new SecretBuilder()
                .withType(type)
                .withData(Map.of(
                        "expiration", Base64.getEncoder().encodeToString(expiration.getBytes(StandardCharsets.UTF_8))))
                .build();
    }

    @Test
    void onlyTokensExpireAndUnreadableOnesAtOnce() {
        assertThat(TokenCleaner.expiry(secret("bootstrap.kubernetes.io/token", "2026-01-01T00:00:00Z")))
                .contains(Instant.parse("2026-01-01T00:00:00Z"));
        assertThat(TokenCleaner.expiry(secret("bootstrap.kubernetes.io/token", "soon")))
                .contains(Instant.EPOCH);
        assertThat(TokenCleaner.expiry(secret("Opaque", "2026-01-01T00:00:00Z")))
                .isEmpty();
        assertThat(TokenCleaner.expiry(secret("bootstrap.kubernetes.io/token", "")))
                .isEmpty();
    }
}
