// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client.selector;

import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.Toleration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which taints a pod puts up with, by the rules of the API (page "Taints and Tolerations"). */
public final class Taints {
    /** Effects that keep pods away. */
    public static final Set<String> HARD = Set.of("NoSchedule", "NoExecute");
    /** The effect that only lowers a node's score. */
    public static final Set<String> SOFT = Set.of("PreferNoSchedule");

    private Taints() {}

    /** The first taint with one of the effects that no toleration covers, or null. */
    public static @Nullable Taint firstUntolerated(
            List<Taint> taints, List<Toleration> tolerations, Set<String> effects) {
        for (Taint taint : taints) {
            if (effects.contains(taint.getEffect()) && !isTolerated(taint, tolerations)) {
                return taint;
            }
        }
        return null;
    }

    /** Whether one of the tolerations covers the taint. */
    public static boolean isTolerated(Taint taint, List<Toleration> tolerations) {
        return tolerations.stream().anyMatch(toleration -> covers(toleration, taint));
    }

    /** Whether a toleration covers the taint. */
    public static boolean covers(Toleration toleration, Taint taint) {
        if (isSet(toleration.getEffect()) && !toleration.getEffect().equals(taint.getEffect())) {
            return false;
        }
        if (isSet(toleration.getKey()) && !toleration.getKey().equals(taint.getKey())) {
            return false;
        }
        if ("Exists".equals(toleration.getOperator())) {
            return true;
        }
        return isSet(toleration.getKey()) && orEmpty(toleration.getValue()).equals(orEmpty(taint.getValue()));
    }

    private static boolean isSet(@Nullable String text) {
        return text != null && !text.isEmpty();
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }
}
