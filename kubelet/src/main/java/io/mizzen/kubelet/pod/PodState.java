// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.pod;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.mizzen.kubelet.probe.PodProbes;
import io.mizzen.kubelet.runtime.ExponentialBackOff;
import io.mizzen.kubelet.runtime.StartFailure;
import io.mizzen.kubelet.status.StatusInput;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a worker remembers of its pod between two syncs. Owned by the worker's thread. */
final class PodState {
    final Map<String, StartFailure> failures = new HashMap<>();
    final ExponentialBackOff restarts = new ExponentialBackOff(Duration.ofSeconds(10), Duration.ofMinutes(5));
    final TerminationMessages terminationMessages = new TerminationMessages();
    final PodProbes probes;
    Map<String, Path> volumes = Map.of();
    Instant volumesRefreshed = Instant.MIN;
    List<Map<String, String>> volumesTold = List.of();
    Optional<StatusInput.Verdict> verdict = Optional.empty();

    @Nullable
    PodStatus status;

    PodState(PodProbes probes) {
        this.probes = probes;
    }

    static String restartKey(Container container) {
        return container.getName() + "/" + container.getImage();
    }
}
