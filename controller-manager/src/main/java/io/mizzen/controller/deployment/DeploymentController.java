// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.deployment;

import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.mizzen.client.ApiErrors;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.ControllerRef;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.EventSink;
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
import io.mizzen.controller.condition.Condition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The shell of the Deployment controller: reads the caches, asks {@link Rollout}, performs. */
public final class DeploymentController implements Controller {

    private static final Logger log = LoggerFactory.getLogger(DeploymentController.class);
    private static final String NAME = "deployment-controller";
    private static final int WORKERS = 5;
    private static final int MAX_RETRIES = 15;

    private final ControllerContext context;
    private final Informer<Deployment> deployments;
    private final Informer<ReplicaSet> sets;
    private final Informer<Pod> pods;
    private final EventSink events;
    private final OwnWrites ownWrites;
    private final WorkQueue<ObjectKey> queue;
    private final ControllerLoop<ObjectKey> loop;

    /** Asks for its informers and waits to be started. */
    public DeploymentController(ControllerContext context) {
        this.context = context;
        this.deployments = context.informers().of(Deployment.class);
        this.sets = context.informers().of(ReplicaSet.class);
        this.pods = context.informers().of(Pod.class);
        this.events = context.events().apply(NAME);
        this.ownWrites = OwnWrites.of(deployments, sets, context.clock());
        this.queue = context.queue(NAME);
        this.loop = context.loop(queue, NAME, WORKERS, MAX_RETRIES, this::reconcile);
        sets.addIndex(Indexes.CONTROLLER, Indexes::controllerOf);
        pods.addIndex(Indexes.CONTROLLER, Indexes::controllerOf);
        deployments.onChange(ChangeHandler.of(deployment -> queue.add(ObjectKey.of(deployment))));
        sets.onChange(new SetHandler());
        pods.onChange(new PodHandler());
    }

    @Override
    public List<ControllerLoop<?>> loops() {
        return List.of(loop);
    }

    private Result reconcile(ObjectKey key) {
        Optional<Deployment> found = deployments.find(key);
        if (found.isEmpty()) {
            return Result.done();
        }
        Deployment deployment = found.get();
        if (LabelSelectors.isEmpty(deployment.getSpec().getSelector())) {
            refuseToSelectAll(deployment);
            return Result.done();
        }
        List<ReplicaSet> own = claim(deployment);
        if (!ownWrites.areSeen(deployment, own, () -> liveSets(deployment))) {
            // The event of that write wakes us again.
            return Result.done();
        }
        Rollout.Decision decision = Rollout.decide(
                new Rollout.Observed(deployment, own, podsOf(own)),
                context.clock().instant());
        for (Rollout.Action action : decision.actions()) {
            perform(deployment, action);
        }
        return decision.again().map(Result::after).orElse(Result.done());
    }

    private List<ReplicaSet> claim(Deployment deployment) {
        String namespace = ObjectKey.of(deployment).namespace();
        List<ReplicaSet> candidates = new ArrayList<>(
                sets.byIndex(Indexes.CONTROLLER, deployment.getMetadata().getUid()));
        candidates.addAll(sets.byIndex(Indexes.CONTROLLER, Indexes.orphansOf(namespace)));
        return ControllerRef.claim(
                context.api(),
                deployment,
                Deployment.class,
                ReplicaSet.class,
                deployment.getSpec().getSelector(),
                candidates);
    }

    private List<ReplicaSet> liveSets(Deployment deployment) {
        return context.api().list(ReplicaSet.class, ObjectKey.of(deployment).namespace()).stream()
                .filter(set -> OwnerReferences.isControlledBy(set, deployment))
                .toList();
    }

    private Map<String, List<Pod>> podsOf(List<ReplicaSet> own) {
        Map<String, List<Pod>> bySet = new HashMap<>();
        for (ReplicaSet set : own) {
            String uid = set.getMetadata().getUid();
            bySet.put(uid, pods.byIndex(Indexes.CONTROLLER, uid));
        }
        return bySet;
    }

