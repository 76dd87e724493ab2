// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.pod;

import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.mizzen.controller.condition.Timestamps;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Questions about one pod, answered as upstream's pod helpers do. */
public final class Pods {

    private Pods() {}

    /** The phase; {@code ""} when none was written yet. */
    public static String phase(Pod pod) {
        return pod.getStatus() == null || pod.getStatus().getPhase() == null
                ? ""
                : pod.getStatus().getPhase();
    }

    /** Whether it has ended, well or badly. */
    public static boolean isTerminal(Pod pod) {
        String phase = phase(pod);
        return phase.equals("Succeeded") || phase.equals("Failed");
    }

    /** Whether its deletion has been asked for. */
    public static boolean isTerminating(Pod pod) {
        return pod.getMetadata().getDeletionTimestamp() != null;
    }

    /** Whether it counts for its controller: it has not ended and is not being deleted. */
    public static boolean isActive(Pod pod) {
        return !isTerminal(pod) && !isTerminating(pod);
    }

    /** The condition of a type. */
    public static Optional<PodCondition> condition(Pod pod, String type) {
        if (pod.getStatus() == null || pod.getStatus().getConditions() == null) {
            return Optional.empty();
        }
        return pod.getStatus().getConditions().stream()
                .filter(condition -> type.equals(condition.getType()))
                .findFirst();
    }

    /** Whether its Ready condition is True. */
    public static boolean isReady(Pod pod) {
        return condition(pod, "Ready").map(c -> "True".equals(c.getStatus())).orElse(false);
    }

    /** Since when it has been ready; empty when it is not, or does not say. */
    public static Optional<Instant> readySince(Pod pod) {
        return condition(pod, "Ready")
                .filter(c -> "True".equals(c.getStatus()))
                .flatMap(c -> Timestamps.parse(c.getLastTransitionTime()));
    }

    /** Whether it has been ready for at least so many seconds. */
    public static boolean isAvailable(Pod pod, int minReadySeconds, Instant now) {
        if (!isReady(pod)) {
            return false;
        }
        if (minReadySeconds == 0) {
            return true;
        }
        return readySince(pod)
                .map(since -> !since.plusSeconds(minReadySeconds).isAfter(now))
                .orElse(false);
    }

    /** How long until it becomes available if it stays ready; empty when it is so already or is not ready. */
    public static Optional<Duration> untilAvailable(Pod pod, int minReadySeconds, Instant now) {
        if (minReadySeconds == 0 || isAvailable(pod, minReadySeconds, now)) {
            return Optional.empty();
        }
        return readySince(pod).map(since -> Duration.between(now, since.plusSeconds(minReadySeconds)));
    }

    /** The name of its node; {@code ""} when it has none. */
    public static String node(Pod pod) {
        String node = pod.getSpec() == null ? null : pod.getSpec().getNodeName();
        return node == null ? "" : node;
    }

    /** When it came to its node, as far as it says: when it was scheduled, else when it was made. */
    public static Instant boundAt(Pod pod) {
        return condition(pod, "PodScheduled")
                .filter(c -> "True".equals(c.getStatus()))
                .flatMap(c -> Timestamps.parse(c.getLastTransitionTime()))
                .or(() -> Timestamps.parse(pod.getMetadata().getCreationTimestamp()))
                .orElse(Instant.MIN);
    }

    /** The largest number of restarts among its containers. */
    public static int maxRestarts(Pod pod) {
        if (pod.getStatus() == null || pod.getStatus().getContainerStatuses() == null) {
            return 0;
        }
        return restarts(pod.getStatus().getContainerStatuses()).stream()
                .mapToInt(Integer::intValue)
                .max()
                .orElse(0);
    }

    private static List<Integer> restarts(List<ContainerStatus> statuses) {
        return statuses.stream()
                .map(status -> status.getRestartCount() == null ? 0 : status.getRestartCount())
                .toList();
    }
}
