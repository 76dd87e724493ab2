// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.replicaset;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.mizzen.client.ApiErrors;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.ControllerRef;
import io.mizzen.client.Expectations;
import io.mizzen.client.Indexes;
import io.mizzen.client.Informer;
import io.mizzen.client.LabelSelectors;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.OwnWrites;
import io.mizzen.client.OwnerReferences;
import io.mizzen.client.Result;
import io.mizzen.client.WorkQueue;
import io.mizzen.controller.Controller;
import io.mizzen.controller.ControllerContext;
import io.mizzen.controller.pod.PodControl;
import io.mizzen.controller.pod.PodTemplates;
import io.mizzen.controller.pod.Pods;
import io.mizzen.controller.pod.SlowStart;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The engine behind the ReplicaSet and the ReplicationController controller. */
public final class ReplicaController<T extends HasMetadata> implements Controller {

    private static final int WORKERS = 5;

    private final ReplicaKind<T> kind;
    private final ControllerContext context;
    private final Informer<T> sets;
    private final Informer<Pod> pods;
    private final PodControl control;
    private final Expectations<ObjectKey> expectations;
    private final OwnWrites ownWrites;
    private final WorkQueue<ObjectKey> queue;
    private final ControllerLoop<ObjectKey> loop;

    private ReplicaController(ReplicaKind<T> kind, ControllerContext context) {
        this.kind = kind;
        this.context = context;
        this.sets = context.informers().of(kind.type());
        this.pods = context.informers().of(Pod.class);
        this.control = new PodControl(context.api(), context.events().apply(kind.eventSource()));
        this.expectations = new Expectations<>(context.clock());
        this.ownWrites = OwnWrites.of(sets, pods, context.clock());
        this.queue = context.queue(kind.controllerName());
        this.loop = context.loop(queue, kind.controllerName(), WORKERS, this::reconcile);
        sets.addIndex(Indexes.CONTROLLER, Indexes::controllerOf);
        pods.addIndex(Indexes.CONTROLLER, Indexes::controllerOf);
        sets.onChange(new SetHandler());
        pods.onChange(new PodHandler());
    }

    /** The controller of {@code apps/v1} ReplicaSets. */
    public static Controller replicaSets(ControllerContext context) {
        return new ReplicaController<>(new ReplicaSetKind(), context);
    }

    /** The controller of {@code v1} ReplicationControllers. */
    public static Controller replicationControllers(ControllerContext context) {
        return new ReplicaController<>(new ReplicationControllerKind(), context);
    }

    @Override
    public List<ControllerLoop<?>> loops() {
        return List.of(loop);
    }

    private Result reconcile(ObjectKey key) throws InterruptedException {
        Optional<T> found = sets.find(key);
        if (found.isEmpty()) {
            expectations.forget(key);
            return Result.done();
        }
        T set = found.get();
        boolean isSatisfied = expectations.satisfied(key);
        List<Pod> candidates = candidates(set);
        boolean mayAct = isSatisfied && ownWrites.areSeen(set, candidates, () -> control.live(set));
        List<Pod> active = ControllerRef.claim(
                context.api(),
                set,
                kind.type(),
                Pod.class,
                kind.selector(set),
                candidates.stream().filter(Pods::isActive).toList());
        int terminating = (int) candidates.stream()
                .filter(pod -> Pods.isTerminating(pod) && !Pods.isTerminal(pod))
                .filter(pod -> OwnerReferences.isControlledBy(pod, set))
                .count();
        Optional<RuntimeException> failure = Optional.empty();
        if (mayAct && set.getMetadata().getDeletionTimestamp() == null) {
            failure = manage(set, active);
        }
        Instant now = context.clock().instant();
        writeStatus(set, active, terminating, failure, now);
        if (failure.isPresent()) {
            throw failure.get();
        }
        return ReplicaCore.nextAvailable(active, kind.minReadySeconds(set), now)
                .map(Result::after)
                .orElse(Result.done());
    }

