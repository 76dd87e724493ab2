// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.volume;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.mizzen.client.ApiErrors;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.Informer;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.Result;
import io.mizzen.client.WorkQueue;
import io.mizzen.controller.Controller;
import io.mizzen.controller.ControllerContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Keeps an object that is being deleted while it is used, by a finalizer that every living one has (API page "Storage Object in
 * Use Protection").
 */
public final class InUseProtection<T extends HasMetadata> implements Controller {
    private static final String BY_CLAIM = "claim";

    private final ControllerContext context;
    private final Class<T> type;
    private final String finalizer;
    private final Predicate<T> isUsed;
    private final Informer<T> objects;
    private final WorkQueue<ObjectKey> queue;
    private final ControllerLoop<ObjectKey> loop;

    private InUseProtection(
            ControllerContext context, String name, Class<T> type, String finalizer, Predicate<T> isUsed) {
        this.context = context;
        this.type = type;
        this.finalizer = finalizer;
        this.isUsed = isUsed;
        this.objects = context.informers().of(type);
        this.queue = context.queue(name);
        this.loop = context.loop(queue, name, 1, this::reconcile);
        objects.onChange(ChangeHandler.of(object -> {
            if (isLeaving(object) == isProtected(object)) {
                queue.add(ObjectKey.of(object));
            }
        }));
    }

    /** Claims are kept until no pod uses them any more. */
    public static Controller ofClaims(ControllerContext context) {
        Informer<Pod> pods = context.informers().of(Pod.class);
        pods.addIndex(BY_CLAIM, ClaimUsers::claimsOf);
        InUseProtection<PersistentVolumeClaim> protection = new InUseProtection<>(
                context,
                "persistentvolumeclaim-protection-controller",
                PersistentVolumeClaim.class,
                "kubernetes.io/pvc-protection",
                claim -> isUsed(context, pods, claim));
        pods.onChange(new ChangeHandler<>() {
            @Override
            public void added(Pod pod) {
                String namespace = ObjectKey.of(pod).namespace();
                for (String claim : ClaimUsers.claimsOf(pod)) {
                    protection.wakeIfLeaving(new ObjectKey(namespace, claim.substring(claim.indexOf('/') + 1)));
                }
            }

            @Override
            public void updated(Pod old, Pod pod) {
                added(pod);
                if (!old.getMetadata().getUid().equals(pod.getMetadata().getUid())) {
                    // One that went unseen, between two watches, is not using its claims any more.
                    added(old);
                }
            }

            @Override
            public void deleted(Pod last) {
                added(last);
            }
        });
        return protection;
    }

    /** Volumes are kept while they are bound. */
    public static Controller ofVolumes(ControllerContext context) {
        return new InUseProtection<>(
                context,
                "persistentvolume-protection-controller",
                PersistentVolume.class,
                "kubernetes.io/pv-protection",
                volume -> VolumeRules.phase(volume).equals("Bound"));
    }

    /** Asks the cache first and then the server: a pod that was bound a moment ago must not lose its data. */
    private static boolean isUsed(ControllerContext context, Informer<Pod> pods, PersistentVolumeClaim claim) {
        ObjectKey key = ObjectKey.of(claim);
        return pods.byIndex(BY_CLAIM, key.toString()).stream().anyMatch(pod -> ClaimUsers.holds(pod, claim))
                || context.api().list(Pod.class, key.namespace()).stream()
                        .anyMatch(pod -> ClaimUsers.holds(pod, claim));
    }

    @Override
    public List<ControllerLoop<?>> loops() {
        return List.of(loop);
    }

    private void wakeIfLeaving(ObjectKey key) {
        objects.find(key).filter(InUseProtection::isLeaving).ifPresent(found -> queue.add(key));
    }

    private Result reconcile(ObjectKey key) {
        Optional<T> found = objects.find(key);
        if (found.isEmpty()) {
            return Result.done();
        }
        T object = found.get();
        List<String> finalizers = new ArrayList<>(object.getFinalizers());
        if (isLeaving(object) && isProtected(object) && !isUsed.test(object)) {
            finalizers.remove(finalizer);
            write(object, finalizers);
        } else if (!isLeaving(object) && !isProtected(object)) {
            finalizers.add(finalizer);
            write(object, finalizers);
        }
        return Result.done();
    }

    /** An object that has gone meanwhile needs no finalizer. */
    private void write(T object, List<String> finalizers) {
        T copy = Json.copy(object, type);
        copy.getMetadata().setFinalizers(finalizers);
        var _ = ApiErrors.ifPresent(() -> context.api().update(copy));
    }

    private static boolean isLeaving(HasMetadata object) {
        return object.getMetadata().getDeletionTimestamp() != null;
    }

    private boolean isProtected(T object) {
        return object.getFinalizers().contains(finalizer);
    }
}
