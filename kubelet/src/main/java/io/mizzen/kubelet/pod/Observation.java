// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.pod;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.mizzen.kubelet.probe.ProbeView;
import io.mizzen.kubelet.runtime.RuntimePod;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * What is known of a pod at one moment.
 *
 * @param pod the API object
 * @param runtime what the runtime holds
 * @param probes results of probes
 * @param restarts which restart would come too early; only asked, never changed
 * @param knownRestarts restart counts known to the API, by container, for when the runtime has forgotten
 * @param now the time
 */
public record Observation(
        Pod pod,
        RuntimePod runtime,
        ProbeView probes,
        RestartHold restarts,
        Map<String, Integer> knownRestarts,
        Instant now) {
    /** Copies. */
    public Observation {
        knownRestarts = Map.copyOf(knownRestarts);
    }

    /** Whether a container must wait before it is started again. */
    public interface RestartHold {
        /** The present delay if a start now would come too early after the failure. */
        Optional<Duration> delay(Container container, Instant failedAt, Instant now);
    }
}
