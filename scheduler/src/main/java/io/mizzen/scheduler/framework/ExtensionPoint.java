// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.framework;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The extension points of the scheduling framework, in the order of a cycle, under their own names (KEP-624).
 *
 * <p>Everything up to and with {@link Permit} runs on the scheduling thread; from {@link PreBind} on, on the pod's binding thread.
 */
public interface ExtensionPoint {
    /** The plugin's name, as in a KubeSchedulerConfiguration. */
    String name();

    /** The events that may make a pod schedulable which this plugin refused. */
    default List<EventRegistration> eventsToRegister() {
        return List.of();
    }

    /** Decides whether a pod may enter the active queue at all. Must be quick and do no I/O. */
    interface PreEnqueue extends ExtensionPoint {
        /** Success lets the pod in; anything else keeps it gated. */
        Status preEnqueue(PodInfo pod);
    }

    /** Orders the active queue. Exactly one such plugin is in a profile. */
    interface QueueSort extends ExtensionPoint {
        /** The order of pods; the head is scheduled first. */
        Comparator<QueueOrder> order();
    }

    /**
     * What a queue sort sees of a pod.
     *
     * @param priority the pod's priority
     * @param enqueuedNanos when the pod entered the queue, nanoseconds of the queue's clock
     * @param sequence breaks ties, first come first served
     */
    record QueueOrder(int priority, long enqueuedNanos, long sequence) {}

    /** Looks at the pod and the whole snapshot once, before any node is filtered. */
    interface PreFilter extends ExtensionPoint {
        /** Prepares state, refuses the pod, or narrows the nodes. */
        PreFilterResult preFilter(CycleState state, PodInfo pod, Snapshot snapshot);

        /** Keeps the state true when {@code added} is thought onto {@code node}. */
        default void addPod(CycleState state, PodInfo pod, PodInfo added, NodeInfo node) {}

        /** Keeps the state true when {@code removed} is thought away from {@code node}. */
        default void removePod(CycleState state, PodInfo pod, PodInfo removed, NodeInfo node) {}
    }

    /**
     * Answer of a PreFilter.
     *
     * @param status success, skip, or a refusal
     * @param nodeNames the only nodes worth a look, null for all
     * @param narrowedBy the plugins that named nodes, filled in by the framework
     */
    record PreFilterResult(Status status, @Nullable Set<String> nodeNames, List<String> narrowedBy) {
        /** An answer of one plugin. */
        public PreFilterResult(Status status, @Nullable Set<String> nodeNames) {
            this(status, nodeNames, List.of());
        }

        /** An answer that leaves all nodes in. */
        public static PreFilterResult of(Status status) {
            return new PreFilterResult(status, null);
        }
    }

    /** Says whether a pod fits a node. */
    interface Filter extends ExtensionPoint {
        /** Success where the pod fits. */
        Status filter(CycleState state, PodInfo pod, NodeInfo node);
    }

    /** Runs when no node fits; may make room. */
    interface PostFilter extends ExtensionPoint {
        /** Success with a nominated node if room is being made. */
        PostFilterResult postFilter(
                CycleState state,
                PodInfo pod,
                Snapshot snapshot,
                Map<String, Status> filteredNodes,
                Framework framework);
    }

    /**
     * Answer of a PostFilter.
     *
     * @param status success if room is being made
     * @param nominatedNode the node where, null leaves the pod's nomination, empty clears it
     */
    record PostFilterResult(Status status, @Nullable String nominatedNode) {}

    /** Prepares scoring over the nodes that fit. */
    interface PreScore extends ExtensionPoint {
        /** Success, or skip to leave the plugin's Score out. */
        Status preScore(CycleState state, PodInfo pod, List<NodeInfo> nodes, Snapshot snapshot);
    }

    /** Ranks the nodes that fit. */
    interface Score extends ExtensionPoint {
        /** The highest score after normalising. */
        long MAX_SCORE = 100;

        /** A number for the node, any range until {@link #normalize}. */
        long score(CycleState state, PodInfo pod, NodeInfo node);

        /** Brings the scores of all nodes into 0..100 in place; {@code scores[i]} belongs to {@code nodes.get(i)}. */
        default void normalize(CycleState state, PodInfo pod, List<NodeInfo> nodes, long[] scores) {}

        /** Scales the scores so that the highest is 100, turned round where fewer is better. */
        static void scaleToMaximum(long[] scores, boolean reverse) {
            long max = 0;
            for (long score : scores) {
                max = Math.max(max, score);
            }
            for (int i = 0; i < scores.length; i++) {
                long scaled = max == 0 ? 0 : scores[i] * MAX_SCORE / max;
                scores[i] = reverse ? MAX_SCORE - scaled : scaled;
            }
        }
    }

    /** Sets something aside for the pod on its node, and gives it back when the pod does not get there. */
    interface Reserve extends ExtensionPoint {
        /** Takes; a refusal undoes all. */
        Status reserve(CycleState state, PodInfo pod, String nodeName);

        /** Gives back; must be idempotent. */
        void unreserve(CycleState state, PodInfo pod, String nodeName);
    }

    /** The last word before binding: approve, refuse, or wait. */
    interface Permit extends ExtensionPoint {
        /** Approval, refusal or waiting. */
        PermitResult permit(CycleState state, PodInfo pod, String nodeName);
    }

    /**
     * Answer of a Permit.
     *
     * @param status success, wait, or a refusal
     * @param timeout how long to wait at most
     */
    record PermitResult(Status status, Duration timeout) {}

    /** Does what must be done before binding, I/O included. */
    interface PreBind extends ExtensionPoint {
        /** Success when the pod may be bound. */
        Status preBind(CycleState state, PodInfo pod, String nodeName);
    }

    /** Binds; the first that does not skip decides. */
    interface Bind extends ExtensionPoint {
        /** Success once the API server has accepted the binding. */
        Status bind(CycleState state, PodInfo pod, String nodeName);
    }

    /** Is told after binding. */
    interface PostBind extends ExtensionPoint {
        /** Cleans up. */
        void postBind(CycleState state, PodInfo pod, String nodeName);
    }
}
