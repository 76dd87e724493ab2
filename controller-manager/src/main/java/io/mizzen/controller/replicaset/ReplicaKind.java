// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.replicaset;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;

/** What the engine must know of a kind that keeps replicas. Stateless. */
interface ReplicaKind<T extends HasMetadata> {

    /** The model class. */
    Class<T> type();

    /** The kind's name. */
    String kind();

    /** The name of its controller. */
    String controllerName();

    /** The component that its events name as their source. */
    String eventSource();

    /** The pods it selects; null selects none. */
    LabelSelector selector(T object);

    /** How many pods it wants. */
    int replicas(T object);

    /** Seconds a pod must be ready to count as available. */
    int minReadySeconds(T object);

    /** What its pods are made from. */
    PodTemplateSpec template(T object);

    /** Its present status. */
    ReplicaCore.Status status(T object);

    /** A copy with another status. */
    T withStatus(T object, ReplicaCore.Status status);
}
