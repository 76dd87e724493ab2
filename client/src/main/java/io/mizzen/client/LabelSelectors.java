// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.mizzen.client.selector.LabelMatcher;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Label selectors as model objects, with Kubernetes' meaning of absent and empty ones. */
public final class LabelSelectors {

    private LabelSelectors() {}

    /** Whether labels satisfy a selector: an absent selector matches nothing, an empty one everything. */
    public static boolean matches(@Nullable LabelSelector selector, @Nullable Map<String, String> labels) {
        return LabelMatcher.of(selector).matches(labels);
    }

    /** Whether every wanted label is there with its value; no wanted labels match everything. */
    public static boolean matchesAll(@Nullable Map<String, String> wanted, @Nullable Map<String, String> labels) {
        if (wanted == null) {
            return true;
        }
        Map<String, String> present = labels == null ? Map.of() : labels;
        return wanted.entrySet().stream().allMatch(e -> e.getValue().equals(present.get(e.getKey())));
    }

    /** Whether a selector is there and asks for nothing, so that it selects everything. */
    public static boolean isEmpty(LabelSelector selector) {
        return (selector.getMatchLabels() == null || selector.getMatchLabels().isEmpty())
                && (selector.getMatchExpressions() == null
                        || selector.getMatchExpressions().isEmpty());
    }
}
