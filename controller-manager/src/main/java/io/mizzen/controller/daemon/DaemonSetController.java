// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.daemon;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.NodeSelectorTermBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSetStatus;
import io.fabric8.kubernetes.api.model.apps.DaemonSetStatusBuilder;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.ControllerRef;
import io.mizzen.client.EventSink;
import io.mizzen.client.Expectations;
import io.mizzen.client.Indexes;
import io.mizzen.client.Informer;
import io.mizzen.client.Json;
import io.mizzen.client.LabelSelectors;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.OwnWrites;
import io.mizzen.client.OwnerReferences;
import io.mizzen.client.RateLimits;
import io.mizzen.client.Result;
import io.mizzen.client.WorkQueue;
import io.mizzen.controller.Controller;
import io.mizzen.controller.ControllerContext;
import io.mizzen.controller.pod.PodControl;
import io.mizzen.controller.pod.PodTemplates;
import io.mizzen.controller.pod.Pods;
import io.mizzen.controller.pod.SlowStart;
import io.mizzen.controller.revision.RevisionHistory;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/** The shell of the DaemonSet controller: reads the caches, asks {@link DaemonPlan}, performs. */
public final class DaemonSetController implements Controller {

    private static final String NAME = "daemonset-controller";
    private static final int WORKERS = 2;
    private static final RateLimits FAILED =
            RateLimits.standard().withItemDelays(Duration.ofSeconds(1), Duration.ofMinutes(15));

    private record Backoff(int failures, Instant until) {}

    private final ControllerContext context;
    private final Informer<DaemonSet> sets;
    private final Informer<Pod> pods;
    private final Informer<Node> nodes;
    private final Informer<ControllerRevision> revisions;
    private final EventSink events;
    private final PodControl control;
    private final RevisionHistory history;
    private final Expectations<ObjectKey> expectations;
    private final OwnWrites ownWrites;
    private final Map<String, Backoff> failedPods = new ConcurrentHashMap<>();
    private final WorkQueue<ObjectKey> queue;
    private final ControllerLoop<ObjectKey> loop;

    /** Asks for its informers and waits to be started. */
    public DaemonSetController(ControllerContext context) {
        this.context = context;
        this.sets = context.informers().of(DaemonSet.class);
        this.pods = context.informers().of(Pod.class);
        this.nodes = context.informers().of(Node.class);
        this.revisions = context.informers().of(ControllerRevision.class);
        this.events = context.events().apply(NAME);
        this.control = new PodControl(context.api(), events);
        this.history = new RevisionHistory(context.api());
        this.expectations = new Expectations<>(context.clock());
        this.ownWrites = OwnWrites.of(sets, pods, context.clock());
        this.queue = context.queue(NAME);
        this.loop = context.loop(queue, NAME, WORKERS, this::reconcile);
        pods.addIndex(Indexes.CONTROLLER, Indexes::controllerOf);
        revisions.addIndex(Indexes.CONTROLLER, Indexes::controllerOf);
        sets.onChange(ChangeHandler.of(set -> queue.add(ObjectKey.of(set))));
        nodes.onChange(new NodeHandler());
        pods.onChange(expectations.handler(DaemonSetController::setOf, queue));
        revisions.onChange(ChangeHandler.of(revision -> setOf(revision).ifPresent(queue::add)));
    }

    @Override
    public List<ControllerLoop<?>> loops() {
        return List.of(loop);
    }

