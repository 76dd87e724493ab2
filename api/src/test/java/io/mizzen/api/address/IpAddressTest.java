// SPDX-License-Identifier: Apache-2.0
package io.mizzen.api.address;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IpAddressTest {
    @ParameterizedTest
    @CsvSource({
        "10.42.0.7, true",
        "192.0.2.1, true",
        "2001:db8::1, true",
        "127.0.0.1, false",
        "127.8.8.8, false",
        "169.254.169.254, false",
        "0.0.0.0, false",
        "224.0.0.1, false",
        "::1, false",
        "fe80::1, false",
        "::ffff:127.0.0.1, false"
    })
    void knowsWhichMayBeOneMachinesAlone(String literal, boolean isGlobalUnicast) {
        assertThat(IpAddress.parse(literal).orElseThrow().isGlobalUnicast()).isEqualTo(isGlobalUnicast);
    }

    @Test
    void equalAddressesHaveEqualTexts() {
        assertThat(IpAddress.parse("2001:DB8:0::1")).isEqualTo(IpAddress.parse("2001:db8::1"));
        assertThat(IpAddress.parse("localhost")).isEmpty();
        assertThat(IpAddress.parse("")).isEmpty();
    }
}