    private void perform(Deployment deployment, Rollout.Action action) {
        switch (action) {
            case Rollout.Action.CreateSet create -> createSet(deployment, create);
            case Rollout.Action.UpdateSet update -> updateSet(deployment, update);
            case Rollout.Action.DeleteSet delete -> deleteSet(delete.set());
            case Rollout.Action.SetRevision revision -> writeRevision(deployment, revision.revision());
            case Rollout.Action.UpdateStatus status ->
                writeStatus(deployment, status.status(), status.wantedOfAllSets());
        }
    }

    private void createSet(Deployment deployment, Rollout.Action.CreateSet create) {
        ReplicaSet set = create.set();
        String name = set.getMetadata().getName();
        try {
            ownWrites.send(deployment, () -> context.api().create(set));
            int replicas = Sizes.wanted(set);
            if (replicas > 0) {
                scaled(deployment, "up", name, 0, replicas);
            }
        } catch (KubernetesClientException e) {
            if (ApiErrors.isAlreadyExists(e)) {
                resolveClash(deployment, set, create.status());
            } else {
                if (!ApiErrors.isNamespaceTerminating(e)) {
                    tellCreateError(deployment, create, e);
                }
                throw e;
            }
        }
    }

    /** A set of that name is there: our own, which the cache did not show yet, or another's, so that we need a new name. */
    private void resolveClash(Deployment deployment, ReplicaSet wanted, RolloutStatus status) {
        Optional<ReplicaSet> present = context.api().find(ReplicaSet.class, ObjectKey.of(wanted));
        boolean ours = present.isPresent()
                && OwnerReferences.isControlledBy(present.get(), deployment)
                && PodTemplateHash.equalIgnoringHash(
                        present.get().getSpec().getTemplate(),
                        deployment.getSpec().getTemplate());
        if (ours) {
            return;
        }
        log.info(
                "Deployment {}: the name {} is taken by another template, trying the next hash",
                ObjectKey.of(deployment),
                wanted.getMetadata().getName());
        RolloutStatus collided = RolloutStatus.read(deployment).withCollision();
        writeStatus(deployment, collided, status.replicas());
        throw new KubernetesClientException("hash collision of " + ObjectKey.of(wanted) + " resolved, trying again");
    }

    private void tellCreateError(Deployment deployment, Rollout.Action.CreateSet create, KubernetesClientException e) {
        String message = "Failed to create new replica set \""
                + create.set().getMetadata().getName() + "\": " + ApiErrors.message(e);
        events.warning(deployment, "ReplicaSetCreateError", message);
        if (RolloutStatus.hasDeadline(deployment)) {
            List<Condition> conditions = Condition.replace(
                    create.status().conditions(),
                    Condition.of(
                            RolloutStatus.PROGRESSING,
                            "False",
                            "ReplicaSetCreateError",
                            message,
                            context.clock().instant()));
            writeStatus(deployment, create.status().with(conditions), 0);
        }
    }

    private void updateSet(Deployment deployment, Rollout.Action.UpdateSet update) {
        ownWrites.send(deployment, () -> context.api().update(update.set()));
        if (update.from() != update.to()) {
            String direction = update.from() < update.to() ? "up" : "down";
            scaled(deployment, direction, update.set().getMetadata().getName(), update.from(), update.to());
        }
    }

    private void scaled(Deployment deployment, String direction, String set, int from, int to) {
        events.normal(
                deployment,
                "ScalingReplicaSet",
                "Scaled " + direction + " replica set " + set + " from " + from + " to " + to);
    }

    private void deleteSet(ReplicaSet set) {
        DeleteRequest request = DeleteRequest.ofUid(set.getMetadata().getUid())
                .atVersion(set.getMetadata().getResourceVersion());
        context.api().deleteIfPresent(ReplicaSet.class, ObjectKey.of(set), request);
    }

    private void writeRevision(Deployment deployment, String revision) {
        Optional<Deployment> live = context.api()
                .find(Deployment.class, ObjectKey.of(deployment))
                .filter(found -> Objects.equals(
                        found.getMetadata().getUid(), deployment.getMetadata().getUid()));
        if (live.isPresent()) {
            context.api()
                    .update(new DeploymentBuilder(live.get())
                            .editMetadata()
                            .addToAnnotations(Revisions.REVISION, revision)
                            .endMetadata()
                            .build());
        }
    }

