// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.plugin;

import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.mizzen.client.selector.LabelMatcher;
import io.mizzen.scheduler.framework.ClusterEvent;
import io.mizzen.scheduler.framework.ClusterEvent.Action;
import io.mizzen.scheduler.framework.ClusterEvent.Resource;
import io.mizzen.scheduler.framework.ClusterLister;
import io.mizzen.scheduler.framework.CycleState;
import io.mizzen.scheduler.framework.Diagnosis;
import io.mizzen.scheduler.framework.EventRegistration;
import io.mizzen.scheduler.framework.ExtensionPoint.PostFilter;
import io.mizzen.scheduler.framework.ExtensionPoint.PostFilterResult;
import io.mizzen.scheduler.framework.ExtensionPoint.PreEnqueue;
import io.mizzen.scheduler.framework.Framework;
import io.mizzen.scheduler.framework.NodeInfo;
import io.mizzen.scheduler.framework.PodInfo;
import io.mizzen.scheduler.framework.Snapshot;
import io.mizzen.scheduler.framework.Status;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Makes room for a pod by removing pods of lower priority from the node where that hurts least.
 *
 * <p>The search runs on the scheduling thread and is pure; the deletions are handed to an {@link Evictions}, and the pod is gated
 * until they are sent.
 */
public final class DefaultPreemption implements PostFilter, PreEnqueue {
    private static final int MIN_CANDIDATES_PERCENT = 10;
    private static final int MIN_CANDIDATES = 100;
    private static final String NO_VICTIMS = "No preemption victims found for incoming pod";
    private static final String NOT_HELPFUL = "Preemption is not helpful for scheduling";

    /** Carries out what the search decided, without holding up the scheduling thread. */
    public interface Evictions {
        /** Deletes the victims and clears the nominations of pods that lose their hope. */
        void evict(PodInfo preemptor, List<PodInfo> victims, List<PodInfo> outdated);

        /** Whether deletions for this pod are still to be sent. */
        boolean isRunning(String preemptorUid);
    }

    private final ClusterLister lister;
    private final Evictions evictions;
    private final RandomGenerator random;

    /** A plugin that lets {@code evictions} act; {@code random} chooses where the search starts. */
    public DefaultPreemption(ClusterLister lister, Evictions evictions, RandomGenerator random) {
        this.lister = lister;
        this.evictions = evictions;
        this.random = random;
    }

    @Override
    public String name() {
        return "DefaultPreemption";
    }

    @Override
    public Status preEnqueue(PodInfo pod) {
        return evictions.isRunning(pod.uid())
                ? Status.unresolvable("waiting for the preemption for this pod to be finished")
                : Status.success();
    }

    @Override
    public List<EventRegistration> eventsToRegister() {
        return List.of(EventRegistration.always(ClusterEvent.of(Resource.POD, Action.DELETE)));
    }

    @Override
    public PostFilterResult postFilter(
            CycleState state, PodInfo pod, Snapshot snapshot, Map<String, Status> filteredNodes, Framework framework) {
        String refusal = ineligibility(pod, snapshot, filteredNodes, framework);
        if (refusal != null) {
            return new PostFilterResult(Status.unschedulable("preemption: " + refusal), null);
        }
        List<Status> failures = new ArrayList<>();
        PreemptionCandidate best = findCandidates(state, pod, snapshot, filteredNodes, framework, failures).stream()
                .min(PreemptionCandidate.CHOICE)
                .orElse(null);
        if (best == null) {
            String message =
                    "preemption: 0/" + snapshot.size() + " nodes are available: " + Diagnosis.histogram(failures) + ".";
            return new PostFilterResult(Status.unschedulable(message), "");
        }
        List<PodInfo> outdated = framework.nominations().on(best.nodeName()).stream()
                .filter(other -> other.priority() < pod.priority())
                .toList();
        outdated.forEach(other -> framework.nominations().remove(other.uid()));
        evictions.evict(pod, best.victims(), outdated);
        return new PostFilterResult(Status.success(), best.nodeName());
    }

    private static @Nullable String ineligibility(
            PodInfo pod, Snapshot snapshot, Map<String, Status> refused, Framework framework) {
        if ("Never".equals(pod.pod().getSpec().getPreemptionPolicy())) {
            return "not eligible due to preemptionPolicy=Never.";
        }
        String nominated = framework.nominations().nodeOf(pod.uid());
        String nodeName = nominated == null ? pod.nominatedNodeName() : nominated;
        if (nodeName == null) {
            return null;
        }
        Status status = refused.get(nodeName);
        NodeInfo node = snapshot.node(nodeName);
        boolean isHopeless = status != null && status.code() == Status.Code.UNSCHEDULABLE_AND_UNRESOLVABLE;
        if (node != null
                && !isHopeless
                && node.pods().stream().anyMatch(other -> other.isTerminating() && other.priority() < pod.priority())) {
            return "not eligible due to a terminating pod on the nominated node.";
        }
        return null;
    }

