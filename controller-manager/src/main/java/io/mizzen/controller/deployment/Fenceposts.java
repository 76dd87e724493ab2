// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.deployment;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.RollingUpdateDeployment;
import org.jspecify.annotations.Nullable;

/**
 * How many pods a rolling update may add and miss. Percentages of the replicas: surge rounds up, unavailability down; if
 * both come out as zero one pod may be missing, for else nothing could move.
 *
 * @param maxSurge pods above the replicas wanted
 * @param maxUnavailable pods that may be unavailable
 */
public record Fenceposts(int maxSurge, int maxUnavailable) {

    /** The limits of a Deployment; both zero for one that is not rolling. */
    public static Fenceposts of(Deployment deployment) {
        var strategy = deployment.getSpec().getStrategy();
        if (strategy != null && "Recreate".equals(strategy.getType())) {
            return new Fenceposts(0, 0);
        }
        int replicas = replicas(deployment);
        RollingUpdateDeployment rolling = strategy == null ? null : strategy.getRollingUpdate();
        IntOrString quarter = new IntOrString("25%");
        int surge = scaled(rolling == null ? quarter : rolling.getMaxSurge(), replicas, true);
        int unavailable = scaled(rolling == null ? quarter : rolling.getMaxUnavailable(), replicas, false);
        if (surge == 0 && unavailable == 0) {
            unavailable = 1;
        }
        return new Fenceposts(surge, Math.min(unavailable, replicas));
    }

    /** The replicas a Deployment wants. */
    public static int replicas(Deployment deployment) {
        Integer replicas = deployment.getSpec().getReplicas();
        return replicas == null ? 1 : replicas;
    }

    /** A number as it is, or a percentage of the total; absent and unreadable ones are 0. */
    public static int scaled(@Nullable IntOrString value, int total, boolean roundUp) {
        if (value == null) {
            return 0;
        }
        if (value.getIntVal() != null) {
            return value.getIntVal();
        }
        String text = value.getStrVal();
        if (text == null || !text.matches("[0-9]{1,9}%?")) {
            return 0;
        }
        if (!text.endsWith("%")) {
            return Integer.parseInt(text);
        }
        long product = Long.parseLong(text.substring(0, text.length() - 1)) * total;
        return (int) (roundUp ? (product + 99) / 100 : product / 100);
    }
}
