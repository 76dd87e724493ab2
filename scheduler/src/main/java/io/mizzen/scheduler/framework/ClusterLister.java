// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.framework;

import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.mizzen.client.selector.LabelMatcher;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What plugins may know of the cluster beside pods and nodes; answers come from caches, never from the network. Thread-safe. */
public interface ClusterLister {
    /** Labels of a namespace, empty where it is not known. */
    Map<String, String> namespaceLabels(String namespace);

    /** A claim, or null. */
    @Nullable
    PersistentVolumeClaim claim(String namespace, String name);

    /** A volume, or null. */
    @Nullable
    PersistentVolume volume(String name);

    /** All volumes. */
    List<PersistentVolume> volumes();

    /** A storage class, or null. */
    @Nullable
    StorageClass storageClass(String name);

    /** The disruption budgets of a namespace. */
    List<PodDisruptionBudget> disruptionBudgets(String namespace);

    /**
     * The selectors of the Services, ReplicationControllers, ReplicaSets and StatefulSets that select the pod, as one; null if
     * none does.
     */
    @Nullable
    LabelMatcher owningSelector(PodInfo pod);
}
