// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.statefulset;

import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSetBuilder;
import io.fabric8.kubernetes.api.model.apps.StatefulSetStatus;
import io.fabric8.kubernetes.api.model.apps.StatefulSetStatusBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.mizzen.client.ApiErrors;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.ControllerRef;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.EventSink;
import io.mizzen.client.Indexes;
import io.mizzen.client.Informer;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.OwnerReferences;
import io.mizzen.client.Result;
import io.mizzen.client.WorkQueue;
import io.mizzen.controller.Controller;
import io.mizzen.controller.ControllerContext;
import io.mizzen.controller.cache.NewestView;
import io.mizzen.controller.pod.Pods;
import io.mizzen.controller.revision.RevisionHistory;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/** The shell of the StatefulSet controller: reads the caches, asks {@link StatefulPlan}, performs. */
public final class StatefulSetController implements Controller {

    private static final String NAME = "statefulset-controller";
    private static final Duration CLAIM_WAIT = Duration.ofSeconds(1);
    private static final int WORKERS = 5;

    private final ControllerContext context;
    private final Informer<StatefulSet> sets;
    private final Informer<Pod> pods;
    private final NewestView<PersistentVolumeClaim> claims;
    private final Informer<ControllerRevision> revisions;
    private final EventSink events;
    private final RevisionHistory history;
    private final WorkQueue<ObjectKey> queue;
    private final ControllerLoop<ObjectKey> loop;

    /** Asks for its informers and waits to be started. */
    public StatefulSetController(ControllerContext context) {
        this.context = context;
        this.sets = context.informers().of(StatefulSet.class);
        this.pods = context.informers().of(Pod.class);
        Informer<PersistentVolumeClaim> claimCache = context.informers().of(PersistentVolumeClaim.class);
        this.claims = new NewestView<>(claimCache, context.clock());
        claimCache.onChange(claims.handler(claim -> {}));
        claimCache.onChange(new ClaimHandler());
        this.revisions = context.informers().of(ControllerRevision.class);
        this.events = context.events().apply(NAME);
        this.history = new RevisionHistory(context.api());
        this.queue = context.queue(NAME);
        this.loop = context.loop(queue, NAME, WORKERS, this::reconcile);
        pods.addIndex(Indexes.CONTROLLER, Indexes::controllerOf);
        revisions.addIndex(Indexes.CONTROLLER, Indexes::controllerOf);
        sets.onChange(ChangeHandler.of(set -> queue.add(ObjectKey.of(set))));
        pods.onChange(ChangeHandler.of(
                pod -> OwnerReferences.controllerKey(pod, "StatefulSet").ifPresent(queue::add)));
    }

    @Override
    public List<ControllerLoop<?>> loops() {
        return List.of(loop);
    }

    private Result reconcile(ObjectKey key) {
        Optional<StatefulSet> found = sets.find(key);
        if (found.isEmpty()) {
            return Result.done();
        }
        StatefulSet set = found.get();
        List<Pod> own = claim(set);
        List<ControllerRevision> known = new ArrayList<>(
                revisions.byIndex(Indexes.CONTROLLER, set.getMetadata().getUid()));
        Integer collisions = set.getStatus() == null ? null : set.getStatus().getCollisionCount();
        ControllerRevision update = history.current(set, set.getSpec().getTemplate(), known, labels(set), collisions);
        ControllerRevision current = known.stream()
                .filter(revision -> set.getStatus() != null
                        && revision.getMetadata()
                                .getName()
                                .equals(set.getStatus().getCurrentRevision()))
                .findFirst()
                .orElse(update);
        Instant now = context.clock().instant();
        String currentName = current.getMetadata().getName();
        String updateName = update.getMetadata().getName();
        StatefulPlan.Decision decision = StatefulPlan.decide(set, own, currentName, updateName, now);
        try {
            alignClaims(set, own);
            for (StatefulPlan.Step step : decision.steps()) {
                if (step instanceof StatefulPlan.Step.Create create && waitsForClaims(set, create.ordinal())) {
                    return Result.after(CLAIM_WAIT);
                }
                perform(set, step, current, update);
            }
        } finally {
            writeStatus(set, decision.status(), currentName, updateName);
        }
        cutHistory(set, own, known, currentName, updateName);
        return own.stream()
                .flatMap(pod -> Pods.untilAvailable(pod, StatefulPlan.minReadySeconds(set), now).stream())
                .min(Comparator.naturalOrder())
                .map(Result::after)
                .orElse(Result.done());
    }

