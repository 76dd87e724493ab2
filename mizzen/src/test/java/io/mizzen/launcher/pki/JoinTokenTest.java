// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.pki;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JoinTokenTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    private static String authority(KeyPair keys, Instant now) throws Exception {
        return PemFiles.encode(
                "CERTIFICATE",
                Authority.selfSigned("kubernetes", keys, now).certificate().getEncoded());
    }

    @Test
    void trustsTheAuthorityItWasMadeForAndItsRenewalAndNoOther() throws Exception {
        KeyPair keys = Authority.newKeyPair();
        JoinToken token = JoinToken.random().of(authority(keys, NOW));

        assertThat(token.trusts(authority(keys, NOW))).isTrue();
        assertThat(token.trusts(authority(keys, NOW.plus(Duration.ofDays(1000)))))
                .isTrue();
        assertThat(token.trusts(authority(Authority.newKeyPair(), NOW))).isFalse();
    }

    @Test
    void trustsNoAuthorityThatComesWithAnother() throws Exception {
        String ours = authority(Authority.newKeyPair(), NOW);
        String theirs = authority(Authority.newKeyPair(), NOW);
        JoinToken token = JoinToken.random().of(ours);

        assertThat(token.trusts(ours + theirs)).isFalse();
        assertThat(token.trusts(theirs + ours)).isFalse();
    }

    @Test
    void aTokenWithoutAHashTrustsNobody() throws Exception {
        assertThat(JoinToken.random().trusts(authority(Authority.newKeyPair(), NOW)))
                .isFalse();
    }

    @Test
    void isReadAsItIsWritten() throws Exception {
        JoinToken token = JoinToken.random().of(authority(Authority.newKeyPair(), NOW));

        assertThat(JoinToken.parse(token.text() + "\n")).contains(token);
        assertThat(JoinToken.parse(token.bearer()).orElseThrow().authorityHash())
                .isEmpty();
        assertThat(token.bearer()).matches("[a-z0-9]{6}\\.[a-z0-9]{16}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "abcdef",
                "abcdef.0123",
                "ABCDEF.0123456789abcdef",
                "abcdef.0123456789abcdef0",
                "K10::abcdef.0123456789abcdef",
                "K10zz::abcdef.0123456789abcdef"
            })
    void refusesOtherForms(String text) {
        assertThat(JoinToken.parse(text)).isEmpty();
    }
}
