// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.disruption;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.mizzen.controller.condition.Timestamps;
import io.mizzen.controller.deployment.Fenceposts;
import io.mizzen.controller.pod.Pods;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The arithmetic of a disruption budget. Pure. */
final class BudgetRules {

    /** How long a pod that was granted its eviction counts as disrupted though it is still there. */
    static final Duration GRANT = Duration.ofMinutes(2);

    private BudgetRules() {}

    /** The numbers of the status; {@code disrupted} are the grants that still hold. */
    record Budget(
            int expected,
            int desired,
            int healthy,
            int allowed,
            Map<String, String> disrupted,
            Optional<Instant> recheck) {
        Budget {
            disrupted = new TreeMap<>(disrupted);
        }
    }

    /** Whether the controllers of the pods have to be asked for their sizes. */
    static boolean needsScale(PodDisruptionBudget budget) {
        if (budget.getSpec().getMaxUnavailable() != null) {
            return true;
        }
        var least = budget.getSpec().getMinAvailable();
        return least != null && least.getStrVal() != null;
    }

    /**
     * @param pods the pods that the budget selects
     * @param scale the sum of the sizes of their controllers, where {@link #needsScale}
     */
    static Budget decide(PodDisruptionBudget budget, List<Pod> pods, int scale, Instant now) {
        int expected;
        int desired;
        if (budget.getSpec().getMaxUnavailable() != null) {
            expected = scale;
            int unavailable = Fenceposts.scaled(budget.getSpec().getMaxUnavailable(), expected, true);
            desired = Math.max(0, expected - unavailable);
        } else if (needsScale(budget)) {
            expected = scale;
            desired = Fenceposts.scaled(budget.getSpec().getMinAvailable(), expected, true);
        } else {
            expected = pods.size();
            desired = Fenceposts.scaled(budget.getSpec().getMinAvailable(), expected, true);
        }
        Map<String, String> disrupted = new TreeMap<>();
        Optional<Instant> recheck = Optional.empty();
        Map<String, String> granted =
                budget.getStatus() == null || budget.getStatus().getDisruptedPods() == null
                        ? Map.of()
                        : budget.getStatus().getDisruptedPods();
        int healthy = 0;
        for (Pod pod : pods) {
            if (Pods.isTerminating(pod)) {
                continue;
            }
            String name = pod.getMetadata().getName();
            Optional<Instant> until = Timestamps.parse(granted.get(name))
                    .map(time -> time.plus(GRANT))
                    .filter(time -> time.isAfter(now));
            if (until.isPresent()) {
                disrupted.put(name, granted.get(name));
                Instant end = until.get();
                recheck = Optional.of(recheck.filter(r -> r.isBefore(end)).orElse(end));
            } else if (Pods.isReady(pod)) {
                healthy++;
            }
        }
        int allowed = expected <= 0 ? 0 : Math.max(0, healthy - desired);
        return new Budget(expected, desired, healthy, allowed, disrupted, recheck);
    }
}
