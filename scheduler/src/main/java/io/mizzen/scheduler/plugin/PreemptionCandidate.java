// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.plugin;

import io.mizzen.scheduler.framework.PodInfo;
import java.util.Comparator;
import java.util.List;

/**
 * A node that would have room if some pods went.
 *
 * @param nodeName the node
 * @param victims the pods to go, most important first
 * @param budgetViolations how many of them go against a disruption budget
 */
record PreemptionCandidate(String nodeName, List<PodInfo> victims, int budgetViolations) {
    /** More important first: higher priority, then longer running. */
    static final Comparator<PodInfo> IMPORTANCE = Comparator.comparingInt(PodInfo::priority)
            .reversed()
            .thenComparing(PreemptionCandidate::startTime)
            .thenComparing(PodInfo::key);

    /**
     * The order of choice: fewest budget violations, lowest highest priority among the victims, lowest sum of priorities, fewest
     * victims, latest start of the most important victims. Ties leave the first.
     */
    static final Comparator<PreemptionCandidate> CHOICE = Comparator.comparingInt(PreemptionCandidate::budgetViolations)
            .thenComparingInt(PreemptionCandidate::highestPriority)
            .thenComparingLong(PreemptionCandidate::prioritySum)
            .thenComparingInt(candidate -> candidate.victims().size())
            .thenComparing(PreemptionCandidate::earliestStartOfHighest, Comparator.reverseOrder());

    /** Copies the victims. */
    PreemptionCandidate {
        victims = List.copyOf(victims);
    }

    /** Priorities are lifted above zero, so that more victims never make a smaller sum. */
    private long prioritySum() {
        return victims.stream()
                .mapToLong(pod -> pod.priority() + (long) Integer.MAX_VALUE + 1)
                .sum();
    }

    private int highestPriority() {
        return victims.isEmpty() ? Integer.MIN_VALUE : victims.getFirst().priority();
    }

    private String earliestStartOfHighest() {
        int highest = highestPriority();
        return victims.stream()
                .filter(pod -> pod.priority() == highest)
                .map(PreemptionCandidate::startTime)
                .min(Comparator.naturalOrder())
                .orElse("");
    }

    /** RFC 3339 in UTC, so texts sort as times; a pod that has not started counts as starting now. */
    private static String startTime(PodInfo pod) {
        String start =
                pod.pod().getStatus() == null ? null : pod.pod().getStatus().getStartTime();
        return start == null || start.isEmpty() ? "9999" : start;
    }
}
