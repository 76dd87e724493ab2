// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.podautoscaler;

import io.fabric8.kubernetes.api.model.autoscaling.v2.HPAScalingPolicy;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HPAScalingRules;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerBehavior;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How fast a wanted size may be reached: stabilisation, policies, bounds (KEP-853). Without a behaviour a size at most
 * doubles, or becomes four, and shrinks to the largest recommendation of the last five minutes. Pure.
 */
final class RateRules {
    private static final Duration DOWN_STABILIZATION = Duration.ofMinutes(5);
    private static final int LEAST_UP_LIMIT = 4;

    private RateRules() {}

    /**
     * What is to be bounded.
     *
     * @param behavior as the autoscaler has it, with the API's defaults in; null when it has none
     */
    record Wish(
            int current,
            int desired,
            int min,
            int max,
            @Nullable HorizontalPodAutoscalerBehavior behavior) {}

    /** A condition's reason and message. */
    record Why(String reason, String message) {}

    /**
     * What becomes of a wish.
     *
     * @param replicas the next size
     * @param able why the autoscaler is able to scale
     * @param limited whether a bound held it back
     * @param limit which
     * @param history to go on with
     */
    record Verdict(int replicas, Why able, boolean limited, Why limit, ScalingHistory history) {}

    /** Bounds a wish. */
    static Verdict bound(Wish wish, ScalingHistory history, Instant now) {
        Duration up = window(rules(wish.behavior(), true), Duration.ZERO);
        Duration down = window(rules(wish.behavior(), false), DOWN_STABILIZATION);
        int stabilized = wish.behavior() == null
                ? highest(wish.desired(), history, DOWN_STABILIZATION, now)
                : stabilized(wish, history, up, down, now);
        Why able = new Why("ReadyForNewScale", "recommended size matches current size");
        if (stabilized != wish.desired()) {
            boolean rising = wish.behavior() != null && wish.desired() >= wish.current();
            able = rising
                    ? new Why(
                            "ScaleUpStabilized",
                            "recent recommendations were lower than current one, applying the lowest recent"
                                    + " recommendation")
                    : new Why(
                            "ScaleDownStabilized",
                            "recent recommendations were higher than current one, applying the highest recent"
                                    + " recommendation");
        }
        Duration keep = up.compareTo(down) > 0 ? up : down;
        ScalingHistory next = history.recommended(wish.desired(), now, keep);
        Bounded bounded = wish.behavior() == null
                ? withoutBehavior(wish, stabilized)
                : withBehavior(wish, wish.behavior(), stabilized, history, now);
        return new Verdict(bounded.replicas(), able, bounded.replicas() != stabilized, bounded.why(), next);
    }

    /** How long changes of size must be remembered. */
    static Duration longestPeriod(@Nullable HorizontalPodAutoscalerBehavior behavior) {
        return Stream.of(rules(behavior, true), rules(behavior, false))
                .flatMap(rules -> policies(rules).stream())
                .map(policy -> Duration.ofSeconds(policy.getPeriodSeconds()))
                .reduce(Duration.ZERO, (a, b) -> a.compareTo(b) > 0 ? a : b);
    }

    private record Bounded(int replicas, Why why) {}

    private static @Nullable HPAScalingRules rules(@Nullable HorizontalPodAutoscalerBehavior behavior, boolean up) {
        return behavior == null ? null : up ? behavior.getScaleUp() : behavior.getScaleDown();
    }

    private static Duration window(@Nullable HPAScalingRules rules, Duration usual) {
        return rules == null || rules.getStabilizationWindowSeconds() == null
                ? usual
                : Duration.ofSeconds(rules.getStabilizationWindowSeconds());
    }

    private static List<HPAScalingPolicy> policies(@Nullable HPAScalingRules rules) {
        return rules == null || rules.getPolicies() == null ? List.of() : rules.getPolicies();
    }

    private static int highest(int desired, ScalingHistory history, Duration window, Instant now) {
        Instant cutoff = now.minus(window);
        return history.recommendations().stream()
                .filter(entry -> entry.time().isAfter(cutoff))
                .mapToInt(ScalingHistory.Entry::value)
                .reduce(desired, Math::max);
    }

