// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.cronjob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.batch.v1.CronJob;
import io.fabric8.kubernetes.api.model.batch.v1.CronJobBuilder;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CronTest {

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
                "0 12 * * 7      | 2026-01-01T00:00:00Z | 2026-01-04T12:00:00Z",
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
    @ValueSource(strings = {"* * * *", "60 * * * *", "* * 0 * *", "a * * * *", "5-1 * * * *", "*/0 * * * *", "@never"})
    void refusesWhatIsNoSchedule(String schedule) {
        assertThatThrownBy(() -> new CronSchedule(schedule)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void findsNoTimeForADayThatNeverComes() {
        assertThat(new CronSchedule("0 0 30 2 *").next(Instant.parse("2026-01-01T00:00:00Z"), ZoneOffset.UTC))
                .isEmpty();
    }

    @Test
    void startsOnlyTheNewestOfSeveralMissedTimes() {
        CronPlan.Decision decision = decide(cron("Allow", null), false, "2026-01-01T00:05:30Z");

        assertThat(decision.start()).isEqualTo(new CronPlan.Start.Run(Instant.parse("2026-01-01T00:05:00Z"), false));
        assertThat(decision.again()).contains(Duration.ofMillis(30_100));
    }

    @Test
    void saysSoWhenItMissedMoreThanAHundred() {
        assertThat(decide(cron("Allow", null), false, "2026-01-03T07:00:59Z").start())
                .isEqualTo(new CronPlan.Start.Run(Instant.parse("2026-01-03T07:00:00Z"), true));
    }

    @Test
    void leavesOutTimesBeforeTheStartingDeadline() {
        assertThat(decide(cron("Allow", 10L), false, "2026-01-01T00:05:30Z").start())
                .isEqualTo(new CronPlan.Start.Nothing());
        assertThat(decide(cron("Allow", 40L), false, "2026-01-01T00:05:30Z").start())
                .isEqualTo(new CronPlan.Start.Run(Instant.parse("2026-01-01T00:05:00Z"), false));
    }

    @Test
    void obeysTheConcurrencyPolicy() {
        Instant time = Instant.parse("2026-01-01T00:01:00Z");

        assertThat(decide(cron("Forbid", null), true, "2026-01-01T00:01:05Z").start())
                .isEqualTo(new CronPlan.Start.Skip(time));
        assertThat(decide(cron("Replace", null), true, "2026-01-01T00:01:05Z").start())
                .isEqualTo(new CronPlan.Start.Replace(time, false));
        assertThat(decide(cron("Allow", null), true, "2026-01-01T00:01:05Z").start())
                .isEqualTo(new CronPlan.Start.Run(time, false));
    }

    @Test
    void namesAJobByItsMinute() {
        assertThat(CronPlan.jobName(cron("Allow", null), Instant.ofEpochSecond(29_000_000L * 60)))
                .isEqualTo("tick-29000000");
    }

    private static CronPlan.Decision decide(CronJob cron, boolean active, String now) {
        return CronPlan.decide(cron, new CronSchedule("* * * * *"), ZoneOffset.UTC, active, Instant.parse(now));
    }

    private static CronJob cron(String policy, Long deadline) {
        return new CronJobBuilder()
                .withNewMetadata()
                .withName("tick")
                .withCreationTimestamp("2026-01-01T00:00:00Z")
                .endMetadata()
                .withNewSpec()
                .withSchedule("* * * * *")
                .withConcurrencyPolicy(policy)
                .withStartingDeadlineSeconds(deadline)
                .endSpec()
                .build();
    }
}
