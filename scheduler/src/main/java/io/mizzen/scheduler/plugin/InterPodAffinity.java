// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.plugin;

import io.fabric8.kubernetes.api.model.Node;
import io.mizzen.scheduler.framework.AffinityTerm;
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
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Keeps pods near or away from other pods: required terms filter, preferred terms score. */
public final class InterPodAffinity implements PreFilter, Filter, PreScore, Score {
    /** What a required affinity term of a pod on the node adds when it likes the incoming pod. */
    private static final int HARD_POD_AFFINITY_WEIGHT = 1;

    private final ClusterLister lister;

    /** A plugin that asks {@code lister} for namespaces' labels. */
    public InterPodAffinity(ClusterLister lister) {
        this.lister = lister;
    }

    private record Counts(TopologyWeights existingAnti, TopologyWeights affinity, TopologyWeights anti)
            implements CycleState.Data {
        @Override
        public CycleState.Data copy() {
            return new Counts(existingAnti.copy(), affinity.copy(), anti.copy());
        }
    }

    private record Liking(TopologyWeights scores) implements CycleState.Data {}

    @Override
    public String name() {
        return "InterPodAffinity";
    }

    @Override
    public PreFilterResult preFilter(CycleState state, PodInfo pod, Snapshot snapshot) {
        Counts counts = new Counts(new TopologyWeights(), new TopologyWeights(), new TopologyWeights());
        for (NodeInfo node : snapshot.nodesWithRequiredAntiAffinity()) {
            for (PodInfo other : node.pods()) {
                countExisting(counts, pod, other, node, 1);
            }
        }
        boolean hasTerms =
                !pod.requiredAffinity().isEmpty() || !pod.requiredAntiAffinity().isEmpty();
        if (hasTerms) {
            for (NodeInfo node : snapshot.nodes()) {
                for (PodInfo other : node.pods()) {
                    countIncoming(counts, pod, other, node, 1);
                }
            }
        } else if (counts.existingAnti().isEmpty()) {
            return PreFilterResult.of(Status.skip());
        }
        state.put(counts);
        return PreFilterResult.of(Status.success());
    }

    @Override
    public void addPod(CycleState state, PodInfo pod, PodInfo added, NodeInfo node) {
        countExisting(state.get(Counts.class), pod, added, node, 1);
        countIncoming(state.get(Counts.class), pod, added, node, 1);
    }

    @Override
    public void removePod(CycleState state, PodInfo pod, PodInfo removed, NodeInfo node) {
        countExisting(state.get(Counts.class), pod, removed, node, -1);
        countIncoming(state.get(Counts.class), pod, removed, node, -1);
    }

    private void countExisting(Counts counts, PodInfo pod, PodInfo other, NodeInfo node, int by) {
        for (AffinityTerm term : other.requiredAntiAffinity()) {
            if (term.matches(pod, lister::namespaceLabels)) {
                counts.existingAnti().add(term.topologyKey(), node, by);
            }
        }
    }

    private void countIncoming(Counts counts, PodInfo pod, PodInfo other, NodeInfo node, int by) {
        if (!pod.requiredAffinity().isEmpty() && matchesAll(pod.requiredAffinity(), other)) {
            pod.requiredAffinity().forEach(term -> counts.affinity().add(term.topologyKey(), node, by));
        }
        for (AffinityTerm term : pod.requiredAntiAffinity()) {
            if (term.matches(other, lister::namespaceLabels)) {
                counts.anti().add(term.topologyKey(), node, by);
            }
        }
    }

