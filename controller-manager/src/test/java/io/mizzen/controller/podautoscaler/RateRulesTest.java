// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.podautoscaler;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.autoscaling.v2.HPAScalingPolicy;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HPAScalingRules;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HPAScalingRulesBuilder;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerBehavior;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerBehaviorBuilder;
import io.mizzen.controller.podautoscaler.RateRules.Verdict;
import io.mizzen.controller.podautoscaler.RateRules.Wish;
import java.time.Duration;
import java.time.Instant;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** How fast a size may be reached: tables, and a simulation with a seed. */
class RateRulesTest {
    private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");

    private static HPAScalingRules rules(String select, int window, HPAScalingPolicy... policies) {
        return new HPAScalingRulesBuilder()
                .withSelectPolicy(select)
                .withStabilizationWindowSeconds(window)
                .withPolicies(policies)
                .build();
    }

    private static HPAScalingPolicy pods(int value, int period) {
        return new HPAScalingPolicy(period, "Pods", value);
    }

    private static HPAScalingPolicy percent(int value, int period) {
        return new HPAScalingPolicy(period, "Percent", value);
    }

    private static HorizontalPodAutoscalerBehavior behavior(HPAScalingRules up, HPAScalingRules down) {
        return new HorizontalPodAutoscalerBehaviorBuilder()
                .withScaleUp(up)
                .withScaleDown(down)
                .build();
    }

    private static Verdict bound(
            int current, int desired, @Nullable HorizontalPodAutoscalerBehavior behavior, ScalingHistory history) {
        return RateRules.bound(new Wish(current, desired, 1, 100, behavior), history, NOW);
    }

    @Test
    void withoutBehaviorASizeAtMostDoublesOrBecomesFour() {
        assertThat(bound(1, 50, null, ScalingHistory.EMPTY).replicas()).isEqualTo(4);
        Verdict doubled = bound(10, 50, null, ScalingHistory.EMPTY);
        assertThat(doubled.replicas()).isEqualTo(20);
        assertThat(doubled.limited()).isTrue();
        assertThat(doubled.limit().reason()).isEqualTo("ScaleUpLimit");
        Verdict most = RateRules.bound(new Wish(10, 50, 1, 12, null), ScalingHistory.EMPTY, NOW);
        assertThat(most.replicas()).isEqualTo(12);
        assertThat(most.limit().reason()).isEqualTo("TooManyReplicas");
    }

    @Test
    void withoutBehaviorTheLargestRecommendationOfFiveMinutesCounts() {
        ScalingHistory history = ScalingHistory.EMPTY
                .recommended(9, NOW.minusSeconds(301), Duration.ofHours(1))
                .recommended(7, NOW.minusSeconds(299), Duration.ofHours(1));

        Verdict verdict = bound(8, 2, null, history);

        assertThat(verdict.replicas()).isEqualTo(7);
        assertThat(verdict.able().reason()).isEqualTo("ScaleDownStabilized");
        assertThat(verdict.limit().reason()).isEqualTo("DesiredWithinRange");
    }

    @Test
    void aMinimumHolds() {
        Verdict verdict = RateRules.bound(new Wish(5, 0, 3, 10, null), ScalingHistory.EMPTY, NOW);

        assertThat(verdict.replicas()).isEqualTo(3);
        assertThat(verdict.limit().message())
                .isEqualTo("the desired replica count is less than the minimum replica count");
    }

    @Test
    void policiesLimitByWhatHappenedInTheirPeriod() {
        HorizontalPodAutoscalerBehavior behavior =
                behavior(rules("Max", 0, pods(4, 15), percent(100, 60)), rules("Max", 0, percent(50, 60)));
        ScalingHistory grown = ScalingHistory.EMPTY.resized(10, 14, NOW.minusSeconds(10), Duration.ofMinutes(30));

        assertThat(bound(14, 90, behavior, ScalingHistory.EMPTY).replicas()).isEqualTo(28);
        assertThat(bound(14, 90, behavior, grown).replicas()).isEqualTo(20);
        assertThat(bound(14, 1, behavior, ScalingHistory.EMPTY).replicas()).isEqualTo(7);
        assertThat(bound(14, 1, behavior, ScalingHistory.EMPTY).limit().reason())
                .isEqualTo("ScaleDownLimit");
    }

