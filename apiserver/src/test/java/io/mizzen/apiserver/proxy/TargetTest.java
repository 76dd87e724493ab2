// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mizzen.api.status.StatusException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TargetTest {
    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "169.254.169.254", "::1"})
    void noStatusLeadsTheServerToItself(String host) {
        assertThatThrownBy(() -> new Target(host, 80, false, false, "/").requireProxyable())
                .isInstanceOf(StatusException.class)
                .hasMessage("address not allowed");
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.42.0.7", "2001:db8::1"})
    void otherAddressesMayBeReached(String host) {
        Target target = new Target(host, 80, false, false, "/");

        assertThat(target.requireProxyable()).isSameAs(target);
    }
}
