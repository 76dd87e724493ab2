// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.volume;

import io.fabric8.kubernetes.api.model.PersistentVolume;
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

/** Keeps a volume that is being deleted while it is bound (API page "Storage Object in Use Protection"). */
public final class VolumeProtectionController implements Controller {
    private static final String NAME = "persistentvolume-protection-controller";
    private static final String FINALIZER = "kubernetes.io/pv-protection";

    private final ControllerContext context;
    private final Informer<PersistentVolume> volumes;
    private final ControllerLoop<ObjectKey> loop;

    /** Listens; works once its loop is started. */
    public VolumeProtectionController(ControllerContext context) {
        this.context = context;
        this.volumes = context.informers().of(PersistentVolume.class);
        WorkQueue<ObjectKey> queue = context.queue(NAME);
        this.loop = context.loop(queue, NAME, 1, this::reconcile);
        volumes.onChange(ChangeHandler.of(volume -> {
            boolean isLeaving = volume.getMetadata().getDeletionTimestamp() != null;
            if (isLeaving == Finalizers.has(volume, FINALIZER)) {
                queue.add(ObjectKey.of(volume));
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
        Optional<PersistentVolume> found = volumes.find(key);
        if (found.isEmpty()) {
            return Result.done();
        }
        PersistentVolume volume = found.get();
        boolean isLeaving = volume.getMetadata().getDeletionTimestamp() != null;
        boolean isProtected = Finalizers.has(volume, FINALIZER);
        if (isLeaving && isProtected && !VolumeRules.phase(volume).equals("Bound")) {
            Finalizers.update(context.api(), Finalizers.without(volume, FINALIZER));
        } else if (!isLeaving && !isProtected) {
            Finalizers.update(context.api(), Finalizers.with(volume, FINALIZER));
        }
        return Result.done();
    }
}