    /** Only pods whose name is of this set belong to it, whatever their labels are. */
    private List<Pod> claim(StatefulSet set) {
        List<Pod> candidates = new ArrayList<>(
                pods.byIndex(Indexes.CONTROLLER, set.getMetadata().getUid()));
        pods.byIndex(Indexes.CONTROLLER, Indexes.orphansOf(ObjectKey.of(set).namespace())).stream()
                .filter(pod -> StatefulPlan.ordinal(set, pod).isPresent())
                .forEach(candidates::add);
        return ControllerRef.claim(
                context.api(), set, StatefulSet.class, Pod.class, set.getSpec().getSelector(), candidates);
    }

    private void perform(
            StatefulSet set, StatefulPlan.Step step, ControllerRevision current, ControllerRevision update) {
        switch (step) {
            case StatefulPlan.Step.Create create -> {
                boolean old = create.revision().equals(current.getMetadata().getName());
                PodTemplateSpec template =
                        old ? RevisionHistory.template(current) : set.getSpec().getTemplate();
                String revision = old
                        ? current.getMetadata().getName()
                        : update.getMetadata().getName();
                create(set, StatefulPods.pod(set, template, create.ordinal(), revision), create.ordinal());
            }
            case StatefulPlan.Step.Restore restore -> createClaims(set, restore.ordinal());
            case StatefulPlan.Step.Replace replace -> {
                events.warning(
                        set,
                        "RecreatingFailedPod",
                        "StatefulSet " + ObjectKey.of(set) + " is recreating failed Pod "
                                + replace.pod().getMetadata().getName());
                delete(set, replace.pod());
            }
            case StatefulPlan.Step.Condemn condemn -> delete(set, condemn.pod());
            case StatefulPlan.Step.Update outdated -> delete(set, outdated.pod());
        }
    }

    private void create(StatefulSet set, Pod pod, int ordinal) {
        String name = pod.getMetadata().getName();
        createClaims(set, ordinal);
        try {
            context.api().create(pod);
            events.normal(
                    set,
                    "SuccessfulCreate",
                    "create Pod " + name + " in StatefulSet "
                            + set.getMetadata().getName() + " successful");
        } catch (KubernetesClientException e) {
            if (ApiErrors.isAlreadyExists(e) || ApiErrors.isNamespaceTerminating(e)) {
                // Ours, which the cache does not show yet, or one in the way whose change will wake us.
                return;
            }
            events.warning(
                    set,
                    "FailedCreate",
                    "create Pod " + name + " in StatefulSet "
                            + set.getMetadata().getName() + " failed error: " + ApiErrors.message(e));
            throw e;
        }
    }

    /**
     * Whether a claim of a pod to be made is about to go, with a former pod of this name when the set had shrunk: the new pod is not to
     * get hold of it, but of the one that comes after it (KEP-1847).
     */
    private boolean waitsForClaims(StatefulSet set, int ordinal) {
        String podName = set.getMetadata().getName() + "-" + ordinal;
        return StatefulPods.claims(set, ordinal).stream()
                .flatMap(claim -> claims.find(ObjectKey.of(claim)).stream())
                .anyMatch(claim -> claim.getMetadata().getDeletionTimestamp() != null
                        || OwnerReferences.of(claim).stream()
                                .anyMatch(owner -> "Pod".equals(owner.getKind()) && podName.equals(owner.getName())));
    }

    /** Makes those claims of an ordinal that are not there; one that is about to go wakes the set when it is gone. */
    private void createClaims(StatefulSet set, int ordinal) {
        for (PersistentVolumeClaim claim : StatefulPods.claims(set, ordinal)) {
            if (claims.find(ObjectKey.of(claim)).isEmpty()) {
                createClaim(set, claim, set.getMetadata().getName() + "-" + ordinal);
            }
        }
    }

    private void createClaim(StatefulSet set, PersistentVolumeClaim claim, String pod) {
        String name = claim.getMetadata().getName();
        String in = " Pod " + pod + " in StatefulSet " + set.getMetadata().getName();
        try {
            context.api().create(claim);
            events.normal(set, "SuccessfulCreate", "create Claim " + name + in + " success");
        } catch (KubernetesClientException e) {
            if (ApiErrors.isAlreadyExists(e)) {
                return;
            }
            events.warning(
                    set,
                    "FailedCreate",
                    "create Claim " + name + " for" + in + " failed error: " + ApiErrors.message(e));
            throw e;
        }
    }

    private void delete(StatefulSet set, Pod pod) {
        String text = "delete Pod " + pod.getMetadata().getName() + " in StatefulSet "
                + set.getMetadata().getName();
        try {
            DeleteRequest request = DeleteRequest.ofUid(pod.getMetadata().getUid());
            if (context.api().deleteIfPresent(Pod.class, ObjectKey.of(pod), request)) {
                events.normal(set, "SuccessfulDelete", text + " successful");
            }
        } catch (KubernetesClientException e) {
            events.warning(set, "FailedDelete", text + " failed error: " + ApiErrors.message(e));
            throw e;
        }
    }