    private boolean matchesAll(List<AffinityTerm> terms, PodInfo other) {
        for (AffinityTerm term : terms) {
            if (!term.matches(other, lister::namespaceLabels)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public Status filter(CycleState state, PodInfo pod, NodeInfo node) {
        Counts counts = state.get(Counts.class);
        if (!isNearEnough(counts, pod, node)) {
            return Status.unresolvable("node(s) didn't match pod affinity rules");
        }
        for (AffinityTerm term : pod.requiredAntiAffinity()) {
            if (counts.anti().at(term.topologyKey(), node) > 0) {
                return Status.unschedulable("node(s) didn't match pod anti-affinity rules");
            }
        }
        return counts.existingAnti().sum(node) > 0
                ? Status.unschedulable("node(s) didn't satisfy existing pods anti-affinity rules")
                : Status.success();
    }

    private boolean isNearEnough(Counts counts, PodInfo pod, NodeInfo node) {
        boolean isNear = true;
        for (AffinityTerm term : pod.requiredAffinity()) {
            if (!node.labels().containsKey(term.topologyKey())) {
                return false;
            }
            isNear &= counts.affinity().at(term.topologyKey(), node) > 0;
        }
        // The first pod of a group that wants to be together has nobody to be near to.
        return isNear || (counts.affinity().isEmpty() && matchesAll(pod.requiredAffinity(), pod));
    }

    @Override
    public Status preScore(CycleState state, PodInfo pod, List<NodeInfo> nodes, Snapshot snapshot) {
        boolean hasTerms = !pod.preferredAffinity().isEmpty()
                || !pod.preferredAntiAffinity().isEmpty();
        TopologyWeights scores = new TopologyWeights();
        for (NodeInfo node : hasTerms ? snapshot.nodes() : snapshot.nodesWithAffinity()) {
            for (PodInfo other : node.pods()) {
                like(scores, pod.preferredAffinity(), other, node, 1);
                like(scores, pod.preferredAntiAffinity(), other, node, -1);
                like(scores, other.preferredAffinity(), pod, node, 1);
                like(scores, other.preferredAntiAffinity(), pod, node, -1);
                for (AffinityTerm term : other.requiredAffinity()) {
                    if (term.matches(pod, lister::namespaceLabels)) {
                        scores.add(term.topologyKey(), node, HARD_POD_AFFINITY_WEIGHT);
                    }
                }
            }
        }
        if (scores.isEmpty()) {
            return Status.skip();
        }
        state.put(new Liking(scores));
        return Status.success();
    }

    private void like(TopologyWeights scores, List<AffinityTerm> terms, PodInfo pod, NodeInfo node, int sign) {
        for (AffinityTerm term : terms) {
            if (term.matches(pod, lister::namespaceLabels)) {
                scores.add(term.topologyKey(), node, (long) sign * term.weight());
            }
        }
    }

    @Override
    public long score(CycleState state, PodInfo pod, NodeInfo node) {
        return state.get(Liking.class).scores().sum(node);
    }

    @Override
    public void normalize(CycleState state, PodInfo pod, List<NodeInfo> nodes, long[] scores) {
        long min = Long.MAX_VALUE;
        long max = Long.MIN_VALUE;
        for (long score : scores) {
            min = Math.min(min, score);
            max = Math.max(max, score);
        }
        for (int i = 0; i < scores.length; i++) {
            scores[i] = max == min ? 0 : (long) (MAX_SCORE * ((scores[i] - min) / (double) (max - min)));
        }
    }

    @Override
    public List<EventRegistration> eventsToRegister() {
        return List.of(
                new EventRegistration(
                        ClusterEvent.of(Resource.POD, Action.ADD, Action.DELETE, Action.UPDATE_POD_LABEL),
                        this::isConcerned),
                new EventRegistration(
                        ClusterEvent.of(Resource.NODE, Action.ADD, Action.UPDATE_NODE_LABEL),
                        (pod, before, after) -> after instanceof Node node && hasKey(pod, node)));
    }

    private boolean isConcerned(PodInfo pod, @Nullable Object before, @Nullable Object after) {
        PodInfo old = before instanceof PodInfo info ? info : null;
        PodInfo now = after instanceof PodInfo info ? info : null;
        if (now != null && now.uid().equals(pod.uid())) {
            return true;
        }
        boolean comesNear = now != null && matchesSome(pod.requiredAffinity(), now);
        boolean leaves = old != null
                && (matchesSome(pod.requiredAntiAffinity(), old) || matchesSome(old.requiredAntiAffinity(), pod));
        return comesNear || leaves;
    }

    private boolean matchesSome(List<AffinityTerm> terms, PodInfo other) {
        return terms.stream().anyMatch(term -> term.matches(other, lister::namespaceLabels));
    }

    private static boolean hasKey(PodInfo pod, Node node) {
        Map<String, String> labels = NodeInfo.of(node).labels();
        return pod.requiredAffinity().isEmpty()
                || pod.requiredAffinity().stream().allMatch(term -> labels.containsKey(term.topologyKey()));
    }
}
