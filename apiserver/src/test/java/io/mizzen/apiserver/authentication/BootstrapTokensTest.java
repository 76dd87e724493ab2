// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.authentication;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import org.junit.jupiter.api.Test;

class BootstrapTokensTest {
    private static final String TOKEN = "abcdef.0123456789abcdef";
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    private final ObjectNode secret = secret();
    private final BootstrapTokens tokens =
            new BootstrapTokens(name -> name.equals("bootstrap-token-abcdef") ? secret : null, () -> NOW);

    private static ObjectNode secret() {
        ObjectNode secret = JsonNodeFactory.instance.objectNode();
        secret.putObject("metadata").put("name", "bootstrap-token-abcdef");
        secret.put("type", "bootstrap.kubernetes.io/token");
        secret.putObject("data");
        put(secret, "token-id", "abcdef");
        put(secret, "token-secret", "0123456789abcdef");
        put(secret, "usage-bootstrap-authentication", "true");
        return secret;
    }

    private static void put(ObjectNode secret, String key, String value) {
        secret.withObject("/data").put(key, Base64.getEncoder().encodeToString(value.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void aTokenStandsForABootstrapper() {
        put(secret, "auth-extra-groups", "system:bootstrappers:racks");

        UserInfo user = tokens.authenticate(TOKEN);

        assertThat(user).isNotNull();
        assertThat(user.name()).isEqualTo("system:bootstrap:abcdef");
        assertThat(user.groups())
                .containsExactly("system:bootstrappers", "system:bootstrappers:racks", UserInfo.AUTHENTICATED);
    }

    @Test
    void isGoodUntilItExpires() {
        put(secret, "expiration", "2026-01-01T00:00:01Z");
        assertThat(tokens.authenticate(TOKEN)).isNotNull();

        put(secret, "expiration", "2026-01-01T00:00:00Z");
        assertThat(tokens.authenticate(TOKEN)).isNull();

        put(secret, "expiration", "tomorrow");
        assertThat(tokens.authenticate(TOKEN)).as("unreadable").isNull();
    }

    @Test
    void refusesAWrongSecretAnotherTypeAnotherUsageAndForeignGroups() {
        assertThat(tokens.authenticate("abcdef.0123456789abcdee")).isNull();
        assertThat(tokens.authenticate("bcdefg.0123456789abcdef")).isNull();
        assertThat(tokens.authenticate("anything")).isNull();

        put(secret, "auth-extra-groups", "system:masters");
        assertThat(tokens.authenticate(TOKEN)).isNull();
        secret.withObject("/data").remove("auth-extra-groups");

        put(secret, "usage-bootstrap-authentication", "false");
        assertThat(tokens.authenticate(TOKEN)).isNull();
        put(secret, "usage-bootstrap-authentication", "true");

        secret.put("type", "Opaque");
        assertThat(tokens.authenticate(TOKEN)).isNull();
    }
}
