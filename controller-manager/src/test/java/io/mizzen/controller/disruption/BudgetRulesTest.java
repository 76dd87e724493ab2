// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.disruption;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudgetBuilder;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BudgetRulesTest {

    private static final Instant NOW = Instant.parse("2026-01-01T00:10:00Z");

    @Test
    void allowsWhatIsHealthyBeyondTheMinimum() {
        PodDisruptionBudget budget = budget(new IntOrString(2), null);

        assertThat(decide(budget, 0, pod("a", true), pod("b", true), pod("c", true))
                        .allowed())
                .isEqualTo(1);
        assertThat(decide(budget, 0, pod("a", true), pod("b", true), pod("c", false))
                        .allowed())
                .isZero();
    }

    @Test
    void countsPercentagesOfTheControllersSizeRoundedUp() {
        BudgetRules.Budget least = decide(budget(new IntOrString("50%"), null), 5, pod("a", true), pod("b", true));
        BudgetRules.Budget most = decide(budget(null, new IntOrString("30%")), 5, pod("a", true));

        assertThat(least.desired()).isEqualTo(3);
        assertThat(most.expected()).isEqualTo(5);
        assertThat(most.desired()).isEqualTo(3);
    }

    @Test
    void takesAGrantedPodForDisruptedForTwoMinutes() {
        PodDisruptionBudget budget = new PodDisruptionBudgetBuilder(budget(new IntOrString(1), null))
                .withNewStatus()
                .withDisruptedPods(Map.of(
                        "a",
                        NOW.minusSeconds(60).toString(),
                        "b",
                        NOW.minusSeconds(121).toString()))
                .endStatus()
                .build();

        BudgetRules.Budget decided = decide(budget, 0, pod("a", true), pod("b", true));

        assertThat(decided.disrupted()).containsOnlyKeys("a");
        assertThat(decided.healthy()).isEqualTo(1);
        assertThat(decided.recheck()).contains(NOW.plusSeconds(60));
    }

    @Test
    void allowsNothingWithoutPods() {
        assertThat(decide(budget(new IntOrString(0), null), 0).allowed()).isZero();
    }

    private static BudgetRules.Budget decide(PodDisruptionBudget budget, int scale, Pod... pods) {
        return BudgetRules.decide(budget, List.of(pods), scale, NOW);
    }

    private static PodDisruptionBudget budget(IntOrString least, IntOrString most) {
        return new PodDisruptionBudgetBuilder()
                .withNewSpec()
                .withMinAvailable(least)
                .withMaxUnavailable(most)
                .endSpec()
                .build();
    }

    private static Pod pod(String name, boolean ready) {
        return new PodBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withNewStatus()
                .addNewCondition()
                .withType("Ready")
                .withStatus(ready ? "True" : "False")
                .endCondition()
                .endStatus()
                .build();
    }
}