    private Result reconcile(ObjectKey key) throws InterruptedException {
        Optional<DaemonSet> found = sets.find(key);
        if (found.isEmpty()) {
            expectations.forget(key);
            return Result.done();
        }
        DaemonSet set = found.get();
        if (LabelSelectors.isEmpty(set.getSpec().getSelector())) {
            events.warning(
                    set, "SelectingAll", "This daemon set is selecting all pods. A non-empty selector is required.");
            return Result.done();
        }
        if (set.getMetadata().getDeletionTimestamp() != null) {
            return Result.done();
        }
        List<ControllerRevision> own =
                revisions.byIndex(Indexes.CONTROLLER, set.getMetadata().getUid());
        Integer collisions = set.getStatus() == null ? null : set.getStatus().getCollisionCount();
        ControllerRevision current = history.current(
                set,
                set.getSpec().getTemplate(),
                own,
                set.getSpec().getSelector().getMatchLabels() == null
                        ? Map.of()
                        : set.getSpec().getSelector().getMatchLabels(),
                collisions);
        String hash = RevisionHistory.hash(current);
        boolean showsOwnWrites = showsOwnWrites(key, set);
        List<Pod> claimed = claim(set);
        Instant now = context.clock().instant();
        DaemonPlan.Decision decision =
                DaemonPlan.decide(new DaemonPlan.Observed(set, nodes.list(), claimed, hash), now);
        Duration wait = Duration.ZERO;
        if (showsOwnWrites) {
            wait = perform(key, set, hash, decision, now);
        }
        writeStatus(set, decision.status());
        Set<String> used = claimed.stream()
                .map(pod -> pod.getMetadata().getLabels() == null
                        ? ""
                        : pod.getMetadata().getLabels().getOrDefault(RevisionHistory.LABEL, ""))
                .collect(Collectors.toSet());
        used.add(hash);
        Integer limit = set.getSpec().getRevisionHistoryLimit();
        history.cut(own, used, limit == null ? 10 : limit);
        return again(set, claimed, wait, now);
    }

    private static Result again(DaemonSet set, List<Pod> claimed, Duration wait, Instant now) {
        Optional<Duration> next = claimed.stream()
                .flatMap(pod -> Pods.untilAvailable(pod, DaemonPlan.minReadySeconds(set), now).stream())
                .min(Comparator.naturalOrder());
        if (!wait.isZero()) {
            return Result.after(next.filter(d -> d.compareTo(wait) < 0).orElse(wait));
        }
        return next.map(Result::after).orElse(Result.done());
    }

    /** Whether the cache shows every pod that was made; to be asked before the pods are read from it. */
    private boolean showsOwnWrites(ObjectKey key, DaemonSet set) {
        List<Pod> cached = pods.byIndex(Indexes.CONTROLLER, set.getMetadata().getUid());
        return expectations.satisfied(key) && ownWrites.areSeen(set, cached, () -> control.live(set));
    }

    private List<Pod> claim(DaemonSet set) {
        List<Pod> candidates = new ArrayList<>(
                pods.byIndex(Indexes.CONTROLLER, set.getMetadata().getUid()));
        candidates.addAll(pods.byIndex(
                Indexes.CONTROLLER, Indexes.orphansOf(ObjectKey.of(set).namespace())));
        return ControllerRef.claim(
                context.api(), set, DaemonSet.class, Pod.class, set.getSpec().getSelector(), candidates);
    }

    /** Returns how long to wait before failed pods may be replaced. */
    private Duration perform(ObjectKey key, DaemonSet set, String hash, DaemonPlan.Decision decision, Instant now)
            throws InterruptedException {
        List<Pod> delete = new ArrayList<>(decision.delete());
        Duration wait = Duration.ZERO;
        for (Pod pod : decision.failed()) {
            Duration left = backOff(key, pod, now);
            if (!left.isZero()) {
                delete.remove(pod);
                wait = wait.isZero() || left.compareTo(wait) < 0 ? left : wait;
            } else {
                events.warning(
                        set,
                        "FailedDaemonPod",
                        "Found failed daemon pod " + ObjectKey.of(pod) + " on node " + DaemonPlan.nodeOf(pod)
                                + ", will try to kill it");
            }
        }
        for (Pod pod : delete) {
            control.delete(set, pod);
        }
        List<String> create = decision.create();
        if (create.isEmpty()) {
            return wait;
        }
        expectations.expectCreations(key, create.size());
        SlowStart.Outcome outcome = SlowStart.run(
                create.size(),
                context.parallel(),
                i -> ownWrites.send(set, () -> control.create(set, newPod(set, hash, create.get(i)))));
        for (int i = outcome.succeeded(); i < create.size(); i++) {
            expectations.creationObserved(key);
        }
        if (outcome.failure().isPresent()) {
            throw outcome.failure().get();
        }
        return wait;
    }

    /** How long a failed pod of a node has to stay before it is replaced: 1 s × 2^n, at most 15 minutes. */
    private Duration backOff(ObjectKey key, Pod pod, Instant now) {
        String slot = key + "/" + DaemonPlan.nodeOf(pod);
        Backoff before = failedPods.get(slot);
        if (before != null && now.isBefore(before.until())) {
            return Duration.between(now, before.until());
        }
        int failures =
                before == null || before.until().plus(Duration.ofMinutes(30)).isBefore(now) ? 0 : before.failures() + 1;
        Duration delay = FAILED.baseDelay().multipliedBy(1L << Math.min(failures, 20));
        Duration capped = delay.compareTo(FAILED.maxDelay()) > 0 ? FAILED.maxDelay() : delay;
        failedPods.put(slot, new Backoff(failures, now.plus(capped)));
        return Duration.ZERO;
    }

