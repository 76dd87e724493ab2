// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.volume;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Volume;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.OwnerReferences;
import java.util.ArrayList;
import java.util.List;

/** Which pods use which claims. Pure. */
final class ClaimUsers {
    private ClaimUsers() {}

    /** Index values of a pod: the claims that it uses, as {@code namespace/name}. */
    static List<String> claimsOf(Pod pod) {
        List<String> claims = new ArrayList<>();
        if (pod.getSpec() == null || pod.getSpec().getVolumes() == null) {
            return claims;
        }
        String namespace = ObjectKey.of(pod).namespace();
        for (Volume volume : pod.getSpec().getVolumes()) {
            if (volume.getPersistentVolumeClaim() != null) {
                claims.add(new ObjectKey(
                                namespace, volume.getPersistentVolumeClaim().getClaimName())
                        .toString());
            } else if (volume.getEphemeral() != null) {
                claims.add(new ObjectKey(namespace, ephemeralClaim(pod, volume)).toString());
            }
        }
        return claims;
    }

    /** The name of the claim of a generic ephemeral volume (KEP-1698). */
    static String ephemeralClaim(Pod pod, Volume volume) {
        return pod.getMetadata().getName() + "-" + volume.getName();
    }

    /** Whether a claim was made for this pod. */
    static boolean isMadeFor(PersistentVolumeClaim claim, Pod pod) {
        return OwnerReferences.controllerOf(claim)
                .filter(owner -> owner.getUid().equals(pod.getMetadata().getUid()))
                .isPresent();
    }

    /**
     * Whether a pod holds a claim back from being removed: it has a node and refers to the claim. A pod that has ended still
     * does, for its object names the claim; one that is all but removed lets go of the claims that were made for it.
     */
    static boolean holds(Pod pod, PersistentVolumeClaim claim) {
        if (VolumeRules.orEmpty(pod.getSpec().getNodeName()).isEmpty()) {
            return false;
        }
        String name = claim.getMetadata().getName();
        return pod.getSpec().getVolumes().stream()
                .anyMatch(volume -> volume.getPersistentVolumeClaim() != null
                                && name.equals(volume.getPersistentVolumeClaim().getClaimName())
                        || volume.getEphemeral() != null
                                && name.equals(ephemeralClaim(pod, volume))
                                && isMadeFor(claim, pod)
                                && !isShutDown(pod));
    }

    /** Whether the kubelet is done with the pod and its object has only to go, or it was deleted by force. */
    private static boolean isShutDown(Pod pod) {
        return pod.getMetadata().getDeletionTimestamp() != null
                && Long.valueOf(0).equals(pod.getMetadata().getDeletionGracePeriodSeconds());
    }
}