    private List<Pod> candidates(T set) {
        List<Pod> candidates = new ArrayList<>(
                pods.byIndex(Indexes.CONTROLLER, set.getMetadata().getUid()));
        candidates.addAll(pods.byIndex(
                Indexes.CONTROLLER, Indexes.orphansOf(ObjectKey.of(set).namespace())));
        return candidates;
    }

    private Optional<RuntimeException> manage(T set, List<Pod> active) throws InterruptedException {
        ObjectKey key = ObjectKey.of(set);
        Instant now = context.clock().instant();
        return switch (ReplicaCore.decide(kind.replicas(set), active, related(set, active), now)) {
            case ReplicaCore.Action.Keep ignored -> Optional.empty();
            case ReplicaCore.Action.Create create -> createPods(set, key, create.count());
            case ReplicaCore.Action.Delete delete -> deletePods(set, key, delete.pods());
        };
    }

    private Optional<RuntimeException> createPods(T set, ObjectKey key, int count) throws InterruptedException {
        expectations.expectCreations(key, count);
        SlowStart.Outcome outcome = SlowStart.run(count, context.parallel(), i -> {
            try {
                ownWrites.send(set, () -> control.create(set, PodTemplates.newPod(set, kind.template(set))));
            } catch (KubernetesClientException e) {
                if (!ApiErrors.isNamespaceTerminating(e)) {
                    throw e;
                }
            }
        });
        for (int i = outcome.succeeded(); i < count; i++) {
            expectations.creationObserved(key);
        }
        return outcome.failure();
    }

    private Optional<RuntimeException> deletePods(T set, ObjectKey key, List<Pod> surplus) throws InterruptedException {
        expectations.expectDeletions(
                key, surplus.stream().map(pod -> pod.getMetadata().getUid()).toList());
        return SlowStart.runAll(surplus.size(), context.parallel(), i -> {
                    Pod pod = surplus.get(i);
                    boolean deleted = false;
                    try {
                        deleted = ownWrites.attempt(set, () -> control.delete(set, pod));
                    } finally {
                        if (!deleted) {
                            expectations.deletionObserved(key, pod.getMetadata().getUid());
                        }
                    }
                })
                .failure();
    }

    /** Active pods of all sets of the same controller, so that a node that carries many of them gives first. */
    private List<Pod> related(T set, List<Pod> active) {
        Optional<OwnerReference> controller = OwnerReferences.controllerOf(set);
        if (controller.isEmpty()) {
            return active;
        }
        Map<String, Pod> related = new LinkedHashMap<>();
        for (T sibling : sets.byIndex(Indexes.CONTROLLER, controller.get().getUid())) {
            for (Pod pod :
                    pods.byIndex(Indexes.CONTROLLER, sibling.getMetadata().getUid())) {
                related.put(pod.getMetadata().getUid(), pod);
            }
        }
        return List.copyOf(related.values());
    }

    private void writeStatus(
            T set, List<Pod> active, int terminating, Optional<RuntimeException> failure, Instant now) {
        T current = set;
        for (int attempt = 0; ; attempt++) {
            ReplicaCore.Status before = kind.status(current);
            ReplicaCore.Status status = ReplicaCore.status(
                    new ReplicaCore.Observed(
                            kind.replicas(current),
                            templateLabels(current),
                            kind.minReadySeconds(current),
                            generation(set),
                            active,
                            terminating,
                            failure.map(ReplicaController::message),
                            before.conditions()),
                    now);
            if (status.equals(before)) {
                return;
            }
            try {
                context.api().updateStatus(kind.withStatus(current, status));
                return;
            } catch (KubernetesClientException e) {
                if (ApiErrors.isNotFound(e)) {
                    return;
                }
                if (!ApiErrors.isConflict(e) || attempt > 0) {
                    throw e;
                }
                Optional<T> live = context.api().find(kind.type(), ObjectKey.of(set));
                if (live.isEmpty()
                        || !live.get()
                                .getMetadata()
                                .getUid()
                                .equals(set.getMetadata().getUid())) {
                    return;
                }
                current = live.get();
            }
        }
    }

