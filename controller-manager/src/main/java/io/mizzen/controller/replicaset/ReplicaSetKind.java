// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.replicaset;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetCondition;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetConditionBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetStatus;
import io.mizzen.controller.condition.Condition;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code apps/v1} ReplicaSet. */
final class ReplicaSetKind implements ReplicaKind<ReplicaSet> {

    @Override
    public Class<ReplicaSet> type() {
        return ReplicaSet.class;
    }

    @Override
    public String kind() {
        return "ReplicaSet";
    }

    @Override
    public String controllerName() {
        return "replicaset-controller";
    }

    @Override
    public String eventSource() {
        return "replicaset-controller";
    }

    @Override
    public LabelSelector selector(ReplicaSet object) {
        return object.getSpec().getSelector();
    }

    @Override
    public int replicas(ReplicaSet object) {
        return zero(object.getSpec().getReplicas(), 1);
    }

    @Override
    public int minReadySeconds(ReplicaSet object) {
        return zero(object.getSpec().getMinReadySeconds(), 0);
    }

    @Override
    public PodTemplateSpec template(ReplicaSet object) {
        PodTemplateSpec template = object.getSpec().getTemplate();
        return template == null ? new PodTemplateSpec() : template;
    }

    @Override
    public ReplicaCore.Status status(ReplicaSet object) {
        ReplicaSetStatus status = object.getStatus() == null ? new ReplicaSetStatus() : object.getStatus();
        List<ReplicaSetCondition> conditions = status.getConditions() == null ? List.of() : status.getConditions();
        return new ReplicaCore.Status(
                zero(status.getReplicas(), 0),
                zero(status.getFullyLabeledReplicas(), 0),
                zero(status.getReadyReplicas(), 0),
                zero(status.getAvailableReplicas(), 0),
                zero(status.getTerminatingReplicas(), 0),
                status.getObservedGeneration() == null ? 0 : status.getObservedGeneration(),
                conditions.stream()
                        .map(c -> Condition.read(
                                c.getType(),
                                c.getStatus(),
                                c.getReason(),
                                c.getMessage(),
                                null,
                                c.getLastTransitionTime()))
                        .toList());
    }

    @Override
    public ReplicaSet withStatus(ReplicaSet object, ReplicaCore.Status status) {
        return new ReplicaSetBuilder(object)
                .withNewStatus()
                .withReplicas(status.replicas())
                .withFullyLabeledReplicas(status.fullyLabeledReplicas())
                .withReadyReplicas(status.readyReplicas())
                .withAvailableReplicas(status.availableReplicas())
                .withTerminatingReplicas(status.terminatingReplicas())
                .withObservedGeneration(status.observedGeneration())
                .withConditions(status.conditions().stream()
                        .map(c -> new ReplicaSetConditionBuilder()
                                .withType(c.type())
                                .withStatus(c.status())
                                .withReason(c.reason())
                                .withMessage(c.message())
                                .withLastTransitionTime(c.transitioned())
                                .build())
                        .toList())
                .endStatus()
                .build();
    }

    private static int zero(@Nullable Integer value, int absent) {
        return value == null ? absent : value;
    }
}
