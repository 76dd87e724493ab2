// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.framework;

import io.mizzen.scheduler.framework.ExtensionPoint.Bind;
import io.mizzen.scheduler.framework.ExtensionPoint.Filter;
import io.mizzen.scheduler.framework.ExtensionPoint.Permit;
import io.mizzen.scheduler.framework.ExtensionPoint.PermitResult;
import io.mizzen.scheduler.framework.ExtensionPoint.PostBind;
import io.mizzen.scheduler.framework.ExtensionPoint.PostFilter;
import io.mizzen.scheduler.framework.ExtensionPoint.PostFilterResult;
import io.mizzen.scheduler.framework.ExtensionPoint.PreBind;
import io.mizzen.scheduler.framework.ExtensionPoint.PreEnqueue;
import io.mizzen.scheduler.framework.ExtensionPoint.PreFilter;
import io.mizzen.scheduler.framework.ExtensionPoint.PreFilterResult;
import io.mizzen.scheduler.framework.ExtensionPoint.PreScore;
import io.mizzen.scheduler.framework.ExtensionPoint.QueueOrder;
import io.mizzen.scheduler.framework.ExtensionPoint.QueueSort;
import io.mizzen.scheduler.framework.ExtensionPoint.Reserve;
import io.mizzen.scheduler.framework.ExtensionPoint.Score;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Runs the plugins of one profile at each extension point, in their order. Has no state but the plugins, so the scheduling
 * thread and the binding threads share it.
 */
public final class Framework {
    /**
     * A plugin in a profile.
     *
     * @param plugin the plugin
     * @param weight what its score is multiplied with, 0 where it scores nothing
     */
    public record Weighted(ExtensionPoint plugin, int weight) {}

    /** Told how long each extension point took. */
    @FunctionalInterface
    public interface Timing {
        /** One run of one extension point. */
        void record(String extensionPoint, Status.Code status, long nanos);
    }

    /** The longest that Permit plugins may keep a pod waiting. */
    public static final Duration MAX_PERMIT_WAIT = Duration.ofMinutes(15);

    private final String profileName;
    private final List<Weighted> plugins;
    private final Nominations nominations;
    private final Timing timing;
    private final List<PreFilter> preFilters;
    private final List<Filter> filters;
    private final List<PreScore> preScores;

    /** A framework for a profile (the scheduler's name), with its plugins in order. */
    public Framework(String profileName, List<Weighted> plugins, Nominations nominations, Timing timing) {
        this.profileName = profileName;
        this.plugins = List.copyOf(plugins);
        this.nominations = nominations;
        this.timing = timing;
        preFilters = at(PreFilter.class);
        filters = at(Filter.class);
        preScores = at(PreScore.class);
    }

    /** The profile, which is the scheduler's name in {@code spec.schedulerName}. */
    public String profileName() {
        return profileName;
    }

    /** Pods that hope for a node. */
    public Nominations nominations() {
        return nominations;
    }

    /** The plugins of one extension point, in order. */
    public <T extends ExtensionPoint> List<T> at(Class<T> point) {
        return plugins.stream()
                .map(Weighted::plugin)
                .filter(point::isInstance)
                .map(point::cast)
                .toList();
    }

    /** The order of the active queue. */
    public Comparator<QueueOrder> queueOrder() {
        return at(QueueSort.class).getFirst().order();
    }

    /** The events each plugin registered, by its name. */
    public Map<String, List<EventRegistration>> registrations() {
        Map<String, List<EventRegistration>> map = new LinkedHashMap<>();
        plugins.forEach(
                weighted -> map.put(weighted.plugin().name(), weighted.plugin().eventsToRegister()));
        return map;
    }

    /** The first refusal, or success. */
    public Status runPreEnqueue(PodInfo pod) {
        for (PreEnqueue plugin : at(PreEnqueue.class)) {
            Status status = plugin.preEnqueue(pod).by(plugin.name());
            if (!status.isSuccess()) {
                return status;
            }
        }
        return Status.success();
    }

