// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.endpoint;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProxyNameTest {
    @Test
    void readsSchemeAndPort() {
        assertThat(ProxyName.parse("web")).contains(new ProxyName("", "web", ""));
        assertThat(ProxyName.parse("web:80")).contains(new ProxyName("", "web", "80"));
        assertThat(ProxyName.parse("https:web:")).contains(new ProxyName("https", "web", ""));
        assertThat(ProxyName.parse(":web:http")).contains(new ProxyName("", "web", "http"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ":", "ftp:web:21", "https::443", "a:b:c:d"})
    void refusesWhatIsNone(String text) {
        assertThat(ProxyName.parse(text)).isEmpty();
    }
}
