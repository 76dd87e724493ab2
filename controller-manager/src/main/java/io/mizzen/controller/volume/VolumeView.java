// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.volume;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.mizzen.client.ObjectKey;
import java.util.List;
import java.util.Optional;

/** What the binder's core may know of the cluster. */
interface VolumeView {
    /** A claim. */
    Optional<PersistentVolumeClaim> claim(ObjectKey key);

    /** A claim as the server has it now, past all caches. */
    Optional<PersistentVolumeClaim> newestClaim(ObjectKey key);

    /** A volume. */
    Optional<PersistentVolume> volume(String name);

    /** All volumes. */
    List<PersistentVolume> volumes();

    /** A class. */
    Optional<StorageClass> storageClass(String name);

    /** All classes. */
    List<StorageClass> storageClasses();

    /** A node. */
    Optional<Node> node(String name);

    /** Names of the pods that use a claim and have no node yet. */
    List<String> unscheduledConsumers(PersistentVolumeClaim claim);
}
