// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler;

import io.mizzen.scheduler.framework.CycleState;
import io.mizzen.scheduler.framework.Diagnosis;
import io.mizzen.scheduler.framework.ExtensionPoint.PreFilterResult;
import io.mizzen.scheduler.framework.Framework;
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
import java.util.random.RandomGenerator;

/**
 * From a pod and a snapshot to a node, or to the reasons why there is none. Does no I/O. Owned by the scheduling thread, because
 * it remembers where the last search ended.
 */
final class SchedulingAlgorithm {
    private static final int MIN_FEASIBLE_NODES = 100;
    private static final int MIN_PERCENTAGE = 5;

    /** What came out. */
    sealed interface Outcome {
        /** The best node. */
        record Found(NodeInfo node, int evaluatedNodes, int feasibleNodes) implements Outcome {}

        /** No node, and for each why. */
        record Unfit(Diagnosis diagnosis) implements Outcome {}

        /** A plugin broke. */
        record Broken(Status status) implements Outcome {}
    }

    private final RandomGenerator random;
    private final int percentageOfNodesToScore;
    private int nextStart;

    /** An algorithm that breaks ties by {@code random}; a percentage of 0 adapts to the size of the cluster. */
    SchedulingAlgorithm(RandomGenerator random, int percentageOfNodesToScore) {
        this.random = random;
        this.percentageOfNodesToScore = percentageOfNodesToScore;
    }

    /** Runs PreFilter to Score for one pod. */
    Outcome schedule(Framework framework, CycleState state, PodInfo pod, Snapshot snapshot) {
        Search search = new Search(framework, state, pod, snapshot);
        PreFilterResult pre = framework.runPreFilter(state, pod, snapshot);
        if (pre.status().isRejected()) {
            snapshot.nodes().forEach(node -> search.refused.put(node.name(), pre.status()));
            search.note(pre.status());
            return new Outcome.Unfit(search.diagnosis(pre.status().message()));
        }
        if (!pre.status().isSuccess()) {
            return new Outcome.Broken(pre.status());
        }
        if (snapshot.size() == 0) {
            return new Outcome.Unfit(search.diagnosis(""));
        }
        List<NodeInfo> feasible = search.nominatedNode(pre);
        if (feasible.isEmpty()) {
            feasible = search.feasible(pre);
        }
        if (search.broken != null) {
            return new Outcome.Broken(search.broken);
        }
        if (feasible.isEmpty()) {
            return new Outcome.Unfit(search.diagnosis(""));
        }
        if (feasible.size() == 1) {
            return new Outcome.Found(feasible.getFirst(), search.evaluated, 1);
        }
        long[] scores = framework.runScore(state, pod, feasible, snapshot);
        return new Outcome.Found(feasible.get(best(scores)), search.evaluated, feasible.size());
    }

    /** How many feasible nodes are enough. */
    int nodesToFind(int allNodes) {
        if (allNodes < MIN_FEASIBLE_NODES) {
            return allNodes;
        }
        int percentage = percentageOfNodesToScore;
        if (percentage == 0) {
            percentage = Math.max(MIN_PERCENTAGE, 50 - allNodes / 125);
        }
        return Math.max(MIN_FEASIBLE_NODES, allNodes * percentage / 100);
    }

    /** One of the best at random, each with the same chance. */
    private int best(long[] scores) {
        int best = 0;
        int ties = 1;
        for (int i = 1; i < scores.length; i++) {
            if (scores[i] > scores[best]) {
                best = i;
                ties = 1;
            } else if (scores[i] == scores[best] && random.nextInt(++ties) == 0) {
                best = i;
            }
        }
        return best;
    }

    private final class Search {
        private final Framework framework;
        private final CycleState state;
        private final PodInfo pod;
        private final Snapshot snapshot;
        private final Map<String, Status> refused = new HashMap<>();
        private final Set<String> unschedulablePlugins = new HashSet<>();
        private final Set<String> pendingPlugins = new HashSet<>();
        private int evaluated;
        private @org.jspecify.annotations.Nullable Status broken;

        Search(Framework framework, CycleState state, PodInfo pod, Snapshot snapshot) {
            this.framework = framework;
            this.state = state;
            this.pod = pod;
            this.snapshot = snapshot;
        }

        /** A node where room was made is tried first, alone. */
        List<NodeInfo> nominatedNode(PreFilterResult pre) {
            String name = framework.nominations().nodeOf(pod.uid());
            String nominated = name == null ? pod.nominatedNodeName() : name;
            NodeInfo node = nominated == null ? null : snapshot.node(nominated);
            if (node == null || (pre.nodeNames() != null && !pre.nodeNames().contains(node.name()))) {
                return List.of();
            }
            evaluated = 1;
            return framework.runFilterWithNominatedPods(state, pod, node).isSuccess() ? List.of(node) : List.of();
        }

        List<NodeInfo> feasible(PreFilterResult pre) {
            List<NodeInfo> nodes = snapshot.nodes();
            Set<String> only = pre.nodeNames();
            if (only != null) {
                nodes = new ArrayList<>();
                unschedulablePlugins.addAll(pre.narrowedBy());
                Status narrowedOut = Status.unresolvable("node(s) didn't satisfy plugin(s) "
                        + pre.narrowedBy().toString().replace(",", ""));
                for (NodeInfo node : snapshot.nodes()) {
                    if (only.contains(node.name())) {
                        nodes.add(node);
                    } else {
                        refused.put(node.name(), narrowedOut);
                    }
                }
            }
            int wanted = nodesToFind(nodes.size());
            List<NodeInfo> feasible = new ArrayList<>();
            int tried = 0;
            for (; tried < nodes.size() && feasible.size() < wanted; tried++) {
                NodeInfo node = nodes.get((nextStart + tried) % nodes.size());
                Status status = framework.runFilterWithNominatedPods(state, pod, node);
                if (status.isSuccess()) {
                    feasible.add(node);
                } else if (status.isRejected()) {
                    refused.put(node.name(), status);
                    note(status);
                } else {
                    broken = status;
                    return List.of();
                }
            }
            evaluated += tried;
            nextStart = nodes.isEmpty() ? 0 : (nextStart + tried) % nodes.size();
            return feasible;
        }

        void note(Status status) {
            if (status.plugin() != null) {
                (status.code() == Status.Code.PENDING ? pendingPlugins : unschedulablePlugins).add(status.plugin());
            }
        }

        Diagnosis diagnosis(String preFilterMessage) {
            return new Diagnosis(snapshot.size(), refused, preFilterMessage, "", unschedulablePlugins, pendingPlugins);
        }
    }
}