    /** Runs all PreFilters; narrows to the nodes that all allow. A refusal ends it. */
    public PreFilterResult runPreFilter(CycleState state, PodInfo pod, Snapshot snapshot) {
        long start = System.nanoTime();
        Set<String> names = null;
        List<String> narrowing = new ArrayList<>();
        for (PreFilter plugin : preFilters) {
            PreFilterResult result = plugin.preFilter(state, pod, snapshot);
            if (result.status().isSkip()) {
                state.skippedFilters().add(plugin.name());
                continue;
            }
            if (!result.status().isSuccess()) {
                timing.record("PreFilter", result.status().code(), System.nanoTime() - start);
                return PreFilterResult.of(result.status().by(plugin.name()));
            }
            if (result.nodeNames() != null) {
                narrowing.add(plugin.name());
                if (names == null) {
                    names = new HashSet<>(result.nodeNames());
                } else {
                    names.retainAll(result.nodeNames());
                }
                if (names.isEmpty()) {
                    String message =
                            "node(s) didn't satisfy plugin(s) [" + String.join(" ", narrowing) + "] simultaneously";
                    String text = narrowing.size() == 1 ? "node(s) didn't satisfy plugin " + plugin.name() : message;
                    return PreFilterResult.of(Status.unresolvable(text).by(plugin.name()));
                }
            }
        }
        timing.record("PreFilter", Status.Code.SUCCESS, System.nanoTime() - start);
        return new PreFilterResult(Status.success(), names, narrowing);
    }

    /** The first Filter that refuses, or success. */
    public Status runFilter(CycleState state, PodInfo pod, NodeInfo node) {
        for (Filter plugin : filters) {
            if (state.skippedFilters().contains(plugin.name())) {
                continue;
            }
            Status status = plugin.filter(state, pod, node);
            if (!status.isSuccess()) {
                return status.by(plugin.name());
            }
        }
        return Status.success();
    }

    /**
     * Filters as if the pods nominated to the node with at least this pod's priority were there; then, because they may never
     * come, once more without them.
     */
    public Status runFilterWithNominatedPods(CycleState state, PodInfo pod, NodeInfo node) {
        List<PodInfo> nominated = nominations.on(node.name()).stream()
                .filter(other ->
                        other.priority() >= pod.priority() && !other.uid().equals(pod.uid()))
                .toList();
        if (!nominated.isEmpty()) {
            CycleState stateWith = state.copy();
            NodeInfo nodeWith = node;
            for (PodInfo other : nominated) {
                nodeWith = nodeWith.withPod(other);
                addPod(stateWith, pod, other, nodeWith);
            }
            Status status = runFilter(stateWith, pod, nodeWith);
            if (!status.isSuccess()) {
                return status;
            }
        }
        return runFilter(state, pod, node);
    }

    /** Keeps all plugins' state true when a pod is thought onto a node. */
    public void addPod(CycleState state, PodInfo pod, PodInfo added, NodeInfo node) {
        for (PreFilter plugin : preFilters) {
            if (!state.skippedFilters().contains(plugin.name())) {
                plugin.addPod(state, pod, added, node);
            }
        }
    }

    /** Keeps all plugins' state true when a pod is thought away. */
    public void removePod(CycleState state, PodInfo pod, PodInfo removed, NodeInfo node) {
        for (PreFilter plugin : preFilters) {
            if (!state.skippedFilters().contains(plugin.name())) {
                plugin.removePod(state, pod, removed, node);
            }
        }
    }

    /** Runs PostFilters until one succeeds; all their texts are joined. */
    public PostFilterResult runPostFilter(
            CycleState state, PodInfo pod, Snapshot snapshot, Map<String, Status> refused) {
        long start = System.nanoTime();
        List<String> reasons = new ArrayList<>();
        String nominated = null;
        for (PostFilter plugin : at(PostFilter.class)) {
            PostFilterResult result = plugin.postFilter(state, pod, snapshot, refused, this);
            if (result.status().isSuccess() || result.status().code() == Status.Code.ERROR) {
                timing.record("PostFilter", result.status().code(), System.nanoTime() - start);
                return result;
            }
            reasons.addAll(result.status().reasons());
            nominated = result.nominatedNode() != null ? result.nominatedNode() : nominated;
        }
        timing.record("PostFilter", Status.Code.UNSCHEDULABLE, System.nanoTime() - start);
        return new PostFilterResult(Status.unschedulable(reasons.toArray(String[]::new)), nominated);
    }

