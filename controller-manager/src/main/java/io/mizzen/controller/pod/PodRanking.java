// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.pod;

import io.fabric8.kubernetes.api.model.Pod;
import io.mizzen.controller.condition.Timestamps;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The order in which surplus pods are deleted: those that cost least first. See KEP-2255 (pod deletion cost) and KEP-2185
 * (logarithmic ages).
 */
public final class PodRanking {

    /** The annotation by which a user says what deleting a pod costs. */
    public static final String DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";

    private PodRanking() {}

    /**
     * Sorts pods, the first to be deleted first.
     *
     * @param pods the candidates
     * @param related active pods of all sets of the same owner: of two pods the one goes whose node has more of them
     */
    public static List<Pod> inDeletionOrder(Collection<Pod> pods, Collection<Pod> related, Instant now) {
        Map<String, Integer> onNode = new HashMap<>();
        for (Pod pod : related) {
            if (Pods.isActive(pod)) {
                onNode.merge(Pods.node(pod), 1, Integer::sum);
            }
        }
        List<Pod> sorted = new ArrayList<>(pods);
        sorted.sort(order(onNode, now));
        return sorted;
    }

    private static Comparator<Pod> order(Map<String, Integer> onNode, Instant now) {
        return Comparator.comparing((Pod pod) -> !Pods.node(pod).isEmpty())
                .thenComparing(PodRanking::phaseRank)
                .thenComparing(Pods::isReady)
                .thenComparing(PodRanking::deletionCost)
                .thenComparing(pod -> -onNode.getOrDefault(Pods.node(pod), 0))
                .thenComparing((a, b) -> byReadyAge(a, b, now))
                .thenComparing(pod -> -Pods.maxRestarts(pod))
                .thenComparing((a, b) -> byAge(
                        a,
                        b,
                        Timestamps.parse(a.getMetadata().getCreationTimestamp()),
                        Timestamps.parse(b.getMetadata().getCreationTimestamp()),
                        now))
                .thenComparing(pod -> String.valueOf(pod.getMetadata().getUid()));
    }

    private static int phaseRank(Pod pod) {
        return switch (Pods.phase(pod)) {
            case "Pending" -> 0;
            case "Unknown" -> 1;
            case "Running" -> 2;
            default -> 0;
        };
    }

    private static int deletionCost(Pod pod) {
        Map<String, String> annotations = pod.getMetadata().getAnnotations();
        String cost = annotations == null ? null : annotations.get(DELETION_COST);
        if (cost == null || !cost.matches("0|-?[1-9][0-9]*")) {
            return 0;
        }
        try {
            return Integer.parseInt(cost);
        } catch (NumberFormatException tooLarge) {
            return 0;
        }
    }

    private static int byReadyAge(Pod a, Pod b, Instant now) {
        if (!Pods.isReady(a) || !Pods.isReady(b)) {
            return 0;
        }
        return byAge(a, b, Pods.readySince(a), Pods.readySince(b), now);
    }

    /** Younger first, ages compared by the power of two they lie in; in the same one the lower UID first. */
    private static int byAge(Pod a, Pod b, Optional<Instant> timeA, Optional<Instant> timeB, Instant now) {
        if (timeA.isEmpty() || timeB.isEmpty()) {
            return Boolean.compare(timeA.isPresent(), timeB.isPresent());
        }
        if (timeA.get().equals(timeB.get())) {
            return 0;
        }
        int rankA = logarithm(Duration.between(timeA.get(), now));
        int rankB = logarithm(Duration.between(timeB.get(), now));
        if (rankA == rankB) {
            return String.valueOf(a.getMetadata().getUid())
                    .compareTo(String.valueOf(b.getMetadata().getUid()));
        }
        return Integer.compare(rankA, rankB);
    }

    private static int logarithm(Duration age) {
        long nanos = age.toNanos();
        return nanos <= 0 ? 0 : 63 - Long.numberOfLeadingZeros(nanos);
    }
}
