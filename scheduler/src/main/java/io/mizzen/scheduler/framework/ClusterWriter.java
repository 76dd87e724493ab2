// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.framework;

import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What the scheduler writes to the cluster. Calls block and throw a {@link RuntimeException} when the API server refuses or does
 * not answer; none retries. Thread-safe.
 */
public interface ClusterWriter {
    /** Binds a pod to a node: the point of no return. */
    void bind(PodInfo pod, String nodeName);

    /**
     * Writes condition {@code PodScheduled False} and the nomination.
     *
     * @param reason {@code Unschedulable} or {@code SchedulerError}
     * @param nominatedNode the node being cleared for the pod; empty clears it, null leaves it
     */
    void patchUnschedulable(PodInfo pod, String reason, String message, @Nullable String nominatedNode);

    /** Marks a victim with condition {@code DisruptionTarget} and deletes it. A pod that is gone already is no error. */
    void evict(PodInfo victim, PodInfo preemptor, String schedulerName);

    /** Takes back the nomination of a pod. */
    void clearNomination(PodInfo pod);

    /** Claims a volume for a claim, if it has not changed since: sets {@code spec.claimRef}. */
    void claimVolume(PersistentVolume volume, PersistentVolumeClaim claim);

    /** Tells the provisioner on which node the volume is wanted, if the claim has not changed since. */
    void selectNode(PersistentVolumeClaim claim, String nodeName);

    /** Waits until a claim or volume changed, or the time is over. */
    void awaitVolumeChange(Duration timeout) throws InterruptedException;

    /** Records an event about a pod. */
    void event(PodInfo pod, String type, String reason, String message);
}
