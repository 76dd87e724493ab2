// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.replicaset;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.ReplicationController;
import io.fabric8.kubernetes.api.model.ReplicationControllerBuilder;
import io.fabric8.kubernetes.api.model.ReplicationControllerCondition;
import io.fabric8.kubernetes.api.model.ReplicationControllerConditionBuilder;
import io.fabric8.kubernetes.api.model.ReplicationControllerStatus;
import io.mizzen.controller.condition.Condition;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code v1} ReplicationController, the forerunner of ReplicaSet, whose selector is a plain map of labels. */
final class ReplicationControllerKind implements ReplicaKind<ReplicationController> {

    @Override
    public Class<ReplicationController> type() {
        return ReplicationController.class;
    }

    @Override
    public String kind() {
        return "ReplicationController";
    }

    @Override
    public String controllerName() {
        return "replicationcontroller-controller";
    }

    @Override
    public String eventSource() {
        return "replication-controller";
    }

    @Override
    public LabelSelector selector(ReplicationController object) {
        Map<String, String> labels = object.getSpec().getSelector();
        if (labels == null || labels.isEmpty()) {
            PodTemplateSpec template = template(object);
            labels = template.getMetadata() == null
                    ? Map.of()
                    : template.getMetadata().getLabels();
        }
        LabelSelector selector = new LabelSelector();
        selector.setMatchLabels(labels);
        return selector;
    }

    @Override
    public int replicas(ReplicationController object) {
        return zero(object.getSpec().getReplicas(), 1);
    }

    @Override
    public int minReadySeconds(ReplicationController object) {
        return zero(object.getSpec().getMinReadySeconds(), 0);
    }

    @Override
    public PodTemplateSpec template(ReplicationController object) {
        PodTemplateSpec template = object.getSpec().getTemplate();
        return template == null ? new PodTemplateSpec() : template;
    }

    @Override
    public ReplicaCore.Status status(ReplicationController object) {
        ReplicationControllerStatus status =
                object.getStatus() == null ? new ReplicationControllerStatus() : object.getStatus();
        List<ReplicationControllerCondition> conditions =
                status.getConditions() == null ? List.of() : status.getConditions();
        return new ReplicaCore.Status(
                zero(status.getReplicas(), 0),
                zero(status.getFullyLabeledReplicas(), 0),
                zero(status.getReadyReplicas(), 0),
                zero(status.getAvailableReplicas(), 0),
                0,
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
    public ReplicationController withStatus(ReplicationController object, ReplicaCore.Status status) {
        return new ReplicationControllerBuilder(object)
                .withNewStatus()
                .withReplicas(status.replicas())
                .withFullyLabeledReplicas(status.fullyLabeledReplicas())
                .withReadyReplicas(status.readyReplicas())
                .withAvailableReplicas(status.availableReplicas())
                .withObservedGeneration(status.observedGeneration())
                .withConditions(status.conditions().stream()
                        .map(c -> new ReplicationControllerConditionBuilder()
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
