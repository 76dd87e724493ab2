// SPDX-License-Identifier: Apache-2.0
package io.mizzen.api.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CronScheduleTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "* * * * *       | 2026-01-01T00:00:00Z | 2026-01-01T00:01:00Z",
                "*/15 * * * *    | 2026-01-01T00:16:00Z | 2026-01-01T00:30:00Z",
                "5-10/2 3 * * *  | 2026-01-01T03:07:00Z | 2026-01-01T03:09:00Z",
                "0 0 1 * *       | 2026-01-15T00:00:00Z | 2026-02-01T00:00:00Z",
                "0 0 * * mon-fri | 2026-01-02T12:00:00Z | 2026-01-05T00:00:00Z",
                "0 0 13 * 5      | 2026-01-01T00:00:00Z | 2026-01-02T00:00:00Z",
                "0 0 29 feb ?    | 2026-01-01T00:00:00Z | 2028-02-29T00:00:00Z",
                "0 12 * * 0      | 2026-01-01T00:00:00Z | 2026-01-04T12:00:00Z",
                "0 0 */2 * 1     | 2026-01-01T00:00:00Z | 2026-01-03T00:00:00Z",
                "@every 1h30m    | 2026-01-01T00:00:00.5Z | 2026-01-01T01:30:00Z",
                "@hourly         | 2026-01-01T00:00:00Z | 2026-01-01T01:00:00Z",
                "@weekly         | 2026-01-01T00:00:00Z | 2026-01-04T00:00:00Z"
            })
    void findsTheNextTime(String schedule, String after, String next) {
        assertThat(new CronSchedule(schedule).next(Instant.parse(after), ZoneOffset.UTC))
                .contains(Instant.parse(next));
    }

    @Test
    void skipsALocalTimeThatDoesNotExistAndTakesADoubleOneOnce() {
        ZoneId berlin = ZoneId.of("Europe/Berlin");
        CronSchedule night = new CronSchedule("30 2 * * *");

        assertThat(night.next(Instant.parse("2026-03-28T12:00:00Z"), berlin))
                .contains(Instant.parse("2026-03-30T00:30:00Z"));
        Instant first =
                night.next(Instant.parse("2026-10-24T12:00:00Z"), berlin).orElseThrow();
        assertThat(first).isEqualTo(Instant.parse("2026-10-25T00:30:00Z"));
        assertThat(night.next(first, berlin)).contains(Instant.parse("2026-10-26T01:30:00Z"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "* * * *     | expected exactly 5 fields, found 4: [* * * *]",
                "60 * * * *  | end of range (60) above maximum (59): 60",
                "* * 0 * *   | beginning of range (0) below minimum (1): 0",
                "* * * * 7   | end of range (7) above maximum (6): 7",
                "5-1 * * * * | beginning of range (5) beyond end of range (1): 5-1",
                "*/0 * * * * | step of range should be a positive number: */0",
                "1/2/3 * * * * | too many slashes: 1/2/3",
                "1-2-3 * * * * | too many hyphens: 1-2-3",
                "a * * * *   | failed to parse int from a: strconv.Atoi: parsing \"a\": invalid syntax",
                "@never      | unrecognized descriptor: @never",
                "@every soon | failed to parse duration @every soon: time: invalid duration \"soon\""
            })
    void refusesWhatIsNoSchedule(String schedule, String why) {
        assertThatThrownBy(() -> new CronSchedule(schedule))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(why);
    }

    @Test
    void findsNoTimeForADayThatNeverComes() {
        assertThat(new CronSchedule("0 0 30 2 *").next(Instant.parse("2026-01-01T00:00:00Z"), ZoneOffset.UTC))
                .isEmpty();
    }
}