    private static Pod newPod(DaemonSet set, String hash, String node) {
        Pod pod = PodTemplates.newPod(set, set.getSpec().getTemplate());
        Long generation = set.getMetadata().getGeneration();
        Pod labelled = new PodBuilder(pod)
                .editMetadata()
                .addToLabels(RevisionHistory.LABEL, hash)
                .addToLabels("pod-template-generation", String.valueOf(generation == null ? 1 : generation))
                .endMetadata()
                .editSpec()
                .withTolerations(DaemonRules.withOwn(pod.getSpec()))
                .endSpec()
                .build();
        return pinned(labelled, node);
    }

    /** Adds to each required term that the node is this one; the other affinities stay as they are. */
    private static Pod pinned(Pod pod, String node) {
        var affinity = pod.getSpec().getAffinity();
        var nodeAffinity = affinity == null ? null : affinity.getNodeAffinity();
        var required = nodeAffinity == null ? null : nodeAffinity.getRequiredDuringSchedulingIgnoredDuringExecution();
        List<NodeSelectorTerm> terms = List.of(new NodeSelectorTerm());
        if (required != null && !required.getNodeSelectorTerms().isEmpty()) {
            terms = required.getNodeSelectorTerms();
        }
        List<NodeSelectorTerm> pinned = terms.stream()
                .map(term -> new NodeSelectorTermBuilder(term)
                        .withMatchFields()
                        .addNewMatchField()
                        .withKey("metadata.name")
                        .withOperator("In")
                        .withValues(node)
                        .endMatchField()
                        .build())
                .toList();
        return new PodBuilder(pod)
                .editSpec()
                .editOrNewAffinity()
                .editOrNewNodeAffinity()
                .withNewRequiredDuringSchedulingIgnoredDuringExecution()
                .withNodeSelectorTerms(pinned)
                .endRequiredDuringSchedulingIgnoredDuringExecution()
                .endNodeAffinity()
                .endAffinity()
                .endSpec()
                .build();
    }

    private void writeStatus(DaemonSet set, DaemonPlan.Status status) {
        DaemonSetStatus before = set.getStatus() == null ? new DaemonSetStatus() : set.getStatus();
        DaemonSetStatus wanted = new DaemonSetStatusBuilder(before)
                .withCurrentNumberScheduled(status.current())
                .withNumberMisscheduled(status.misscheduled())
                .withDesiredNumberScheduled(status.desired())
                .withNumberReady(status.ready())
                .withUpdatedNumberScheduled(nonZero(status.updated()))
                .withNumberAvailable(nonZero(status.available()))
                .withNumberUnavailable(nonZero(status.unavailable()))
                .withObservedGeneration(status.observedGeneration())
                .build();
        if (!Json.tree(wanted).equals(Json.tree(before))) {
            context.api()
                    .updateStatus(new DaemonSetBuilder(set).withStatus(wanted).build());
        }
    }

    private static @org.jspecify.annotations.Nullable Integer nonZero(int value) {
        return value == 0 ? null : value;
    }

    private static Optional<ObjectKey> setOf(HasMetadata object) {
        return OwnerReferences.controllerKey(object, "DaemonSet");
    }

    private final class NodeHandler implements ChangeHandler<Node> {
        @Override
        public void added(Node node) {
            wakeAll();
        }

        @Override
        public void updated(Node old, Node node) {
            boolean same = Json.tree(old.getSpec() == null ? Map.of() : old.getSpec())
                            .equals(Json.tree(node.getSpec() == null ? Map.of() : node.getSpec()))
                    && String.valueOf(old.getMetadata().getLabels())
                            .equals(String.valueOf(node.getMetadata().getLabels()));
            if (!same) {
                wakeAll();
            }
        }

        @Override
        public void deleted(Node last) {
            wakeAll();
        }

        private void wakeAll() {
            sets.list().forEach(set -> queue.add(ObjectKey.of(set)));
        }
    }
}
