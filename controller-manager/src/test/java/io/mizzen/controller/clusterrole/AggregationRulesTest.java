// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.clusterrole;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBuilder;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.PolicyRuleBuilder;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What an aggregated role consists of. */
class AggregationRulesTest {
    private static final PolicyRule PODS = rule("pods");
    private static final PolicyRule MAPS = rule("configmaps");

    private static PolicyRule rule(String resource) {
        return new PolicyRuleBuilder()
                .withApiGroups("")
                .withResources(resource)
                .withVerbs("get")
                .build();
    }

    private static ClusterRole part(String name, PolicyRule... rules) {
        return new ClusterRoleBuilder()
                .withNewMetadata()
                .withName(name)
                .addToLabels("to", "view")
                .endMetadata()
                .withRules(rules)
                .build();
    }

    private static ClusterRole whole(PolicyRule... rules) {
        return new ClusterRoleBuilder(part("whole", rules))
                .withNewAggregationRule()
                .addNewClusterRoleSelector()
                .addToMatchLabels("to", "view")
                .endClusterRoleSelector()
                .endAggregationRule()
                .build();
    }

    @Test
    void collectsTheRulesOfOthersByNameOnce() {
        ClusterRole whole = whole();
        List<ClusterRole> all = List.of(part("b", MAPS, PODS), whole, part("a", PODS));

        assertThat(AggregationRules.missing(whole, all)).contains(List.of(PODS, MAPS));
    }

    @Test
    void leavesARoleThatHasThem() {
        ClusterRole whole = whole(PODS);

        assertThat(AggregationRules.missing(whole, List.of(whole, part("a", PODS))))
                .isEmpty();
    }

    @Test
    void takesAwayWhatNobodyGivesAnyMore() {
        ClusterRole whole = whole(PODS, MAPS);

        assertThat(AggregationRules.missing(whole, List.of(whole, part("a", PODS))))
                .contains(List.of(PODS));
    }

    @Test
    void leavesARoleThatDoesNotAggregate() {
        ClusterRole plain = part("plain", MAPS);

        assertThat(AggregationRules.missing(plain, List.of(plain, part("a", PODS))))
                .isEmpty();
    }
}
