// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.job;

import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.SuccessPolicyRule;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;

/** When an Indexed Job has succeeded before all its indexes have, by its success policy (KEP-3998). Pure. */
final class SuccessRules {

    private SuccessRules() {}

    /** Which rule is met, in upstream's words; the first one counts. */
    static Optional<String> met(Job job, SortedSet<Integer> completed) {
        var policy = job.getSpec().getSuccessPolicy();
        if (policy == null || policy.getRules() == null) {
            return Optional.empty();
        }
        List<SuccessPolicyRule> rules = policy.getRules();
        for (int i = 0; i < rules.size(); i++) {
            if (isMet(rules.get(i), completed)) {
                return Optional.of("Matched rules at index " + i);
            }
        }
        return Optional.empty();
    }

    private static boolean isMet(SuccessPolicyRule rule, SortedSet<Integer> completed) {
        if (rule.getSucceededIndexes() == null) {
            return rule.getSucceededCount() != null && completed.size() >= rule.getSucceededCount();
        }
        SortedSet<Integer> named = IndexSet.parse(rule.getSucceededIndexes(), Integer.MAX_VALUE);
        long succeeded = named.stream().filter(completed::contains).count();
        return succeeded >= (rule.getSucceededCount() == null ? named.size() : rule.getSucceededCount());
    }
}
