// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.job;

import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.mizzen.controller.condition.Timestamps;
import io.mizzen.controller.pod.Pods;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** How long failures hold up the next pod: 10 s × 2^(n−1) from the newest of n, at most 10 min. Pure. */
final class JobBackoff {
    private static final Duration FIRST = Duration.ofSeconds(10);
    private static final Duration LONGEST = Duration.ofMinutes(10);

    private JobBackoff() {}

    /** What is left of the wait after so many failures, at least one; zero when it is over. */
    static Duration left(int failures, Instant newest, Instant now) {
        Duration delay = FIRST.multipliedBy(1L << Math.min(failures - 1, 10));
        Duration capped = delay.compareTo(LONGEST) > 0 ? LONGEST : delay;
        Duration left = Duration.between(now, newest.plus(capped));
        return left.isNegative() ? Duration.ZERO : left;
    }

    /** When a pod ended, as exactly as it tells. */
    static Instant endedAt(Pod pod, Instant now) {
        List<ContainerStatus> statuses =
                pod.getStatus() == null ? null : pod.getStatus().getContainerStatuses();
        Optional<Instant> finished = statuses == null
                ? Optional.empty()
                : statuses.stream()
                        .filter(s -> s.getState() != null && s.getState().getTerminated() != null)
                        .flatMap(s ->
                                Timestamps.parse(s.getState().getTerminated().getFinishedAt()).stream())
                        .max(Comparator.naturalOrder());
        return finished.or(() -> Timestamps.parse(pod.getMetadata().getDeletionTimestamp()))
                .or(() -> Pods.condition(pod, "Ready").flatMap(c -> Timestamps.parse(c.getLastTransitionTime())))
                .or(() -> Timestamps.parse(pod.getMetadata().getCreationTimestamp()))
                .orElse(now);
    }
}