    /** Runs PreScore, Score and NormalizeScore; the weighted sum for each node, in the order of {@code nodes}. */
    public long[] runScore(CycleState state, PodInfo pod, List<NodeInfo> nodes, Snapshot snapshot) {
        long start = System.nanoTime();
        for (PreScore plugin : preScores) {
            Status status = plugin.preScore(state, pod, nodes, snapshot);
            if (status.isSkip()) {
                state.skippedScores().add(plugin.name());
            } else if (!status.isSuccess()) {
                throw new IllegalStateException("running PreScore plugin " + plugin.name() + ": " + status.message());
            }
        }
        long scoring = System.nanoTime();
        timing.record("PreScore", Status.Code.SUCCESS, scoring - start);
        long[] totals = new long[nodes.size()];
        for (Weighted weighted : plugins) {
            if (weighted.plugin() instanceof Score plugin
                    && !state.skippedScores().contains(plugin.name())) {
                long[] scores = new long[nodes.size()];
                for (int i = 0; i < scores.length; i++) {
                    scores[i] = plugin.score(state, pod, nodes.get(i));
                }
                plugin.normalize(state, pod, nodes, scores);
                for (int i = 0; i < scores.length; i++) {
                    if (scores[i] < 0 || scores[i] > Score.MAX_SCORE) {
                        throw new IllegalStateException("plugin " + plugin.name() + " returns an invalid score "
                                + scores[i] + ", it should in the range of [0, 100] after normalizing");
                    }
                    totals[i] += scores[i] * weighted.weight();
                }
            }
        }
        timing.record("Score", Status.Code.SUCCESS, System.nanoTime() - scoring);
        return totals;
    }

    /** Reserves; on a refusal gives all back. */
    public Status runReserve(CycleState state, PodInfo pod, String nodeName) {
        for (Reserve plugin : at(Reserve.class)) {
            Status status = plugin.reserve(state, pod, nodeName).by(plugin.name());
            if (!status.isSuccess()) {
                runUnreserve(state, pod, nodeName);
                return status;
            }
        }
        return Status.success();
    }

    /** Gives back what was reserved, in reverse order. */
    public void runUnreserve(CycleState state, PodInfo pod, String nodeName) {
        at(Reserve.class).reversed().forEach(plugin -> plugin.unreserve(state, pod, nodeName));
    }

    /** Asks the Permit plugins. With {@link Status.Code#WAIT} the timeout is the shortest that one asked for. */
    public PermitResult runPermit(CycleState state, PodInfo pod, String nodeName) {
        Duration wait = null;
        Status waiting = Status.success();
        for (Permit plugin : at(Permit.class)) {
            PermitResult result = plugin.permit(state, pod, nodeName);
            if (result.status().code() == Status.Code.WAIT) {
                Duration asked = result.timeout().compareTo(MAX_PERMIT_WAIT) > 0 ? MAX_PERMIT_WAIT : result.timeout();
                wait = wait == null || asked.compareTo(wait) < 0 ? asked : wait;
                waiting = result.status().by(plugin.name());
            } else if (!result.status().isSuccess()) {
                return new PermitResult(result.status().by(plugin.name()), Duration.ZERO);
            }
        }
        return new PermitResult(waiting, wait == null ? Duration.ZERO : wait);
    }

    /** Runs PreBind; the first refusal or error ends it. */
    public Status runPreBind(CycleState state, PodInfo pod, String nodeName) {
        for (PreBind plugin : at(PreBind.class)) {
            Status status = plugin.preBind(state, pod, nodeName).by(plugin.name());
            if (!status.isSuccess()) {
                return status;
            }
        }
        return Status.success();
    }

    /** Binds by the first plugin that does not skip. */
    public Status runBind(CycleState state, PodInfo pod, String nodeName) {
        long start = System.nanoTime();
        for (Bind plugin : at(Bind.class)) {
            Status status = plugin.bind(state, pod, nodeName).by(plugin.name());
            if (!status.isSkip()) {
                timing.record("Bind", status.code(), System.nanoTime() - start);
                return status;
            }
        }
        return Status.error(new IllegalStateException("no Bind plugin took the pod"));
    }

    /** Tells all that the pod is bound. */
    public void runPostBind(CycleState state, PodInfo pod, String nodeName) {
        at(PostBind.class).forEach(plugin -> plugin.postBind(state, pod, nodeName));
    }

    /** A plugin of the profile by its type, null if it is not there. */
    public <T extends ExtensionPoint> @Nullable T plugin(Class<T> type) {
        List<T> found = at(type);
        return found.isEmpty() ? null : found.getFirst();
    }
}
