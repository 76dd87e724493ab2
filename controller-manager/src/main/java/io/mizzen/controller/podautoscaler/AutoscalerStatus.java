// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.podautoscaler;

import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerBuilder;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerCondition;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerConditionBuilder;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerStatus;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerStatusBuilder;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricStatus;
import io.mizzen.controller.condition.Timestamps;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The status of one autoscaler while it is made. Belongs to one thread. */
final class AutoscalerStatus {
    private final HorizontalPodAutoscaler autoscaler;
    private final Instant now;
    private final List<HorizontalPodAutoscalerCondition> conditions = new ArrayList<>();
    private List<MetricStatus> metrics;
    private @Nullable Integer current;
    private int desired;
    private @Nullable String lastScaleTime;

    AutoscalerStatus(HorizontalPodAutoscaler autoscaler, Instant now) {
        this.autoscaler = autoscaler;
        this.now = now;
        HorizontalPodAutoscalerStatus before =
                autoscaler.getStatus() == null ? new HorizontalPodAutoscalerStatus() : autoscaler.getStatus();
        if (before.getConditions() != null) {
            conditions.addAll(before.getConditions());
        }
        this.metrics = before.getCurrentMetrics() == null ? List.of() : before.getCurrentMetrics();
        this.current = before.getCurrentReplicas();
        this.desired = before.getDesiredReplicas() == null ? 0 : before.getDesiredReplicas();
        this.lastScaleTime = before.getLastScaleTime();
    }

    /** Sets a condition in its place; the time of the last transition changes with its status only. */
    AutoscalerStatus condition(String type, boolean isTrue, String reason, String message) {
        String status = isTrue ? "True" : "False";
        int at = -1;
        for (int i = 0; i < conditions.size(); i++) {
            if (conditions.get(i).getType().equals(type)) {
                at = i;
            }
        }
        boolean same = at >= 0 && conditions.get(at).getStatus().equals(status);
        HorizontalPodAutoscalerCondition wanted = new HorizontalPodAutoscalerConditionBuilder()
                .withType(type)
                .withStatus(status)
                .withReason(reason)
                .withMessage(message)
                .withLastTransitionTime(same ? conditions.get(at).getLastTransitionTime() : Timestamps.text(now))
                .build();
        if (at >= 0) {
            conditions.set(at, wanted);
        } else {
            conditions.add(wanted);
        }
        return this;
    }

    AutoscalerStatus sizes(int currentReplicas, int desiredReplicas) {
        current = currentReplicas;
        desired = desiredReplicas;
        return this;
    }

    AutoscalerStatus metrics(List<MetricStatus> statuses) {
        metrics = List.copyOf(statuses);
        return this;
    }

    AutoscalerStatus rescaled() {
        lastScaleTime = Timestamps.text(now);
        return this;
    }

    int desired() {
        return desired;
    }

    /** The autoscaler with this status; empty when it has it already. */
    Optional<HorizontalPodAutoscaler> changed() {
        HorizontalPodAutoscalerStatus status = new HorizontalPodAutoscalerStatusBuilder()
                .withConditions(conditions)
                .withCurrentMetrics(metrics)
                .withCurrentReplicas(current)
                .withDesiredReplicas(desired)
                .withLastScaleTime(lastScaleTime)
                .build();
        return status.equals(autoscaler.getStatus())
                ? Optional.empty()
                : Optional.of(new HorizontalPodAutoscalerBuilder(autoscaler)
                        .withStatus(status)
                        .build());
    }
}