    private static String message(RuntimeException e) {
        return e instanceof KubernetesClientException api ? ApiErrors.message(api) : String.valueOf(e.getMessage());
    }

    private Map<String, String> templateLabels(T set) {
        var metadata = kind.template(set).getMetadata();
        return metadata == null || metadata.getLabels() == null ? Map.of() : metadata.getLabels();
    }

    private static long generation(HasMetadata set) {
        Long generation = set.getMetadata().getGeneration();
        return generation == null ? 0 : generation;
    }

    /** The set that a controller reference of a pod means; empty if it is of another kind or another UID. */
    private Optional<T> resolve(String namespace, OwnerReference reference) {
        if (!kind.kind().equals(reference.getKind())) {
            return Optional.empty();
        }
        return sets.find(new ObjectKey(namespace, reference.getName()))
                .filter(set -> set.getMetadata().getUid().equals(reference.getUid()));
    }

    private final class SetHandler implements ChangeHandler<T> {
        @Override
        public void added(T set) {
            queue.add(ObjectKey.of(set));
        }

        @Override
        public void updated(T old, T set) {
            if (!old.getMetadata().getUid().equals(set.getMetadata().getUid())) {
                expectations.forget(ObjectKey.of(set));
            }
            queue.add(ObjectKey.of(set));
        }

        @Override
        public void deleted(T last) {
            expectations.forget(ObjectKey.of(last));
            queue.add(ObjectKey.of(last));
        }
    }

    private final class PodHandler implements ChangeHandler<Pod> {
        @Override
        public void added(Pod pod) {
            if (Pods.isTerminating(pod)) {
                deleted(pod);
                return;
            }
            String namespace = ObjectKey.of(pod).namespace();
            Optional<OwnerReference> controller = OwnerReferences.controllerOf(pod);
            if (controller.isPresent()) {
                resolve(namespace, controller.get()).map(ObjectKey::of).ifPresent(key -> {
                    expectations.creationObserved(key);
                    queue.add(key);
                });
            } else {
                wakeMatching(pod);
            }
        }

        @Override
        public void updated(Pod old, Pod pod) {
            if (Pods.isTerminating(pod)) {
                deleted(pod);
                if (!old.getMetadata().getUid().equals(pod.getMetadata().getUid())) {
                    deleted(old);
                }
                return;
            }
            if (!old.getMetadata().getUid().equals(pod.getMetadata().getUid())) {
                deleted(old);
                added(pod);
                return;
            }
            String namespace = ObjectKey.of(pod).namespace();
            Optional<OwnerReference> before = OwnerReferences.controllerOf(old);
            Optional<OwnerReference> after = OwnerReferences.controllerOf(pod);
            boolean moved = !before.map(OwnerReference::getUid).equals(after.map(OwnerReference::getUid));
            if (moved) {
                before.flatMap(reference -> resolve(namespace, reference))
                        .ifPresent(set -> queue.add(ObjectKey.of(set)));
            }
            if (after.isPresent()) {
                resolve(namespace, after.get()).ifPresent(set -> queue.add(ObjectKey.of(set)));
            } else {
                wakeMatching(pod);
            }
        }

        @Override
        public void deleted(Pod pod) {
            String namespace = ObjectKey.of(pod).namespace();
            OwnerReferences.controllerOf(pod)
                    .flatMap(reference -> resolve(namespace, reference))
                    .map(ObjectKey::of)
                    .ifPresent(key -> {
                        expectations.deletionObserved(key, pod.getMetadata().getUid());
                        queue.add(key);
                    });
        }

        private void wakeMatching(Pod orphan) {
            for (T set : sets.inNamespace(ObjectKey.of(orphan).namespace())) {
                if (LabelSelectors.matches(
                        kind.selector(set), orphan.getMetadata().getLabels())) {
                    queue.add(ObjectKey.of(set));
                }
            }
        }
    }
}
