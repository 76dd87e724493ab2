// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.plugin;

import io.fabric8.kubernetes.api.model.Node;
import io.mizzen.client.selector.LabelMatcher;
import io.mizzen.scheduler.framework.ClusterEvent;
import io.mizzen.scheduler.framework.ClusterEvent.Action;
import io.mizzen.scheduler.framework.ClusterEvent.Resource;
import io.mizzen.scheduler.framework.ClusterLister;
import io.mizzen.scheduler.framework.CycleState;
import io.mizzen.scheduler.framework.EventRegistration;
import io.mizzen.scheduler.framework.ExtensionPoint.Filter;
import io.mizzen.scheduler.framework.ExtensionPoint.PreFilter;
import io.mizzen.scheduler.framework.ExtensionPoint.PreFilterResult;
import io.mizzen.scheduler.framework.ExtensionPoint.PreScore;
import io.mizzen.scheduler.framework.ExtensionPoint.Score;
import io.mizzen.scheduler.framework.NodeInfo;
import io.mizzen.scheduler.framework.PodInfo;
import io.mizzen.scheduler.framework.Snapshot;
import io.mizzen.scheduler.framework.Status;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Spreads pods over domains: hard constraints filter (KEP-895), soft ones and the cluster's defaults score. */
public final class PodTopologySpread implements PreFilter, Filter, PreScore, Score {
    private static final String MISMATCH = "node(s) didn't match pod topology spread constraints";
    private static final String NO_LABEL = MISMATCH + " (missing required label)";

    private final ClusterLister lister;

    /** A plugin that asks {@code lister} which objects own a pod. */
    public PodTopologySpread(ClusterLister lister) {
        this.lister = lister;
    }

    /** Pods counted in each domain of one constraint, and the least of them. */
    private static final class Domains {
        private final Map<String, Integer> counts = new HashMap<>();
        private int least;

        Domains copy() {
            Domains copy = new Domains();
            copy.counts.putAll(counts);
            copy.least = least;
            return copy;
        }

        void findLeast() {
            least = counts.values().stream().mapToInt(Integer::intValue).min().orElse(Integer.MAX_VALUE);
        }
    }

    private record Hard(List<SpreadConstraint> constraints, List<Domains> domains) implements CycleState.Data {
        @Override
        public CycleState.Data copy() {
            return new Hard(constraints, domains.stream().map(Domains::copy).toList());
        }
    }

    private record Soft(
            List<SpreadConstraint> constraints,
            List<Map<String, Integer>> counts,
            double[] weights,
            Set<String> ignoredNodes)
            implements CycleState.Data {}

    @Override
    public String name() {
        return "PodTopologySpread";
    }

    @Override
    public PreFilterResult preFilter(CycleState state, PodInfo pod, Snapshot snapshot) {
        List<SpreadConstraint> constraints = SpreadConstraint.of(pod, "DoNotSchedule");
        if (constraints.isEmpty()) {
            return PreFilterResult.of(Status.skip());
        }
        List<Domains> domains = constraints.stream().map(c -> new Domains()).toList();
        for (NodeInfo node : snapshot.nodes()) {
            if (!SpreadConstraint.hasAllKeys(constraints, node.labels())) {
                continue;
            }
            for (int i = 0; i < constraints.size(); i++) {
                SpreadConstraint constraint = constraints.get(i);
                String domain = constraint.domain(node);
                if (domain != null && constraint.includes(pod, node)) {
                    domains.get(i).counts.merge(domain, constraint.count(pod.namespace(), node), Integer::sum);
                }
            }
        }
        domains.forEach(Domains::findLeast);
        state.put(new Hard(constraints, domains));
        return PreFilterResult.of(Status.success());
    }

    @Override
    public void addPod(CycleState state, PodInfo pod, PodInfo added, NodeInfo node) {
        change(state, pod, added, node, 1);
    }

    @Override
    public void removePod(CycleState state, PodInfo pod, PodInfo removed, NodeInfo node) {
        change(state, pod, removed, node, -1);
    }

    private static void change(CycleState state, PodInfo pod, PodInfo other, NodeInfo node, int by) {
        Hard hard = state.get(Hard.class);
        if (!SpreadConstraint.hasAllKeys(hard.constraints(), node.labels())) {
            return;
        }
        for (int i = 0; i < hard.constraints().size(); i++) {
            SpreadConstraint constraint = hard.constraints().get(i);
            String domain = constraint.domain(node);
            if (domain != null && constraint.counts(pod.namespace(), other) && constraint.includes(pod, node)) {
                Domains domains = hard.domains().get(i);
                domains.counts.merge(domain, by, Integer::sum);
                domains.findLeast();
            }
        }
    }