    /** Writes the status over the newest version: only this controller writes it, and annotations change meanwhile. */
    private void writeStatus(Deployment deployment, RolloutStatus status, int wantedOfAllSets) {
        ObjectKey key = ObjectKey.of(deployment);
        for (int attempt = 0; ; attempt++) {
            Deployment base = attempt == 0 ? deployment : live(deployment);
            Deployment copy = new DeploymentBuilder(base)
                    .withStatus(status.model(wantedOfAllSets))
                    .build();
            try {
                context.api().updateStatus(copy);
                return;
            } catch (KubernetesClientException e) {
                if (ApiErrors.isNotFound(e)) {
                    return;
                }
                if (!ApiErrors.isConflict(e) || attempt > 0) {
                    throw e;
                }
                log.debug("Deployment {} changed while its status was written", key);
            }
        }
    }

    /** The newest version, if its spec is the one the status was made for. */
    private Deployment live(Deployment deployment) {
        Optional<Deployment> live = context.api().find(Deployment.class, ObjectKey.of(deployment));
        boolean same = live.isPresent()
                && Objects.equals(
                        live.get().getMetadata().getUid(),
                        deployment.getMetadata().getUid())
                && Objects.equals(
                        live.get().getMetadata().getGeneration(),
                        deployment.getMetadata().getGeneration())
                && Objects.equals(live.get().getStatus(), deployment.getStatus());
        if (!same) {
            throw ApiErrors.of(409, "Conflict", "the deployment was changed meanwhile");
        }
        return live.get();
    }

    private void refuseToSelectAll(Deployment deployment) {
        events.warning(
                deployment, "SelectingAll", "This deployment is selecting all pods. A non-empty selector is required.");
        Long generation = deployment.getMetadata().getGeneration();
        RolloutStatus before = RolloutStatus.read(deployment);
        if (generation != null && before.observedGeneration() < generation) {
            Deployment copy = new DeploymentBuilder(deployment)
                    .editOrNewStatus()
                    .withObservedGeneration(generation)
                    .endStatus()
                    .build();
            context.api().updateStatus(copy);
        }
    }

    private final class SetHandler implements ChangeHandler<ReplicaSet> {
        @Override
        public void added(ReplicaSet set) {
            wake(set);
        }

        @Override
        public void updated(ReplicaSet old, ReplicaSet set) {
            Optional<String> before = OwnerReferences.controllerOf(old).map(OwnerReference::getUid);
            Optional<String> after = OwnerReferences.controllerOf(set).map(OwnerReference::getUid);
            if (!before.equals(after)) {
                OwnerReferences.controllerKey(old, "Deployment").ifPresent(queue::add);
            }
            wake(set);
        }

        @Override
        public void deleted(ReplicaSet last) {
            OwnerReferences.controllerKey(last, "Deployment").ifPresent(queue::add);
        }

        private void wake(ReplicaSet set) {
            if (OwnerReferences.controllerOf(set).isPresent()) {
                OwnerReferences.controllerKey(set, "Deployment").ifPresent(queue::add);
                return;
            }
            for (Deployment deployment :
                    deployments.inNamespace(ObjectKey.of(set).namespace())) {
                if (LabelSelectors.matches(
                        deployment.getSpec().getSelector(), set.getMetadata().getLabels())) {
                    queue.add(ObjectKey.of(deployment));
                }
            }
        }
    }

    /** The last pod of a Recreate rollout's old set wakes the Deployment; nothing else about pods concerns it. */
    private final class PodHandler implements ChangeHandler<Pod> {
        @Override
        public void added(Pod pod) {}

        @Override
        public void updated(Pod old, Pod pod) {}

        @Override
        public void deleted(Pod last) {
            OwnerReferences.controllerKey(last, "ReplicaSet")
                    .flatMap(sets::find)
                    .flatMap(set -> OwnerReferences.controllerKey(set, "Deployment"))
                    .flatMap(deployments::find)
                    .filter(Rollout::isRecreate)
                    .ifPresent(deployment -> queue.add(ObjectKey.of(deployment)));
        }
    }
}
