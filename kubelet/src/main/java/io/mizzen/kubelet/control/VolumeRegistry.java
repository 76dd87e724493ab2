// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.control;

import io.fabric8.kubernetes.api.model.PersistentVolume;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Consumer;

/** The volumes of the cluster, as the node that keeps some of them needs them. */
public interface VolumeRegistry {
    /** Begins to tell of every volume and of each of its changes, until closed. The listener must not block. */
    AutoCloseable watchVolumes(Consumer<PersistentVolume> listener);

    /** A volume as it is now. Blocks. */
    Optional<PersistentVolume> volume(String name) throws IOException;

    /**
     * Takes a finalizer off a volume, only if it is still at the version given; one that is gone is done. Blocks.
     *
     * @return whether it is off; false when the volume has changed meanwhile
     * @throws IOException when it could not be done now; the caller tries again
     */
    boolean removeFinalizer(PersistentVolume volume, String finalizer) throws IOException;
}
