// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.volume;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.mizzen.client.ApiErrors;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.EventSink;
import io.mizzen.client.Informer;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.Result;
import io.mizzen.client.WorkQueue;
import io.mizzen.controller.Controller;
import io.mizzen.controller.ControllerContext;
import io.mizzen.controller.cache.NewestView;
import io.mizzen.controller.condition.Timestamps;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Binds claims to volumes, makes volumes of the built-in provisioner and lets go of volumes whose claim has gone.
 *
 * <p>One worker: between two decisions nothing else of this controller happens. Each write is guarded by the version it was
 * decided on, so that a second controller, or a stale cache, can at worst make one fail.
 */
public final class PersistentVolumeBinder implements Controller {
    private static final String NAME = "persistentvolume-binder-controller";
    private static final String COMPONENT = "persistentvolume-controller";
    private static final Duration RESYNC = Duration.ofSeconds(15);
    private static final int MAX_STEPS = 16;
    private static final String UNBOUND = "unbound";
    private static final String BY_CLAIM = "claim";

    /** What is decided on. */
    private sealed interface Key {
        /** A claim. */
        record OfClaim(ObjectKey claim) implements Key {}

        /** A volume. */
        record OfVolume(String volume) implements Key {}
    }

    private final ControllerContext context;
    private final EventSink events;
    private final WorkQueue<Key> queue;
    private final ControllerLoop<Key> loop;
    private final Informer<PersistentVolumeClaim> claimCache;
    private final NewestView<PersistentVolumeClaim> claims;
    private final Informer<PersistentVolume> volumeCache;
    private final NewestView<PersistentVolume> volumes;
    private final Informer<StorageClass> classes;
    private final Informer<Node> nodes;
    private final Informer<Pod> pods;
    private final VolumeView view = new View();

    /** Listens; works once its loop is started. */
    public PersistentVolumeBinder(ControllerContext context) {
        this.context = context;
        this.events = context.events().apply(COMPONENT);
        this.queue = context.queue(NAME);
        this.loop = context.loop(queue, NAME, 1, this::reconcile);
        this.claimCache = context.informers().of(PersistentVolumeClaim.class);
        this.volumeCache = context.informers().of(PersistentVolume.class);
        this.claims = new NewestView<>(claimCache, context.clock());
        this.volumes = new NewestView<>(volumeCache, context.clock());
        this.classes = context.informers().of(StorageClass.class);
        this.nodes = context.informers().of(Node.class);
        this.pods = context.informers().of(Pod.class);
        claimCache.addIndex(UNBOUND, PersistentVolumeBinder::unbound);
        volumeCache.addIndex(
                BY_CLAIM,
                volume -> VolumeRules.claimOf(volume).stream()
                        .map(ObjectKey::toString)
                        .toList());
        pods.addIndex(BY_CLAIM, ClaimUsers::claimsOf);
        claimCache.onChange(claimChanges());
        volumeCache.onChange(volumeChanges());
        classes.onChange(ChangeHandler.of(changed -> wakeUnbound()));
        nodes.onChange(new ChangeHandler<>() {
            @Override
            public void added(Node node) {
                wakeUnbound();
            }

            @Override
            public void updated(Node old, Node node) {
                String key = ProvisionPlan.LOCAL_PATH_ROOT;
                if (!VolumeRules.annotation(old, key).equals(VolumeRules.annotation(node, key))) {
                    wakeUnbound();
                }
            }

            @Override
            public void deleted(Node last) {}
        });
    }

    @Override
    public List<ControllerLoop<?>> loops() {
        return List.of(loop);
    }

    private static List<String> unbound(PersistentVolumeClaim claim) {
        return VolumeRules.isAnnotated(claim, VolumeRules.BIND_COMPLETED) ? List.of() : List.of(UNBOUND);
    }

    private void wakeUnbound() {
        claimCache.byIndex(UNBOUND, UNBOUND).forEach(claim -> queue.add(new Key.OfClaim(ObjectKey.of(claim))));
    }

    private ChangeHandler<PersistentVolumeClaim> claimChanges() {
        return new ChangeHandler<>() {
            @Override
            public void added(PersistentVolumeClaim claim) {
                queue.add(new Key.OfClaim(ObjectKey.of(claim)));
                lookAtVolume(claim);
            }

            @Override
            public void updated(PersistentVolumeClaim old, PersistentVolumeClaim claim) {
                added(claim);
            }

            @Override
            public void deleted(PersistentVolumeClaim last) {
                claims.gone(last);
                lookAtVolume(last);
                // A binding that was cut short is known to the volume alone.
                volumeCache
                        .byIndex(BY_CLAIM, ObjectKey.of(last).toString())
                        .forEach(volume ->
                                queue.add(new Key.OfVolume(volume.getMetadata().getName())));
            }

            private void lookAtVolume(PersistentVolumeClaim claim) {
                if (!VolumeRules.volumeName(claim).isEmpty()) {
                    queue.add(new Key.OfVolume(VolumeRules.volumeName(claim)));
                }
            }
        };
    }

