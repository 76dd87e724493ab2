// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.volume;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.Informer;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.Result;
import io.mizzen.client.WorkQueue;
import io.mizzen.controller.Controller;
import io.mizzen.controller.ControllerContext;
import java.util.List;
import java.util.Optional;

/** Keeps a claim that is being deleted until no pod uses it any more (API page "Storage Object in Use Protection"). */
public final class ClaimProtectionController implements Controller {
    private static final String NAME = "persistentvolumeclaim-protection-controller";
    private static final String FINALIZER = "kubernetes.io/pvc-protection";
    private static final String BY_CLAIM = "claim";

    private final ControllerContext context;
    private final Informer<PersistentVolumeClaim> claims;
    private final Informer<Pod> pods;
    private final ControllerLoop<ObjectKey> loop;

    /** Listens; works once its loop is started. */
    public ClaimProtectionController(ControllerContext context) {
        this.context = context;
        this.claims = context.informers().of(PersistentVolumeClaim.class);
        this.pods = context.informers().of(Pod.class);
        WorkQueue<ObjectKey> queue = context.queue(NAME);
        this.loop = context.loop(queue, NAME, 1, this::reconcile);
        pods.addIndex(BY_CLAIM, ClaimUsers::claimsOf);
        claims.onChange(ChangeHandler.of(claim -> {
            boolean isLeaving = claim.getMetadata().getDeletionTimestamp() != null;
            if (isLeaving == Finalizers.has(claim, FINALIZER)) {
                queue.add(ObjectKey.of(claim));
            }
        }));
        pods.onChange(ChangeHandler.of(pod -> {
            String namespace = ObjectKey.of(pod).namespace();
            for (String claim : ClaimUsers.claimsOf(pod)) {
                ObjectKey key = new ObjectKey(namespace, claim.substring(claim.indexOf('/') + 1));
                claims.find(key)
                        .filter(found -> found.getMetadata().getDeletionTimestamp() != null)
                        .ifPresent(found -> queue.add(key));
            }
        }));
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<ControllerLoop<?>> loops() {
        return List.of(loop);
    }

    private Result reconcile(ObjectKey key) {
        Optional<PersistentVolumeClaim> found = claims.find(key);
        if (found.isEmpty()) {
            return Result.done();
        }
        PersistentVolumeClaim claim = found.get();
        boolean isLeaving = claim.getMetadata().getDeletionTimestamp() != null;
        boolean isProtected = Finalizers.has(claim, FINALIZER);
        if (isLeaving && isProtected && !isUsed(claim)) {
            Finalizers.update(context.api(), Finalizers.without(claim, FINALIZER));
        } else if (!isLeaving && !isProtected) {
            Finalizers.update(context.api(), Finalizers.with(claim, FINALIZER));
        }
        return Result.done();
    }

    /** Asks the cache first and then the server: a pod that was bound a moment ago must not lose its data. */
    private boolean isUsed(PersistentVolumeClaim claim) {
        ObjectKey key = ObjectKey.of(claim);
        return pods.byIndex(BY_CLAIM, key.toString()).stream().anyMatch(pod -> ClaimUsers.holds(pod, claim))
                || context.api().list(Pod.class, key.namespace()).stream()
                        .anyMatch(pod -> ClaimUsers.holds(pod, claim));
    }
}