    private void alignClaims(StatefulSet set, List<Pod> own) {
        if (set.getMetadata().getDeletionTimestamp() != null) {
            return;
        }
        for (Pod pod : own) {
            OptionalInt ordinal = StatefulPlan.ordinal(set, pod);
            if (ordinal.isPresent()) {
                boolean isWanted = StatefulPlan.isWanted(set, ordinal.getAsInt());
                alignClaims(set, ordinal.getAsInt(), isWanted ? Optional.empty() : Optional.of(pod));
            }
        }
    }

    /** Gives the claims of a pod the owners that the retention policy wants; a claim that has them is left alone. */
    private void alignClaims(StatefulSet set, int ordinal, Optional<Pod> condemned) {
        String podName = set.getMetadata().getName() + "-" + ordinal;
        for (PersistentVolumeClaim wanted : StatefulPods.claims(set, ordinal)) {
            ObjectKey key = ObjectKey.of(wanted);
            Optional<PersistentVolumeClaim> found = claims.find(key);
            if (found.isEmpty() && condemned.isPresent()) {
                // The last chance to say whose the claim is: it may be newer than the cache.
                found = context.api().find(PersistentVolumeClaim.class, key);
            }
            if (found.isEmpty() || found.get().getMetadata().getDeletionTimestamp() != null) {
                continue;
            }
            List<OwnerReference> owners = StatefulPods.owners(set, found.get(), podName, condemned);
            boolean isWanting = !Set.copyOf(owners).equals(Set.copyOf(OwnerReferences.of(found.get())));
            if (isWanting && condemned.map(this::isThere).orElse(true)) {
                claims.note(context.api()
                        .update(new PersistentVolumeClaimBuilder(found.get())
                                .editMetadata()
                                .withOwnerReferences(owners)
                                .endMetadata()
                                .build()));
            }
        }
    }

    /** A claim that is given to a pod which is gone goes at once, perhaps from under the pod that came after it. */
    private boolean isThere(Pod pod) {
        return context.api()
                .find(Pod.class, ObjectKey.of(pod))
                .filter(live ->
                        live.getMetadata().getUid().equals(pod.getMetadata().getUid()))
                .isPresent();
    }

    private void writeStatus(StatefulSet set, StatefulPlan.Status status, String current, String update) {
        StatefulSetStatus before = set.getStatus() == null ? new StatefulSetStatus() : set.getStatus();
        boolean settled = status.settled();
        StatefulSetStatus wanted = new StatefulSetStatusBuilder(before)
                .withReplicas(status.replicas())
                .withReadyReplicas(nonZero(status.ready()))
                .withAvailableReplicas(status.available())
                .withCurrentReplicas(nonZero(settled ? status.updated() : status.current()))
                .withUpdatedReplicas(nonZero(status.updated()))
                .withCurrentRevision(settled ? update : current)
                .withUpdateRevision(update)
                .withCollisionCount(before.getCollisionCount() == null ? 0 : before.getCollisionCount())
                .withObservedGeneration(set.getMetadata().getGeneration())
                .build();
        if (!Json.tree(wanted).equals(Json.tree(before))) {
            context.api()
                    .updateStatus(new StatefulSetBuilder(set).withStatus(wanted).build());
        }
    }

    private void cutHistory(
            StatefulSet set, List<Pod> own, List<ControllerRevision> known, String current, String update) {
        Set<String> used = own.stream().map(StatefulPlan::revision).collect(Collectors.toSet());
        used.add(current);
        used.add(update);
        Integer limit = set.getSpec().getRevisionHistoryLimit();
        history.cut(known, used, limit == null ? 10 : limit);
    }

    private static Map<String, String> labels(StatefulSet set) {
        Map<String, String> labels = set.getSpec().getSelector().getMatchLabels();
        return labels == null ? Map.of() : labels;
    }

    private static @org.jspecify.annotations.Nullable Integer nonZero(int value) {
        return value == 0 ? null : value;
    }

    /** A pod that cannot start without the claim that went says nothing: the set has to look. */
    private final class ClaimHandler implements ChangeHandler<PersistentVolumeClaim> {
        @Override
        public void added(PersistentVolumeClaim claim) {}

        @Override
        public void updated(PersistentVolumeClaim old, PersistentVolumeClaim claim) {
            if (!old.getMetadata().getUid().equals(claim.getMetadata().getUid())) {
                deleted(old);
            }
        }

        @Override
        public void deleted(PersistentVolumeClaim last) {
            sets.inNamespace(ObjectKey.of(last).namespace()).stream()
                    .filter(set ->
                            StatefulPods.isClaimOf(set, last.getMetadata().getName()))
                    .forEach(set -> queue.add(ObjectKey.of(set)));
        }
    }
}
