// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.clusterrole;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.mizzen.client.LabelSelectors;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** What an aggregated role consists of (API page "Using RBAC Authorization", aggregated ClusterRoles). Pure. */
final class AggregationRules {
    private AggregationRules() {}

    /** The rules that a role should have; empty when it has them, or does not aggregate. */
    static Optional<List<PolicyRule>> missing(ClusterRole role, List<ClusterRole> all) {
        if (role.getAggregationRule() == null) {
            return Optional.empty();
        }
        List<PolicyRule> wanted = new ArrayList<>();
        List<ClusterRole> ordered = new ArrayList<>(all);
        ordered.sort(Comparator.comparing(each -> each.getMetadata().getName()));
        for (LabelSelector selector : role.getAggregationRule().getClusterRoleSelectors()) {
            for (ClusterRole source : ordered) {
                boolean isOther = !source.getMetadata()
                        .getName()
                        .equals(role.getMetadata().getName());
                if (isOther
                        && LabelSelectors.matches(selector, source.getMetadata().getLabels())) {
                    source.getRules().stream()
                            .filter(rule -> !wanted.contains(rule))
                            .forEach(wanted::add);
                }
            }
        }
        return wanted.equals(role.getRules()) ? Optional.empty() : Optional.of(List.copyOf(wanted));
    }
}