    @Test
    void theSmallestChangeIsChosenByMinAndNoneByDisabled() {
        HorizontalPodAutoscalerBehavior behavior =
                behavior(rules("Min", 0, pods(2, 15), percent(100, 15)), rules("Disabled", 0, percent(100, 15)));

        assertThat(bound(10, 90, behavior, ScalingHistory.EMPTY).replicas()).isEqualTo(12);
        assertThat(bound(10, 1, behavior, ScalingHistory.EMPTY).replicas()).isEqualTo(10);
    }

    @Test
    void aSmallShareStillGrows() {
        HorizontalPodAutoscalerBehavior behavior =
                behavior(rules("Max", 0, percent(10, 15)), rules("Max", 0, percent(100, 15)));

        assertThat(bound(1, 50, behavior, ScalingHistory.EMPTY).replicas()).isEqualTo(2);
    }

    @Test
    void aWindowForScalingUpWaitsForAllRecommendations() {
        HorizontalPodAutoscalerBehavior behavior =
                behavior(rules("Max", 60, pods(100, 15)), rules("Max", 0, percent(100, 15)));
        ScalingHistory history = ScalingHistory.EMPTY.recommended(5, NOW.minusSeconds(30), Duration.ofHours(1));

        Verdict verdict = bound(3, 20, behavior, history);

        assertThat(verdict.replicas()).isEqualTo(5);
        assertThat(verdict.able().reason()).isEqualTo("ScaleUpStabilized");
    }

    @Test
    void noSequenceOfWishesBreaksTheBounds() {
        for (long seed = 1; seed <= 200; seed++) {
            simulate(seed);
        }
    }

    /** Random wishes for an hour; whatever happens, policies and windows hold. */
    private static void simulate(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int step = random.nextInt(1, 5);
        int window = random.nextInt(0, 120);
        HorizontalPodAutoscalerBehavior behavior =
                behavior(rules("Max", 0, pods(step, 60)), rules("Max", window, pods(step, 60)));
        ScalingHistory history = ScalingHistory.EMPTY.begun(5, NOW);
        int current = 5;
        int[] sizes = new int[240];
        int[] wishes = new int[240];
        for (int i = 0; i < sizes.length; i++) {
            Instant now = NOW.plusSeconds(15L * i);
            int desired = random.nextInt(0, 40);
            Verdict verdict = RateRules.bound(new Wish(current, desired, 2, 30, behavior), history, now);
            history = verdict.history();
            if (verdict.replicas() != current) {
                history = history.resized(current, verdict.replicas(), now, RateRules.longestPeriod(behavior));
            }
            wishes[i] = desired;
            if (verdict.replicas() < current) {
                for (int back = 0; back * 15 < window && back <= i; back++) {
                    assertThat(verdict.replicas())
                            .as("seed %d, round %d: not below what was wished within the window", seed, i)
                            .isGreaterThanOrEqualTo(Math.min(current, Math.min(30, wishes[i - back])));
                }
            }
            current = verdict.replicas();
            sizes[i] = current;
            assertThat(current).as("seed %d, round %d", seed, i).isBetween(2, 30);
            // Sixty seconds are four rounds: a change goes at most a step away from the size of then.
            int then = i < 4 ? 5 : sizes[i - 4];
            int before = i == 0 ? 5 : sizes[i - 1];
            if (current > before) {
                assertThat(current).as("seed %d, round %d: up", seed, i).isLessThanOrEqualTo(then + step);
            } else if (current < before) {
                assertThat(current).as("seed %d, round %d: down", seed, i).isGreaterThanOrEqualTo(then - step);
            }
            assertThat(history.recommendations().size()).isLessThanOrEqualTo(20);
        }
    }
}
