// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.cronjob;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.batch.v1.CronJob;
import io.fabric8.kubernetes.api.model.batch.v1.CronJobBuilder;
import io.mizzen.api.schedule.CronSchedule;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class CronTest {

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
