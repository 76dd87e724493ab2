// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.cronjob;

import io.fabric8.kubernetes.api.model.batch.v1.CronJob;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.mizzen.api.schedule.CronSchedule;
import io.mizzen.controller.condition.Timestamps;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Decides whether a CronJob is to start a Job now, and which finished ones go. Pure. */
final class CronPlan {

    private static final Duration LATE_WAKE = Duration.ofMillis(100);
    private static final int MANY_MISSED = 100;

    static final String SCHEDULED_FOR = "batch.kubernetes.io/cronjob-scheduled-timestamp";

    private CronPlan() {}

    /** What to do about the newest time that has come. */
    sealed interface Start {
        /** No time has come since the last Job. */
        record Nothing() implements Start {}

        /** Start the Job of this time. */
        record Run(Instant time, boolean manyMissed) implements Start {}

        /** It is too late for this time. */
        record Missed(Instant time) implements Start {}

        /** An earlier Job still runs and there may be only one. */
        record Skip(Instant time) implements Start {}

        /** End the earlier Jobs, then start this one. */
        record Replace(Instant time, boolean manyMissed) implements Start {}
    }

    /** The decision, and when the next time comes. */
    record Decision(Start start, Optional<Duration> again) {}

    static Decision decide(CronJob cron, CronSchedule schedule, ZoneId zone, boolean hasActive, Instant now) {
        Instant from = Timestamps.parse(
                        cron.getStatus() == null ? null : cron.getStatus().getLastScheduleTime())
                .or(() -> Timestamps.parse(cron.getMetadata().getCreationTimestamp()))
                .orElse(now);
        Long deadline = cron.getSpec().getStartingDeadlineSeconds();
        if (deadline != null && now.minusSeconds(deadline).isAfter(from)) {
            from = now.minusSeconds(deadline);
        }
        Optional<Instant> newest = Optional.empty();
        int missed = 0;
        Optional<Instant> time = schedule.next(from, zone);
        while (time.isPresent() && !time.get().isAfter(now)) {
            newest = time;
            missed++;
            if (missed > MANY_MISSED) {
                newest = newestBefore(schedule, zone, time.get(), now);
                break;
            }
            time = schedule.next(time.get(), zone);
        }
        Optional<Duration> again =
                schedule.next(now, zone).map(next -> Duration.between(now, next).plus(LATE_WAKE));
        if (newest.isEmpty()) {
            return new Decision(new Start.Nothing(), again);
        }
        return new Decision(start(cron, newest.get(), deadline, hasActive, missed > MANY_MISSED, now), again);
    }

    /** The last time up to now, found by halving the way, for there may be very many. */
    private static Optional<Instant> newestBefore(CronSchedule schedule, ZoneId zone, Instant known, Instant now) {
        Instant low = known;
        Instant high = now;
        while (Duration.between(low, high).compareTo(Duration.ofSeconds(30)) > 0) {
            Instant middle = low.plus(Duration.between(low, high).dividedBy(2));
            Optional<Instant> next = schedule.next(middle, zone);
            if (next.isPresent() && !next.get().isAfter(now)) {
                low = next.get();
            } else {
                high = middle;
            }
        }
        return Optional.of(low);
    }

    private static Start start(
            CronJob cron,
            Instant time,
            @org.jspecify.annotations.Nullable Long deadline,
            boolean hasActive,
            boolean manyMissed,
            Instant now) {
        if (deadline != null && time.plusSeconds(deadline).isBefore(now)) {
            return new Start.Missed(time);
        }
        String policy = cron.getSpec().getConcurrencyPolicy();
        if (hasActive && "Forbid".equals(policy)) {
            return new Start.Skip(time);
        }
        if (hasActive && "Replace".equals(policy)) {
            return new Start.Replace(time, manyMissed);
        }
        return new Start.Run(time, manyMissed);
    }

    /** The name of the Job of a time: the same for every attempt, so that none starts twice. */
    static String jobName(CronJob cron, Instant time) {
        return cron.getMetadata().getName() + "-" + time.getEpochSecond() / 60;
    }

    /** The time that a Job was started for; empty for one started by hand. */
    static Optional<Instant> startedFor(Job job) {
        var annotations = job.getMetadata().getAnnotations();
        String text = annotations == null ? null : annotations.get(SCHEDULED_FOR);
        try {
            return Optional.ofNullable(text)
                    .map(time -> OffsetDateTime.parse(time).toInstant());
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }

    /** Finished Jobs beyond the history limits, oldest start first. */
    static List<Job> surplus(CronJob cron, List<Job> jobs) {
        List<Job> result = new ArrayList<>();
        result.addAll(surplus(jobs, "Complete", cron.getSpec().getSuccessfulJobsHistoryLimit(), 3));
        result.addAll(surplus(jobs, "Failed", cron.getSpec().getFailedJobsHistoryLimit(), 1));
        return result;
    }

    private static List<Job> surplus(
            List<Job> jobs, String condition, @org.jspecify.annotations.Nullable Integer limit, int standard) {
        List<Job> finished = jobs.stream()
                .filter(job -> hasCondition(job, condition))
                .sorted(Comparator.comparing(
                                (Job job) -> String.valueOf(job.getStatus().getStartTime()))
                        .thenComparing(job -> job.getMetadata().getName()))
                .toList();
        int kept = limit == null ? standard : limit;
        return finished.subList(0, Math.max(0, finished.size() - kept));
    }

    static boolean isFinished(Job job) {
        return hasCondition(job, "Complete") || hasCondition(job, "Failed");
    }

    static boolean hasCondition(Job job, String type) {
        return job.getStatus() != null
                && job.getStatus().getConditions() != null
                && job.getStatus().getConditions().stream()
                        .anyMatch(c -> type.equals(c.getType()) && "True".equals(c.getStatus()));
    }
}
