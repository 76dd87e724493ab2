// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RfcTimeTest {

    @ParameterizedTest
    @CsvSource({
        "2020-01-02T03:04:05Z, 2020-01-02T03:04:05Z",
        "2020-01-02T03:04:05.9Z, 2020-01-02T03:04:05Z",
        "2020-01-02T03:04:05+02:30, 2020-01-02T00:34:05Z",
        "2024-02-29T23:59:59-00:30, 2024-03-01T00:29:59Z",
    })
    void normalisesToUtcSeconds(String text, String canonical) {
        assertThat(RfcTime.normalise(text, false)).isEqualTo(canonical);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "2020-01-02|false|parsing time \"2020-01-02\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\" as \"T\"",
                "2020-02-30T00:00:00Z|false|parsing time \"2020-02-30T00:00:00Z\": day out of range",
                "2020-01-02T03:04:05|false|parsing time \"2020-01-02T03:04:05\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\" as \"Z07:00\"",
                "2020-01-02T03:04:05Zx|false|parsing time \"2020-01-02T03:04:05Zx\": extra text: \"x\"",
                "2020-01-02T24:04:05Z|false|parsing time \"2020-01-02T24:04:05Z\": hour out of range",
                "2020-01-02T03:04:05Z|true|parsing time \"2020-01-02T03:04:05Z\" as \"2006-01-02T15:04:05.000000Z07:00\": cannot parse \"Z\" as \".000000\"",
            })
    void refusesInGoWords(String text, boolean micro, String message) {
        assertThatThrownBy(() -> RfcTime.parse(text, micro)).hasMessage(message);
    }

    @Test
    void keepsMicroseconds() {
        assertThat(RfcTime.normalise("2020-01-02T03:04:05.000120Z", true)).isEqualTo("2020-01-02T03:04:05.000120Z");
        assertThat(RfcTime.formatMicro(Instant.parse("2020-01-02T03:04:05.1234567Z")))
                .isEqualTo("2020-01-02T03:04:05.123456Z");
    }
}
