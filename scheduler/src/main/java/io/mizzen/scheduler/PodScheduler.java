// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler;

import io.mizzen.scheduler.SchedulingAlgorithm.Outcome;
import io.mizzen.scheduler.cache.SchedulerCache;
import io.mizzen.scheduler.framework.ClusterEvent;
import io.mizzen.scheduler.framework.ClusterEvent.Action;
import io.mizzen.scheduler.framework.ClusterEvent.Resource;
import io.mizzen.scheduler.framework.ClusterWriter;
import io.mizzen.scheduler.framework.CycleState;
import io.mizzen.scheduler.framework.Diagnosis;
import io.mizzen.scheduler.framework.ExtensionPoint.PermitResult;
import io.mizzen.scheduler.framework.ExtensionPoint.PostFilterResult;
import io.mizzen.scheduler.framework.Framework;
import io.mizzen.scheduler.framework.PodInfo;
import io.mizzen.scheduler.framework.Snapshot;
import io.mizzen.scheduler.framework.Status;
import io.mizzen.scheduler.plugin.VolumeBinding;
import io.mizzen.scheduler.queue.QueuedPod;
import io.mizzen.scheduler.queue.SchedulingQueue;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A pod finds its node: pop → snapshot → filter → score → reserve → permit │ bind.
 *
 * <p>{@link #schedulingCycle} runs on the one scheduling thread and writes nothing; {@link #bindingCycle} runs on a thread of the
 * pod's own and writes. Between the two the pod is assumed: the cache counts it on its node, so the next cycle need not wait.
 */
final class PodScheduler {
    private static final Logger log = LoggerFactory.getLogger(PodScheduler.class);

    /** A pod that has its node and is yet to be bound. */
    record Assumed(
            QueuedPod queued, PodInfo pod, String nodeName, CycleState state, Framework framework, long started) {}

    private final SchedulingQueue queue;
    private final SchedulerCache cache;
    private final Map<String, Framework> profiles;
    private final SchedulingAlgorithm algorithm;
    private final ClusterWriter writer;
    private final WaitingPods waitingPods;
    private final Executor bindingThreads;
    private final SchedulerMetrics metrics;
    private final Function<PodInfo, @Nullable PodInfo> newestVersion;
    private final Snapshot snapshot = new Snapshot();

    /**
     * A scheduler for these profiles.
     *
     * @param newestVersion the pod as last seen from the API server, null if it is gone
     */
    PodScheduler(
            SchedulingQueue queue,
            SchedulerCache cache,
            Map<String, Framework> profiles,
            SchedulingAlgorithm algorithm,
            ClusterWriter writer,
            WaitingPods waitingPods,
            Executor bindingThreads,
            SchedulerMetrics metrics,
            Function<PodInfo, @Nullable PodInfo> newestVersion) {
        this.queue = queue;
        this.cache = cache;
        this.profiles = Map.copyOf(profiles);
        this.algorithm = algorithm;
        this.writer = writer;
        this.waitingPods = waitingPods;
        this.bindingThreads = bindingThreads;
        this.metrics = metrics;
        this.newestVersion = newestVersion;
    }

    /** Takes the next pod through its scheduling cycle, and starts its binding cycle. False if none came in time. */
    boolean scheduleOne(Duration timeout) throws InterruptedException {
        QueuedPod queued = queue.pop(timeout);
        if (queued == null) {
            return false;
        }
        Framework framework = profiles.get(queued.pod().pod().getSpec().getSchedulerName());
        if (framework == null || isToBeSkipped(queued.pod())) {
            queue.done(queued.pod().uid());
            return true;
        }
        long started = System.nanoTime();
        try {
            Assumed assumed = schedulingCycle(queued, framework, started);
            if (assumed != null) {
                bindingThreads.execute(() -> bindingCycle(assumed));
            }
        } catch (RuntimeException broken) {
            log.error("Scheduling {} broke", queued.pod(), broken);
            cache.forget(queued.pod());
            fail(queued, framework, Status.error(broken), null, null, started);
        }
        return true;
    }

    /** Finds a node, assumes the pod there, reserves and asks for permission. Null where the pod went back to the queue. */
    @Nullable
    Assumed schedulingCycle(QueuedPod queued, Framework framework, long started) {
        PodInfo pod = queued.pod();
        CycleState state = new CycleState();
        cache.updateSnapshot(snapshot);

        Outcome outcome = algorithm.schedule(framework, state, pod, snapshot);
        metrics.algorithm(System.nanoTime() - started);
        switch (outcome) {
            case Outcome.Broken broken -> fail(queued, framework, broken.status(), null, null, started);
            case Outcome.Unfit unfit -> makeRoom(queued, framework, state, unfit.diagnosis(), started);
            case Outcome.Found found -> {
                String nodeName = found.node().name();
                state.put(new VolumeBinding.Chosen(found.node()));
                cache.assume(pod, nodeName);
                framework.nominations().remove(pod.uid());
                Assumed assumed = new Assumed(queued, pod, nodeName, state, framework, started);

                Status reserved = framework.runReserve(state, pod, nodeName);
                if (!reserved.isSuccess()) {
                    undo(assumed, reserved);
                    return null;
                }
                PermitResult permit = framework.runPermit(state, pod, nodeName);
                if (permit.status().code() == Status.Code.WAIT) {
                    waitingPods.add(pod, permit.timeout());
                } else if (!permit.status().isSuccess()) {
                    undo(assumed, permit.status());
                    return null;
                }
                return assumed;
            }
        }
        return null;
    }

    /** Waits for permission, prepares, and binds. Anything that fails before the bind undoes the assumption. */
    void bindingCycle(Assumed assumed) {
        PodInfo pod = assumed.pod();
        Framework framework = assumed.framework();
        try {
            Status permitted = waitingPods.await(pod);
            if (!permitted.isSuccess()) {
                undo(assumed, permitted);
                return;
            }
            Status prepared = framework.runPreBind(assumed.state(), pod, assumed.nodeName());
            if (!prepared.isSuccess()) {
                undo(assumed, prepared);
                return;
            }
            queue.done(pod.uid());

            // The point of no return: once the API server has accepted the binding the kubelet may start the pod.
            Status bound = framework.runBind(assumed.state(), pod, assumed.nodeName());
            if (!bound.isSuccess()) {
                undo(assumed, bound);
                return;
            }
            writer.event(
                    pod, "Normal", "Scheduled", "Successfully assigned " + pod.key() + " to " + assumed.nodeName());
            metrics.scheduled(assumed.queued(), framework.profileName(), System.nanoTime() - assumed.started());
            framework.runPostBind(assumed.state(), pod, assumed.nodeName());
        } catch (RuntimeException broken) {
            log.error("Binding {} to {} broke", pod, assumed.nodeName(), broken);
            undo(assumed, Status.error(broken));
        }
    }

    /** No node fits: asks the PostFilters to make room, and puts the pod back with all that was learnt. */
    private void makeRoom(QueuedPod queued, Framework framework, CycleState state, Diagnosis diagnosis, long started) {
        Diagnosis full = diagnosis;
        String nominated = null;
        if (diagnosis.allNodes() > 0 && diagnosis.preFilterMessage().isEmpty()) {
            PostFilterResult post = framework.runPostFilter(state, queued.pod(), snapshot, diagnosis.nodes());
            full = diagnosis.withPostFilterMessage(post.status().message());
            nominated = post.nominatedNode();
        }
        fail(queued, framework, Status.unschedulable(full.message()), full, nominated, started);
    }

    private void undo(Assumed assumed, Status status) {
        assumed.framework().runUnreserve(assumed.state(), assumed.pod(), assumed.nodeName());
        cache.forget(assumed.pod());
        // Others may have been refused because of the place that this pod did not take in the end.
        queue.moveAll(ClusterEvent.of(Resource.POD, Action.DELETE), onNode(assumed), null);
        Diagnosis diagnosis = null;
        if (status.isRejected()) {
            Set<String> plugins = status.plugin() == null ? Set.of() : Set.of(status.plugin());
            diagnosis = new Diagnosis(1, Map.of(assumed.nodeName(), status), "", "", plugins, Set.of());
        }
        fail(assumed.queued(), assumed.framework(), status, diagnosis, null, assumed.started());
    }

    private static PodInfo onNode(Assumed assumed) {
        return PodInfo.of(assumed.pod()
                .pod()
                .edit()
                .editSpec()
                .withNodeName(assumed.nodeName())
                .endSpec()
                .build());
    }

    /** Puts a pod back that found no node, and says why in its status and in an event. */
    private void fail(
            QueuedPod queued,
            Framework framework,
            Status status,
            @Nullable Diagnosis diagnosis,
            @Nullable String nominatedNode,
            long started) {
        PodInfo pod = queued.pod();
        boolean isError = diagnosis == null;
        metrics.failed(framework.profileName(), isError, System.nanoTime() - started);
        String message = diagnosis == null ? status.message() : diagnosis.message();
        PodInfo newest = newestVersion.apply(pod);
        if (newest == null || newest.nodeName() != null || newest.isTerminating()) {
            framework.nominations().remove(pod.uid());
            queue.done(pod.uid());
            return;
        }
        if (diagnosis == null) {
            log.warn("Pod {} could not be scheduled, trying again: {}", pod, message, status.error());
            queued.failedByError();
        } else {
            log.debug("Pod {} is unschedulable: {}", pod, message);
            queued.rejectedBy(diagnosis.unschedulablePlugins(), diagnosis.pendingPlugins());
        }
        if (nominatedNode != null) {
            framework.nominations().nominate(newest, nominatedNode);
        } else if (newest.nominatedNodeName() != null) {
            framework.nominations().nominate(newest, newest.nominatedNodeName());
        }
        queued.renew(newest);
        queue.addUnschedulable(queued);
        bindingThreads.execute(() -> tell(newest, isError, message, nominatedNode));
    }

    private void tell(PodInfo pod, boolean isError, String message, @Nullable String nominatedNode) {
        try {
            writer.event(pod, "Warning", "FailedScheduling", message);
            writer.patchUnschedulable(pod, isError ? "SchedulerError" : "Unschedulable", message, nominatedNode);
        } catch (RuntimeException refused) {
            log.warn("Condition PodScheduled of {} could not be written: {}", pod, refused.getMessage());
        }
    }

    private boolean isToBeSkipped(PodInfo pod) {
        if (pod.isTerminating()) {
            writer.event(pod, "Warning", "FailedScheduling", "skip schedule deleting pod: " + pod.key());
            return true;
        }
        return cache.pod(pod.uid()) != null;
    }
}
