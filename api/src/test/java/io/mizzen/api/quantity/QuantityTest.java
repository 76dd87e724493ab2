// SPDX-License-Identifier: Apache-2.0
package io.mizzen.api.quantity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QuantityTest {
    @ParameterizedTest
    @CsvSource({
        "0.5,500m",
        "1024Mi,1Gi",
        "1000m,1",
        "1e3,1e3",
        "12e6,12e6",
        "1500,1500",
        "2000,2k",
        "0,0",
        "100Ki,100Ki",
        "1.5Gi,1536Mi",
        "0.1,100m",
        "1u,1u",
        "0.0000000001,1n",
        "-5,-5",
        "1023Ki,1023Ki",
        "5E,5E",
        "0.5Ki,512",
        "3000000,3M",
        "1Ei,1Ei",
        "+1,1",
        ".5,500m",
        "1.,1"
    })
    void writesTheCanonicalForm(String text, String canonical) {
        assertThat(Quantity.parse(text)).hasToString(canonical);
    }

    @Test
    void roundsUpToWholeAndMilliValues() {
        assertThat(Quantity.parse("1100m").toLong()).isEqualTo(2);
        assertThat(Quantity.parse("100u").toMilli()).isEqualTo(1);
        assertThat(Quantity.parse("1Gi").toLong()).isEqualTo(1L << 30);
    }

    @ParameterizedTest
    @CsvSource({"abc", "1Q", "''", "1 Gi", "--1"})
    void refusesWhatIsNoQuantity(String text) {
        assertThatThrownBy(() -> Quantity.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }
}