    @Override
    public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
        Hard hard = state.get(Hard.class);
        for (int i = 0; i < hard.constraints().size(); i++) {
            SpreadConstraint constraint = hard.constraints().get(i);
            String domain = constraint.domain(node);
            if (domain == null) {
                return Status.unresolvable(NO_LABEL);
            }
            Domains domains = hard.domains().get(i);
            int least = domains.counts.size() < constraint.minDomains() ? 0 : domains.least;
            int self = constraint.selector().matches(pod.labels()) ? 1 : 0;
            int skew = domains.counts.getOrDefault(domain, 0) + self - least;
            if (skew > constraint.maxSkew()) {
                return Status.unschedulable(MISMATCH);
            }
        }
        return Status.success();
    }

    @Override
    public Status preScore(CycleState state, PodInfo pod, List<NodeInfo> nodes, Snapshot snapshot) {
        List<SpreadConstraint> constraints = softConstraints(pod);
        if (constraints.isEmpty() || nodes.isEmpty()) {
            return Status.skip();
        }
        boolean needsAllKeys =
                !pod.pod().getSpec().getTopologySpreadConstraints().isEmpty();
        List<Map<String, Integer>> counts = new ArrayList<>();
        constraints.forEach(c -> counts.add(new HashMap<>()));
        Set<String> ignored = new HashSet<>();
        for (NodeInfo node : nodes) {
            if (needsAllKeys && !SpreadConstraint.hasAllKeys(constraints, node.labels())) {
                ignored.add(node.name());
                continue;
            }
            for (int i = 0; i < constraints.size(); i++) {
                String domain = constraints.get(i).domain(node);
                if (domain != null && !isHostname(constraints.get(i))) {
                    counts.get(i).put(domain, 0);
                }
            }
        }
        double[] weights = new double[constraints.size()];
        for (int i = 0; i < weights.length; i++) {
            int domains = isHostname(constraints.get(i))
                    ? nodes.size() - ignored.size()
                    : counts.get(i).size();
            weights[i] = Math.log(domains + 2.0);
        }
        countPods(pod, constraints, counts, needsAllKeys, snapshot);
        state.put(new Soft(constraints, counts, weights, ignored));
        return Status.success();
    }

    private static void countPods(
            PodInfo pod,
            List<SpreadConstraint> constraints,
            List<Map<String, Integer>> counts,
            boolean needsAllKeys,
            Snapshot snapshot) {
        for (NodeInfo node : snapshot.nodes()) {
            if (needsAllKeys && !SpreadConstraint.hasAllKeys(constraints, node.labels())) {
                continue;
            }
            for (int i = 0; i < constraints.size(); i++) {
                SpreadConstraint constraint = constraints.get(i);
                String domain = constraint.domain(node);
                if (domain != null && counts.get(i).containsKey(domain) && constraint.includes(pod, node)) {
                    counts.get(i).merge(domain, constraint.count(pod.namespace(), node), Integer::sum);
                }
            }
        }
    }

    @Override
    public long score(CycleState state, PodInfo pod, NodeInfo node) {
        Soft soft = state.get(Soft.class);
        if (soft.ignoredNodes().contains(node.name())) {
            return 0;
        }
        double sum = 0;
        for (int i = 0; i < soft.constraints().size(); i++) {
            SpreadConstraint constraint = soft.constraints().get(i);
            String domain = constraint.domain(node);
            if (domain != null) {
                int count = isHostname(constraint)
                        ? constraint.count(pod.namespace(), node)
                        : soft.counts().get(i).getOrDefault(domain, 0);
                sum += count * soft.weights()[i] + (constraint.maxSkew() - 1);
            }
        }
        return Math.round(sum);
    }

    @Override
    public void normalize(CycleState state, PodInfo pod, List<NodeInfo> nodes, long[] scores) {
        Set<String> ignored = state.get(Soft.class).ignoredNodes();
        long min = Long.MAX_VALUE;
        long max = 0;
        for (int i = 0; i < scores.length; i++) {
            if (!ignored.contains(nodes.get(i).name())) {
                min = Math.min(min, scores[i]);
                max = Math.max(max, scores[i]);
            }
        }
        for (int i = 0; i < scores.length; i++) {
            if (ignored.contains(nodes.get(i).name())) {
                scores[i] = 0;
            } else {
                scores[i] = max == 0 ? MAX_SCORE : MAX_SCORE * (max + min - scores[i]) / max;
            }
        }
    }

    @Override
    public List<EventRegistration> eventsToRegister() {
        return List.of(
                new EventRegistration(
                        ClusterEvent.of(
                                Resource.POD,
                                Action.ADD,
                                Action.DELETE,
                                Action.UPDATE_POD_LABEL,
                                Action.UPDATE_POD_TOLERATION),
                        PodTopologySpread::isCounted),
                new EventRegistration(
                        ClusterEvent.of(
                                Resource.NODE,
                                Action.ADD,
                                Action.DELETE,
                                Action.UPDATE_NODE_LABEL,
                                Action.UPDATE_NODE_TAINT),
                        PodTopologySpread::hasKeys));
    }

    private static boolean isCounted(PodInfo pod, @Nullable Object before, @Nullable Object after) {
        if (after instanceof PodInfo changed && changed.uid().equals(pod.uid())) {
            return true;
        }
        return SpreadConstraint.of(pod, "DoNotSchedule").stream()
                .anyMatch(constraint -> (before instanceof PodInfo old && constraint.counts(pod.namespace(), old))
                        || (after instanceof PodInfo changed && constraint.counts(pod.namespace(), changed)));
    }

    private static boolean hasKeys(PodInfo pod, @Nullable Object before, @Nullable Object after) {
        List<SpreadConstraint> constraints = SpreadConstraint.of(pod, "DoNotSchedule");
        return (before instanceof Node old
                        && SpreadConstraint.hasAllKeys(
                                constraints, NodeInfo.of(old).labels()))
                || (after instanceof Node node
                        && SpreadConstraint.hasAllKeys(
                                constraints, NodeInfo.of(node).labels()));
    }

    private List<SpreadConstraint> softConstraints(PodInfo pod) {
        if (!pod.pod().getSpec().getTopologySpreadConstraints().isEmpty()) {
            return SpreadConstraint.of(pod, "ScheduleAnyway");
        }
        LabelMatcher owner = lister.owningSelector(pod);
        return owner == null ? List.of() : SpreadConstraint.defaults(owner);
    }

    private static boolean isHostname(SpreadConstraint constraint) {
        return constraint.topologyKey().equals(SpreadConstraint.HOSTNAME);
    }
}
