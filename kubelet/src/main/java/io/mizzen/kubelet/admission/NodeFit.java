// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.admission;

import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.NodeAffinity;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.Toleration;
import io.mizzen.api.selector.LabelSelector;
import io.mizzen.api.selector.LabelSelector.Operator;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** What a pod's selector, required node affinity and tolerations say of a node (API pages of both). Pure. */
final class NodeFit {
    private NodeFit() {}

    /** Whether the node has the labels and the name that the pod requires. */
    static boolean matches(Pod pod, String nodeName, Map<String, String> labels) {
        Map<String, String> selector = pod.getSpec().getNodeSelector();
        if (selector != null && !LabelSelector.ofLabels(selector).matches(labels)) {
            return false;
        }
        Affinity affinity = pod.getSpec().getAffinity();
        NodeAffinity node = affinity == null ? null : affinity.getNodeAffinity();
        if (node == null || node.getRequiredDuringSchedulingIgnoredDuringExecution() == null) {
            return true;
        }
        return node.getRequiredDuringSchedulingIgnoredDuringExecution().getNodeSelectorTerms().stream()
                .anyMatch(term -> matches(term, nodeName, labels));
    }

    private static boolean matches(NodeSelectorTerm term, String nodeName, Map<String, String> labels) {
        List<NodeSelectorRequirement> expressions = term.getMatchExpressions();
        List<NodeSelectorRequirement> fields = term.getMatchFields();
        if (expressions.isEmpty() && fields.isEmpty()) {
            return false;
        }
        Map<String, String> ofFields = Map.of("metadata.name", nodeName);
        return expressions.stream().allMatch(r -> matches(r, labels))
                && fields.stream().allMatch(r -> matches(r, ofFields));
    }

    private static boolean matches(NodeSelectorRequirement requirement, Map<String, String> labels) {
        Operator operator = switch (requirement.getOperator()) {
            case "In" -> Operator.IN;
            case "NotIn" -> Operator.NOT_IN;
            case "Exists" -> Operator.EXISTS;
            case "DoesNotExist" -> Operator.DOES_NOT_EXIST;
            case "Gt" -> Operator.GREATER_THAN;
            case "Lt" -> Operator.LESS_THAN;
            default -> null;
        };
        boolean isComparison = operator == Operator.GREATER_THAN || operator == Operator.LESS_THAN;
        if (operator == null || isComparison && requirement.getValues().size() != 1) {
            return false;
        }
        return new LabelSelector.Requirement(requirement.getKey(), operator, requirement.getValues()).matches(labels);
    }

    /** Whether some toleration of the pod matches the taint. */
    static boolean tolerates(Pod pod, Taint taint) {
        return pod.getSpec().getTolerations().stream().anyMatch(t -> tolerates(t, taint));
    }

    private static boolean tolerates(Toleration toleration, Taint taint) {
        boolean fitsEffect =
                isEmpty(toleration.getEffect()) || toleration.getEffect().equals(taint.getEffect());
        boolean fitsKey = isEmpty(toleration.getKey()) || toleration.getKey().equals(taint.getKey());
        if (!fitsEffect || !fitsKey) {
            return false;
        }
        if ("Exists".equals(toleration.getOperator())) {
            return true;
        }
        return !isEmpty(toleration.getKey())
                && Objects.requireNonNullElse(toleration.getValue(), "")
                        .equals(Objects.requireNonNullElse(taint.getValue(), ""));
    }

    private static boolean isEmpty(String text) {
        return text == null || text.isEmpty();
    }
}