    /** Tries nodes from a random place on until enough candidates are found; the others' reasons go into {@code failures}. */
    private List<PreemptionCandidate> findCandidates(
            CycleState state,
            PodInfo pod,
            Snapshot snapshot,
            Map<String, Status> refused,
            Framework framework,
            List<Status> failures) {
        List<NodeInfo> potential = new ArrayList<>();
        for (NodeInfo node : snapshot.nodes()) {
            Status status = refused.get(node.name());
            if (status != null && status.code() == Status.Code.UNSCHEDULABLE) {
                potential.add(node);
            } else {
                failures.add(Status.unresolvable(NOT_HELPFUL));
            }
        }
        int wanted = Math.max(potential.size() * MIN_CANDIDATES_PERCENT / 100, MIN_CANDIDATES);
        int offset = potential.isEmpty() ? 0 : random.nextInt(potential.size());
        List<PreemptionCandidate> candidates = new ArrayList<>();
        boolean isFreeOfViolations = false;
        for (int i = 0; i < potential.size() && !(candidates.size() >= wanted && isFreeOfViolations); i++) {
            NodeInfo node = potential.get((offset + i) % potential.size());
            DryRun run = new DryRun(state.copy(), pod, node, framework);
            Status status = run.removeLowerPriority();
            if (status.isSuccess()) {
                PreemptionCandidate candidate = run.reprieve(budgets(node));
                candidates.add(candidate);
                isFreeOfViolations |= candidate.budgetViolations() == 0;
            } else {
                failures.add(status);
            }
        }
        return candidates;
    }

    private Map<PodDisruptionBudget, Integer> budgets(NodeInfo node) {
        Map<PodDisruptionBudget, Integer> allowed = new IdentityHashMap<>();
        node.pods().stream()
                .map(PodInfo::namespace)
                .distinct()
                .flatMap(namespace -> lister.disruptionBudgets(namespace).stream())
                .forEach(budget -> allowed.put(
                        budget,
                        budget.getStatus() == null
                                ? 0
                                : Objects.requireNonNullElse(budget.getStatus().getDisruptionsAllowed(), 0)));
        return allowed;
    }

    /** One node thought through: all lower pods away, then as many back as possible. */
    private static final class DryRun {
        private final CycleState state;
        private final PodInfo pod;
        private final Framework framework;
        private final List<PodInfo> lower;
        private NodeInfo node;

        DryRun(CycleState state, PodInfo pod, NodeInfo node, Framework framework) {
            this.state = state;
            this.pod = pod;
            this.node = node;
            this.framework = framework;
            lower = node.pods().stream()
                    .filter(other -> other.priority() < pod.priority())
                    .sorted(PreemptionCandidate.IMPORTANCE)
                    .toList();
        }

        Status removeLowerPriority() {
            if (lower.isEmpty()) {
                return Status.unresolvable(NO_VICTIMS);
            }
            lower.forEach(this::remove);
            return framework.runFilterWithNominatedPods(state, pod, node);
        }

        /** Pods whose going would go against a budget get their chance first. */
        PreemptionCandidate reprieve(Map<PodDisruptionBudget, Integer> allowed) {
            List<PodInfo> violating = new ArrayList<>();
            List<PodInfo> others = new ArrayList<>();
            for (PodInfo victim : lower) {
                (isViolation(victim, allowed) ? violating : others).add(victim);
            }
            List<PodInfo> victims = new ArrayList<>();
            int violations = 0;
            for (PodInfo victim : violating) {
                if (!fitsWith(victim)) {
                    victims.add(victim);
                    violations++;
                }
            }
            for (PodInfo victim : others) {
                if (!fitsWith(victim)) {
                    victims.add(victim);
                }
            }
            victims.sort(PreemptionCandidate.IMPORTANCE);
            return new PreemptionCandidate(node.name(), victims, violations);
        }

        private boolean fitsWith(PodInfo victim) {
            node = node.withPod(victim);
            framework.addPod(state, pod, victim, node);
            boolean fits =
                    framework.runFilterWithNominatedPods(state, pod, node).isSuccess();
            if (!fits) {
                remove(victim);
            }
            return fits;
        }

        private void remove(PodInfo victim) {
            node = node.withoutPod(victim.uid());
            framework.removePod(state, pod, victim, node);
        }

        private static boolean isViolation(PodInfo victim, Map<PodDisruptionBudget, Integer> allowed) {
            boolean isViolation = false;
            for (Map.Entry<PodDisruptionBudget, Integer> entry : allowed.entrySet()) {
                PodDisruptionBudget budget = entry.getKey();
                boolean isCovered = budget.getMetadata().getNamespace().equals(victim.namespace())
                        && budget.getSpec().getSelector() != null
                        && LabelMatcher.of(budget.getSpec().getSelector()).matches(victim.labels());
                boolean isDisruptedAlready = budget.getStatus() != null
                        && budget.getStatus().getDisruptedPods() != null
                        && budget.getStatus().getDisruptedPods().containsKey(victim.name());
                if (isCovered && !isDisruptedAlready) {
                    entry.setValue(entry.getValue() - 1);
                    isViolation |= entry.getValue() < 0;
                }
            }
            return isViolation;
        }
    }
}
