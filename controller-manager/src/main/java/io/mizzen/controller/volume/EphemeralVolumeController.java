// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.volume;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimTemplate;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.mizzen.client.ApiErrors;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.EventSink;
import io.mizzen.client.Informer;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.OwnerReferences;
import io.mizzen.client.Result;
import io.mizzen.client.WorkQueue;
import io.mizzen.controller.Controller;
import io.mizzen.controller.ControllerContext;
import java.util.List;
import java.util.Optional;

/** Makes the claims of generic ephemeral volumes, which belong to their pod and go with it (KEP-1698). */
public final class EphemeralVolumeController implements Controller {
    private static final String NAME = "ephemeral-volume-controller";
    private static final String COMPONENT = "ephemeral_volume";
    private static final String BY_CLAIM = "claim";

    private final ControllerContext context;
    private final EventSink events;
    private final Informer<Pod> pods;
    private final Informer<PersistentVolumeClaim> claims;
    private final ControllerLoop<ObjectKey> loop;

    /** Listens; works once its loop is started. */
    public EphemeralVolumeController(ControllerContext context) {
        this.context = context;
        this.events = context.events().apply(COMPONENT);
        this.pods = context.informers().of(Pod.class);
        this.claims = context.informers().of(PersistentVolumeClaim.class);
        WorkQueue<ObjectKey> queue = context.queue(NAME);
        this.loop = context.loop(queue, NAME, 1, this::reconcile);
        pods.addIndex(BY_CLAIM, ClaimUsers::claimsOf);
        pods.onChange(ChangeHandler.of(pod -> {
            if (pod.getMetadata().getDeletionTimestamp() == null && hasEphemeralVolume(pod)) {
                queue.add(ObjectKey.of(pod));
            }
        }));
        claims.onChange(new ChangeHandler<>() {
            @Override
            public void added(PersistentVolumeClaim claim) {}

            @Override
            public void updated(PersistentVolumeClaim old, PersistentVolumeClaim claim) {}

            @Override
            public void deleted(PersistentVolumeClaim last) {
                pods.byIndex(BY_CLAIM, ObjectKey.of(last).toString()).stream()
                        .filter(EphemeralVolumeController::hasEphemeralVolume)
                        .forEach(pod -> queue.add(ObjectKey.of(pod)));
            }
        });
    }

    @Override
    public List<ControllerLoop<?>> loops() {
        return List.of(loop);
    }

    private static boolean hasEphemeralVolume(Pod pod) {
        return pod.getSpec().getVolumes().stream().anyMatch(volume -> volume.getEphemeral() != null);
    }

    private Result reconcile(ObjectKey key) {
        Optional<Pod> found = pods.find(key).filter(pod -> pod.getMetadata().getDeletionTimestamp() == null);
        if (found.isPresent()) {
            for (Volume volume : found.get().getSpec().getVolumes()) {
                if (volume.getEphemeral() != null) {
                    makeClaim(found.get(), volume);
                }
            }
        }
        return Result.done();
    }

    private void makeClaim(Pod pod, Volume volume) {
        String name = ClaimUsers.ephemeralClaim(pod, volume);
        Optional<PersistentVolumeClaim> present =
                claims.find(new ObjectKey(ObjectKey.of(pod).namespace(), name));
        if (present.isPresent()) {
            if (!ClaimUsers.isMadeFor(present.get(), pod)) {
                String message = "PVC \"" + ObjectKey.of(present.get()) + "\" was not created for pod \""
                        + ObjectKey.of(pod) + "\" (pod is not owner)";
                events.warning(pod, "FailedBinding", "ephemeral volume " + volume.getName() + ": " + message);
                throw new IllegalStateException(message);
            }
            return;
        }
        PersistentVolumeClaimTemplate template = volume.getEphemeral().getVolumeClaimTemplate();
        ObjectMeta metadata = template.getMetadata() == null ? new ObjectMeta() : template.getMetadata();
        PersistentVolumeClaim claim = new PersistentVolumeClaimBuilder()
                .withNewMetadata()
                .withNamespace(pod.getMetadata().getNamespace())
                .withName(name)
                .withLabels(metadata.getLabels())
                .withAnnotations(metadata.getAnnotations())
                .withOwnerReferences(OwnerReferences.controller(pod))
                .endMetadata()
                .withSpec(template.getSpec())
                .build();
        try {
            context.api().create(claim);
        } catch (KubernetesClientException e) {
            if (ApiErrors.isNamespaceTerminating(e)) {
                return;
            }
            if (!ApiErrors.isAlreadyExists(e)) {
                events.warning(
                        pod, "FailedBinding", "ephemeral volume " + volume.getName() + ": " + ApiErrors.message(e));
            }
            throw e;
        }
    }
}
