// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.job;

import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobConditionBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatus;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatusBuilder;
import io.mizzen.controller.condition.Condition;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The status of a Job as values that can be compared. */
record JobState(
        @Nullable String startTime,
        @Nullable String completionTime,
        int active,
        int ready,
        int terminating,
        int succeeded,
        int failed,
        String completedIndexes,
        @Nullable String failedIndexes,
        Set<String> uncountedSucceeded,
        Set<String> uncountedFailed,
        List<Condition> conditions) {

    JobState {
        uncountedSucceeded = new TreeSet<>(uncountedSucceeded);
        uncountedFailed = new TreeSet<>(uncountedFailed);
        conditions = List.copyOf(conditions);
    }

    static JobState read(Job job) {
        JobStatus status = job.getStatus() == null ? new JobStatus() : job.getStatus();
        var uncounted = status.getUncountedTerminatedPods();
        return new JobState(
                status.getStartTime(),
                status.getCompletionTime(),
                zero(status.getActive()),
                zero(status.getReady()),
                zero(status.getTerminating()),
                zero(status.getSucceeded()),
                zero(status.getFailed()),
                status.getCompletedIndexes() == null ? "" : status.getCompletedIndexes(),
                status.getFailedIndexes(),
                uncounted == null || uncounted.getSucceeded() == null ? Set.of() : Set.copyOf(uncounted.getSucceeded()),
                uncounted == null || uncounted.getFailed() == null ? Set.of() : Set.copyOf(uncounted.getFailed()),
                status.getConditions() == null
                        ? List.of()
                        : status.getConditions().stream()
                                .map(c -> Condition.read(
                                        c.getType(),
                                        c.getStatus(),
                                        c.getReason(),
                                        c.getMessage(),
                                        c.getLastProbeTime(),
                                        c.getLastTransitionTime()))
                                .toList());
    }

    boolean isFinished() {
        return conditions.stream()
                .anyMatch(c ->
                        c.isTrue() && (c.type().equals("Complete") || c.type().equals("Failed")));
    }

    JobStatus model() {
        return new JobStatusBuilder()
                .withStartTime(startTime)
                .withCompletionTime(completionTime)
                .withActive(nonZero(active))
                .withReady(ready)
                .withTerminating(terminating)
                .withSucceeded(nonZero(succeeded))
                .withFailed(nonZero(failed))
                .withCompletedIndexes(completedIndexes.isEmpty() ? null : completedIndexes)
                .withFailedIndexes(failedIndexes)
                .withNewUncountedTerminatedPods()
                .withSucceeded(List.copyOf(uncountedSucceeded))
                .withFailed(List.copyOf(uncountedFailed))
                .endUncountedTerminatedPods()
                .withConditions(conditions.stream()
                        .map(c -> new JobConditionBuilder()
                                .withType(c.type())
                                .withStatus(c.status())
                                .withReason(c.reason())
                                .withMessage(c.message())
                                .withLastProbeTime(c.updated())
                                .withLastTransitionTime(c.transitioned())
                                .build())
                        .toList())
                .build();
    }

    private static @Nullable Integer nonZero(int value) {
        return value == 0 ? null : value;
    }

    private static int zero(@Nullable Integer value) {
        return value == null ? 0 : value;
    }
}
