// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.volume;

import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.micrometer.core.instrument.MeterRegistry;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.RateLimits;
import io.mizzen.client.Result;
import io.mizzen.client.WorkQueue;
import io.mizzen.kubelet.control.VolumeRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;

/**
 * Lets go of this node's volumes of {@code mizzen.io/local-path}: first the data, then the finalizer, so that the object outlives
 * the data. Level-triggered; a failure is tried again with back-off. One worker.
 */
public final class LocalPathKeeper implements AutoCloseable {
    private static final String NAME = "local-path-keeper";
    private static final Duration SOON = Duration.ofMillis(100);

    private final LocalPathVolumes volumes;
    private final VolumeRegistry registry;
    private final ControllerLoop<String> loop;
    private final AutoCloseable watch;

    /** Starts to keep them. */
    public LocalPathKeeper(
            LocalPathVolumes volumes, VolumeRegistry registry, InstantSource clock, MeterRegistry metrics) {
        this.volumes = volumes;
        this.registry = registry;
        WorkQueue<String> queue = new WorkQueue<>(NAME, RateLimits.standard(), clock, metrics);
        this.loop = new ControllerLoop<>(NAME, queue, 1, this::reconcile, metrics);
        this.watch = registry.watchVolumes(volume -> {
            if (volumes.isLeaving(volume)) {
                queue.add(volume.getMetadata().getName());
            }
        });
        loop.start();
    }

    private Result reconcile(String name) {
        try {
            Optional<PersistentVolume> volume = registry.volume(name).filter(volumes::isLeaving);
            if (volume.isEmpty()) {
                return Result.done();
            }
            volumes.reclaim(volume.get());
            return registry.removeFinalizer(volume.get(), LocalPathVolumes.FINALIZER)
                    ? Result.done()
                    : Result.after(SOON);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws Exception {
        watch.close();
        loop.close();
    }
}
