// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.control;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Objects that pods refer to. Calls block. */
public interface ObjectSource {
    /** A ConfigMap; empty when there is none. */
    Optional<ConfigMap> configMap(String namespace, String name) throws IOException;

    /** A Secret; empty when there is none. */
    Optional<Secret> secret(String namespace, String name) throws IOException;

    /** The services of a namespace and {@code default/kubernetes}, for environment variables. */
    List<Service> services(String namespace) throws IOException;

    /**
     * A token of the pod's service account, bound to the pod.
     *
     * @param audience who it is for; empty for the API server
     * @param expirationSeconds how long it is to live
     */
    Token token(Pod pod, String audience, long expirationSeconds) throws IOException;

    /** A claim with the volume bound to it; empty when the claim does not exist. */
    Optional<BoundClaim> claim(String namespace, String name) throws IOException;

    /**
     * A token.
     *
     * @param value the JWT
     * @param expires when it ends
     */
    record Token(String value, Instant expires) {}

    /**
     * A claim and its volume.
     *
     * @param claim the claim
     * @param volume bound to it; empty while unbound
     */
    record BoundClaim(PersistentVolumeClaim claim, Optional<PersistentVolume> volume) {
        /**
         * Whether a claim has its volume. What the scheduler goes by counts too: the binding is written before the phase, and a pod
         * may be here in between.
         */
        static boolean isBound(PersistentVolumeClaim claim) {
            String phase = claim.getStatus() == null ? null : claim.getStatus().getPhase();
            Map<String, String> annotations = claim.getMetadata().getAnnotations();
            boolean isBeingBound = !"Lost".equals(phase)
                    && annotations != null
                    && annotations.containsKey("pv.kubernetes.io/bind-completed");
            return claim.getSpec().getVolumeName() != null && ("Bound".equals(phase) || isBeingBound);
        }
    }
}
