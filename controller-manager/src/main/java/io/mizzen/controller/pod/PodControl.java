// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.pod;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.mizzen.client.ApiClient;
import io.mizzen.client.ApiErrors;
import io.mizzen.client.DeleteRequest;
import io.mizzen.client.EventSink;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.OwnerReferences;
import java.util.List;

/** Creates and deletes the pods of an owner and says so in the owner's events, in upstream's words. Thread-safe. */
public final class PodControl {

    private final ApiClient api;
    private final EventSink events;

    /** Sends by {@code api}, tells {@code events}. */
    public PodControl(ApiClient api, EventSink events) {
        this.api = api;
        this.events = events;
    }

    /** Creates a pod; a failure is told as FailedCreate, unless the namespace is going, and thrown. */
    public Pod create(HasMetadata owner, Pod pod) {
        try {
            Pod created = api.create(pod);
            events.normal(
                    owner,
                    "SuccessfulCreate",
                    "Created pod: " + created.getMetadata().getName());
            return created;
        } catch (KubernetesClientException e) {
            if (!ApiErrors.isNamespaceTerminating(e)) {
                events.warning(owner, "FailedCreate", "Error creating: " + ApiErrors.message(e));
            }
            throw e;
        }
    }

    /** Reads the pods that an owner controls, past all caches. */
    public List<Pod> live(HasMetadata owner) {
        return api.list(Pod.class, ObjectKey.of(owner).namespace()).stream()
                .filter(pod -> OwnerReferences.isControlledBy(pod, owner))
                .toList();
    }

    /**
     * Deletes a pod, just the one with this UID. One that was chosen because it is not ready is deleted only if it is
     * still as it was seen: it may have become ready, and then another would have been chosen.
     *
     * @return whether this call deleted it; if not, a change of the pod is on its way to the cache
     */
    public boolean delete(HasMetadata owner, Pod pod) {
        DeleteRequest exact = DeleteRequest.ofUid(pod.getMetadata().getUid());
        DeleteRequest request =
                Pods.isReady(pod) ? exact : exact.atVersion(pod.getMetadata().getResourceVersion());
        try {
            api.delete(Pod.class, ObjectKey.of(pod), request);
            events.normal(
                    owner,
                    "SuccessfulDelete",
                    "Deleted pod: " + pod.getMetadata().getName());
            return true;
        } catch (KubernetesClientException e) {
            if (ApiErrors.isNotFound(e) || ApiErrors.isConflict(e)) {
                return false;
            }
            events.warning(owner, "FailedDelete", "Error deleting: " + ApiErrors.message(e));
            throw e;
        }
    }
}
