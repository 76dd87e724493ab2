// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.daemon;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.TolerationBuilder;
import io.mizzen.client.selector.NodeMatcher;
import io.mizzen.client.selector.Taints;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

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
        if (!NodeMatcher.of(spec).matches(node.getMetadata().getName(), labels(node))) {
            return new Placement(false, false);
        }
        List<Toleration> tolerations = withOwn(spec);
        List<Taint> taints = node.getSpec() == null || node.getSpec().getTaints() == null
                ? List.of()
                : node.getSpec().getTaints();
        boolean run = true;
        boolean stay = true;
        for (Taint taint : taints) {
            if (Taints.HARD.contains(taint.getEffect()) && !Taints.isTolerated(taint, tolerations)) {
                run = false;
                stay &= !"NoExecute".equals(taint.getEffect());
            }
        }
        return new Placement(run, stay);
    }

    private static Map<String, String> labels(Node node) {
        Map<String, String> labels = node.getMetadata().getLabels();
        return labels == null ? Map.of() : labels;
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
}
