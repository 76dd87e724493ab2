// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.status;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.mizzen.kubelet.probe.ProbeView;
import io.mizzen.kubelet.runtime.RuntimePod;
import io.mizzen.kubelet.runtime.StartFailure;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * All that a pod's status is composed from.
 *
 * @param pod the API object, its present status included
 * @param previous the status last composed here; the API object's at first
 * @param observed what the runtime holds
 * @param probes results of probes
 * @param failures why containers wait, by name
 * @param terminationMessages texts left by ended containers, by container id
 * @param verdict set when the pod was ended by the kubelet itself
 * @param isTerminating whether nothing of the pod is to run any more
 * @param hostIp address of the node
 * @param now the time
 */
public record StatusInput(
        Pod pod,
        PodStatus previous,
        RuntimePod observed,
        ProbeView probes,
        Map<String, StartFailure> failures,
        Map<String, String> terminationMessages,
        Optional<Verdict> verdict,
        boolean isTerminating,
        String hostIp,
        Instant now) {
    /** Copies. */
    public StatusInput {
        failures = Map.copyOf(failures);
        terminationMessages = Map.copyOf(terminationMessages);
    }

    /**
     * Why the kubelet ended, or refused, a pod.
     *
     * @param reason e.g. DeadlineExceeded, Evicted
     * @param message text for people
     * @param kind what it means for the rest of the status
     */
    public record Verdict(String reason, String message, Kind kind) {
        /** What a verdict means for the rest of the status. */
        public enum Kind {
            /** It was never let in: nothing of it is told but this. */
            REFUSED,
            /** It was ended for a reason of its own. */
            ENDED,
            /** It was ended for the good of the node, and must not count as its own failure (DisruptionTarget). */
            DISRUPTED
        }
    }
}
