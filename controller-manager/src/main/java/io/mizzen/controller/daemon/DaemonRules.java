// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.daemon;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.TolerationBuilder;
import io.mizzen.client.LabelSelectors;
import io.mizzen.controller.node.TaintRules;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** On which nodes the pods of a DaemonSet belong. Pure. */
final class DaemonRules {

    private DaemonRules() {}

    /**
     * Whether a pod belongs on a node.
     *
     * @param run whether one is to be started
     * @param stay whether one that runs may stay
     */
    record Placement(boolean run, boolean stay) {}

    static Placement place(PodSpec spec, Node node) {
        String wanted = spec.getNodeName();
        if (wanted != null
                && !wanted.isEmpty()
                && !wanted.equals(node.getMetadata().getName())) {
            return new Placement(false, false);
        }
        if (!matches(spec, node)) {
            return new Placement(false, false);
        }
        List<Toleration> tolerations = withOwn(spec);
        List<Taint> taints = node.getSpec() == null || node.getSpec().getTaints() == null
                ? List.of()
                : node.getSpec().getTaints();
        boolean run = true;
        boolean stay = true;
        for (Taint taint : taints) {
            boolean tolerated = tolerations.stream().anyMatch(t -> TaintRules.tolerates(t, taint));
            if (!tolerated && !"PreferNoSchedule".equals(taint.getEffect())) {
                run = false;
                stay &= !"NoExecute".equals(taint.getEffect());
            }
        }
        return new Placement(run, stay);
    }

    /** The tolerations of the template and those that every daemon has. */
    static List<Toleration> withOwn(PodSpec spec) {
        List<Toleration> all = new ArrayList<>(spec.getTolerations() == null ? List.of() : spec.getTolerations());
        add(all, "node.kubernetes.io/not-ready", "NoExecute");
        add(all, "node.kubernetes.io/unreachable", "NoExecute");
        add(all, "node.kubernetes.io/disk-pressure", "NoSchedule");
        add(all, "node.kubernetes.io/memory-pressure", "NoSchedule");
        add(all, "node.kubernetes.io/pid-pressure", "NoSchedule");
        add(all, "node.kubernetes.io/unschedulable", "NoSchedule");
        if (Boolean.TRUE.equals(spec.getHostNetwork())) {
            add(all, "node.kubernetes.io/network-unavailable", "NoSchedule");
        }
        return all;
    }

    private static void add(List<Toleration> all, String key, String effect) {
        Toleration own = new TolerationBuilder()
                .withKey(key)
                .withOperator("Exists")
                .withEffect(effect)
                .build();
        if (!all.contains(own)) {
            all.add(own);
        }
    }

    private static boolean matches(PodSpec spec, Node node) {
        Map<String, String> labels = node.getMetadata().getLabels() == null
                ? Map.of()
                : node.getMetadata().getLabels();
        if (!LabelSelectors.matchesAll(spec.getNodeSelector(), labels)) {
            return false;
        }
        var affinity = spec.getAffinity() == null ? null : spec.getAffinity().getNodeAffinity();
        var required = affinity == null ? null : affinity.getRequiredDuringSchedulingIgnoredDuringExecution();
        if (required == null) {
            return true;
        }
        return required.getNodeSelectorTerms().stream().anyMatch(term -> matches(term, node, labels));
    }

    private static boolean matches(NodeSelectorTerm term, Node node, Map<String, String> labels) {
        List<NodeSelectorRequirement> expressions =
                term.getMatchExpressions() == null ? List.of() : term.getMatchExpressions();
        List<NodeSelectorRequirement> fields = term.getMatchFields() == null ? List.of() : term.getMatchFields();
        if (expressions.isEmpty() && fields.isEmpty()) {
            return false;
        }
        return expressions.stream().allMatch(r -> matches(r, labels.get(r.getKey())))
                && fields.stream()
                        .allMatch(r -> "metadata.name".equals(r.getKey())
                                && matches(r, node.getMetadata().getName()));
    }

    private static boolean matches(NodeSelectorRequirement requirement, @Nullable String value) {
        List<String> values = Objects.requireNonNullElse(requirement.getValues(), List.of());
        return switch (requirement.getOperator()) {
            case "In" -> value != null && values.contains(value);
            case "NotIn" -> value == null || !values.contains(value);
            case "Exists" -> value != null;
            case "DoesNotExist" -> value == null;
            case "Gt" -> compares(value, values, 1);
            case "Lt" -> compares(value, values, -1);
            default -> false;
        };
    }

    private static boolean compares(@Nullable String value, List<String> values, int sign) {
        if (value == null || values.size() != 1 || !value.matches("-?[0-9]{1,18}")) {
            return false;
        }
        String bound = values.getFirst();
        return bound.matches("-?[0-9]{1,18}") && Long.compare(Long.parseLong(value), Long.parseLong(bound)) == sign;
    }
}