    private ChangeHandler<PersistentVolume> volumeChanges() {
        return new ChangeHandler<>() {
            @Override
            public void added(PersistentVolume volume) {
                queue.add(new Key.OfVolume(volume.getMetadata().getName()));
                Optional<ObjectKey> claim = VolumeRules.claimOf(volume);
                claim.ifPresent(key -> queue.add(new Key.OfClaim(key)));
                if (claim.isEmpty() && VolumeRules.phase(volume).equals("Available")) {
                    wakeUnbound();
                }
            }

            @Override
            public void updated(PersistentVolume old, PersistentVolume volume) {
                added(volume);
            }

            @Override
            public void deleted(PersistentVolume last) {
                volumes.gone(last);
                VolumeRules.claimOf(last).ifPresent(key -> queue.add(new Key.OfClaim(key)));
            }
        };
    }

    private Result reconcile(Key key) {
        for (int step = 0; step < MAX_STEPS; step++) {
            Optional<Decision> decision = switch (key) {
                case Key.OfClaim claim -> claims.find(claim.claim()).map(found -> BinderCore.claim(found, view));
                case Key.OfVolume volume ->
                    volumes.find(ObjectKey.cluster(volume.volume())).map(found -> VolumePlan.volume(found, view));
            };
            if (decision.isEmpty()) {
                return Result.done();
            }
            decision.get().write().ifPresent(this::perform);
            if (decision.get()
                    .write()
                    .filter(Decision.RemoveVolume.class::isInstance)
                    .isPresent()) {
                // The cache will show the mark, or that the volume is gone.
                return Result.done();
            }
            decision.get().notice().ifPresent(this::tell);
            decision.get().lookAt().ifPresent(claim -> queue.add(new Key.OfClaim(claim)));
            if (decision.get().write().isEmpty()) {
                return decision.get().notice().isPresent() ? Result.after(RESYNC) : Result.done();
            }
        }
        return Result.after(RESYNC);
    }

    private void tell(Decision.Notice notice) {
        events.event(
                EventSink.reference(notice.object()),
                notice.isWarning() ? "Warning" : "Normal",
                notice.reason(),
                notice.message());
    }

    private void perform(Decision.Write write) {
        switch (write) {
            case Decision.ChangeClaim change -> claims.note(context.api().update(change.claim()));
            case Decision.ChangeClaimStatus change -> claims.note(context.api().updateStatus(change.claim()));
            case Decision.ChangeVolume change -> volumes.note(context.api().update(change.volume()));
            case Decision.ChangeVolumeStatus change -> {
                change.volume()
                        .getStatus()
                        .setLastPhaseTransitionTime(
                                Timestamps.text(context.clock().instant()));
                volumes.note(context.api().updateStatus(change.volume()));
            }
            case Decision.MakeVolume make -> create(make.volume());
            case Decision.RemoveVolume remove -> delete(remove.volume());
        }
    }

    private void create(PersistentVolume volume) {
        try {
            volumes.note(context.api().create(volume));
        } catch (KubernetesClientException e) {
            if (!ApiErrors.isAlreadyExists(e)) {
                throw e;
            }
            // Made before, by a request whose answer was lost.
            context.api().find(PersistentVolume.class, ObjectKey.of(volume)).ifPresent(volumes::note);
        }
    }

    private void delete(PersistentVolume volume) {
        context.api()
                .deleteIfPresent(
                        PersistentVolume.class,
                        ObjectKey.of(volume),
                        DeleteRequest.ofUid(volume.getMetadata().getUid())
                                .atVersion(volume.getMetadata().getResourceVersion()));
    }

    /** What the core is shown: caches with this controller's own writes. */
    private final class View implements VolumeView {
        @Override
        public Optional<PersistentVolumeClaim> claim(ObjectKey key) {
            return claims.find(key);
        }

        @Override
        public Optional<PersistentVolumeClaim> newestClaim(ObjectKey key) {
            return context.api().find(PersistentVolumeClaim.class, key);
        }

        @Override
        public Optional<PersistentVolume> volume(String name) {
            return volumes.find(ObjectKey.cluster(name));
        }

        @Override
        public List<PersistentVolume> volumes() {
            return volumes.list();
        }

        @Override
        public Optional<StorageClass> storageClass(String name) {
            return classes.find(ObjectKey.cluster(name));
        }

        @Override
        public List<StorageClass> storageClasses() {
            return classes.list();
        }

        @Override
        public Optional<Node> node(String name) {
            return nodes.find(ObjectKey.cluster(name));
        }

        @Override
        public List<String> unscheduledConsumers(PersistentVolumeClaim claim) {
            return pods.byIndex(BY_CLAIM, ObjectKey.of(claim).toString()).stream()
                    .filter(pod -> pod.getMetadata().getDeletionTimestamp() == null
                            && VolumeRules.orEmpty(pod.getSpec().getNodeName()).isEmpty())
                    .map(HasMetadata::getMetadata)
                    .map(metadata -> metadata.getName())
                    .sorted()
                    .toList();
        }
    }
}
