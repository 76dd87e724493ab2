// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.plugin;

import io.fabric8.kubernetes.api.model.TopologySpreadConstraint;
import io.mizzen.client.selector.LabelMatcher;
import io.mizzen.client.selector.Taints;
import io.mizzen.scheduler.framework.NodeInfo;
import io.mizzen.scheduler.framework.PodInfo;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A topology spread constraint made ready for many nodes. Immutable.
 *
 * @param maxSkew how uneven the spread may be
 * @param topologyKey the node label whose equal values make one domain
 * @param selector the pods that are counted
 * @param minDomains with fewer domains than this the least crowded counts as empty
 * @param honorsAffinity whether nodes that the pod's node affinity leaves out are not counted
 * @param honorsTaints whether nodes with taints that the pod does not tolerate are not counted
 */
record SpreadConstraint(
        int maxSkew,
        String topologyKey,
        LabelMatcher selector,
        int minDomains,
        boolean honorsAffinity,
        boolean honorsTaints) {

    static final String HOSTNAME = "kubernetes.io/hostname";

    /** The pod's constraints with the given {@code whenUnsatisfiable}. */
    static List<SpreadConstraint> of(PodInfo pod, String whenUnsatisfiable) {
        return pod.pod().getSpec().getTopologySpreadConstraints().stream()
                .filter(constraint -> whenUnsatisfiable.equals(constraint.getWhenUnsatisfiable()))
                .map(constraint -> of(pod, constraint))
                .toList();
    }

    /** The constraints of a cluster that names none, for pods that something owns. */
    static List<SpreadConstraint> defaults(LabelMatcher selector) {
        return List.of(
                new SpreadConstraint(3, HOSTNAME, selector, 1, true, false),
                new SpreadConstraint(5, "topology.kubernetes.io/zone", selector, 1, true, false));
    }

    private static SpreadConstraint of(PodInfo pod, TopologySpreadConstraint constraint) {
        LabelMatcher selector = LabelMatcher.of(constraint.getLabelSelector());
        if (constraint.getLabelSelector() != null) {
            for (String key : constraint.getMatchLabelKeys()) {
                String value = pod.labels().get(key);
                selector = value == null ? selector : selector.and(key, value);
            }
        }
        return new SpreadConstraint(
                constraint.getMaxSkew(),
                constraint.getTopologyKey(),
                selector,
                constraint.getMinDomains() == null ? 1 : constraint.getMinDomains(),
                !"Ignore".equals(constraint.getNodeAffinityPolicy()),
                "Honor".equals(constraint.getNodeTaintsPolicy()));
    }

    /** The node's domain, or null where it lacks the label. */
    @Nullable
    String domain(NodeInfo node) {
        return node.labels().get(topologyKey);
    }

    /** Whether the node's pods count for this pod. */
    boolean includes(PodInfo pod, NodeInfo node) {
        return (!honorsAffinity || pod.nodeMatcher().matches(node.name(), node.labels()))
                && (!honorsTaints || Taints.firstUntolerated(node.taints(), pod.tolerations(), Taints.HARD) == null);
    }

    /** Whether a pod is one of those counted. */
    boolean counts(String namespace, PodInfo other) {
        return !other.isTerminating() && other.namespace().equals(namespace) && selector.matches(other.labels());
    }

    /** How many pods of the node count. */
    int count(String namespace, NodeInfo node) {
        int count = 0;
        for (PodInfo other : node.pods()) {
            if (counts(namespace, other)) {
                count++;
            }
        }
        return count;
    }

    static boolean hasAllKeys(List<SpreadConstraint> constraints, Map<String, String> labels) {
        for (SpreadConstraint constraint : constraints) {
            if (!labels.containsKey(constraint.topologyKey)) {
                return false;
            }
        }
        return true;
    }
}