    private static int lowest(int desired, ScalingHistory history, Duration window, Instant now) {
        Instant cutoff = now.minus(window);
        return history.recommendations().stream()
                .filter(entry -> entry.time().isAfter(cutoff))
                .mapToInt(ScalingHistory.Entry::value)
                .reduce(desired, Math::min);
    }

    /** Up only as far as all recent recommendations agree, down likewise. */
    private static int stabilized(Wish wish, ScalingHistory history, Duration up, Duration down, Instant now) {
        int rise = lowest(wish.desired(), history, up, now);
        int fall = highest(wish.desired(), history, down, now);
        return Math.min(Math.max(wish.current(), rise), fall);
    }

    private static final String TOO_FAST_UP =
            "the desired replica count is increasing faster than the maximum scale rate";
    private static final String TOO_FAST_DOWN =
            "the desired replica count is decreasing faster than the maximum scale rate";
    private static final Why TOO_MANY =
            new Why("TooManyReplicas", "the desired replica count is more than the maximum replica count");
    private static final Why TOO_FEW =
            new Why("TooFewReplicas", "the desired replica count is less than the minimum replica count");
    private static final Why WITHIN = new Why("DesiredWithinRange", "the desired count is within the acceptable range");

    private static Bounded withoutBehavior(Wish wish, int desired) {
        int limit = Math.max(2 * wish.current(), LEAST_UP_LIMIT);
        int most = Math.min(limit, wish.max());
        if (desired < wish.min()) {
            return new Bounded(wish.min(), TOO_FEW);
        }
        if (desired > most) {
            return new Bounded(most, wish.max() > limit ? new Why("ScaleUpLimit", TOO_FAST_UP) : TOO_MANY);
        }
        return new Bounded(desired, WITHIN);
    }

    private static Bounded withBehavior(
            Wish wish, HorizontalPodAutoscalerBehavior behavior, int desired, ScalingHistory history, Instant now) {
        if (desired > wish.current()) {
            int limit = Math.max(wish.current(), upLimit(wish.current(), behavior.getScaleUp(), history, now));
            int most = Math.min(limit, wish.max());
            if (desired > most) {
                return new Bounded(most, wish.max() > limit ? new Why("ScaleUpLimit", TOO_FAST_UP) : TOO_MANY);
            }
        } else if (desired < wish.current()) {
            int limit = Math.min(wish.current(), downLimit(wish.current(), behavior.getScaleDown(), history, now));
            int least = Math.max(limit, wish.min());
            if (desired < least) {
                return new Bounded(least, wish.min() < limit ? new Why("ScaleDownLimit", TOO_FAST_DOWN) : TOO_FEW);
            }
        }
        return new Bounded(desired, WITHIN);
    }

    /** The size at the begin of a policy's period. */
    private static int begin(int current, HPAScalingPolicy policy, ScalingHistory history, Instant now) {
        Duration period = Duration.ofSeconds(policy.getPeriodSeconds());
        return current
                - ScalingHistory.within(history.ups(), period, now)
                + ScalingHistory.within(history.downs(), period, now);
    }

    private static int upLimit(int current, @Nullable HPAScalingRules rules, ScalingHistory history, Instant now) {
        if (rules == null || isDisabled(rules)) {
            return current;
        }
        var limits = policies(rules).stream().mapToInt(policy -> {
            int begin = begin(current, policy, history, now);
            // Rounded up, since a small size would never grow by a small share.
            return policy.getType().equals("Pods")
                    ? begin + policy.getValue()
                    : (int) Math.ceil(begin * (1 + policy.getValue() / 100.0));
        });
        return (isMin(rules) ? limits.min() : limits.max()).orElse(current);
    }

    private static int downLimit(int current, @Nullable HPAScalingRules rules, ScalingHistory history, Instant now) {
        if (rules == null || isDisabled(rules)) {
            return current;
        }
        var limits = policies(rules).stream().mapToInt(policy -> {
            int begin = begin(current, policy, history, now);
            return policy.getType().equals("Pods")
                    ? begin - policy.getValue()
                    : (int) (begin * (1 - policy.getValue() / 100.0));
        });
        return (isMin(rules) ? limits.max() : limits.min()).orElse(current);
    }

    private static boolean isDisabled(HPAScalingRules rules) {
        return "Disabled".equals(rules.getSelectPolicy());
    }

    private static boolean isMin(HPAScalingRules rules) {
        return "Min".equals(rules.getSelectPolicy());
    }
}
