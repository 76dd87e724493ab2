// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.probe;

import io.fabric8.kubernetes.api.model.Container;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The results of a pod's probes at one moment.
 *
 * @param results by container id and kind; kinds without a probe are absent
 */
public record ProbeView(Map<String, Map<ProbeKind, ProbeResult>> results) {
    /** Copies. */
    public ProbeView {
        results = Map.copyOf(results);
    }

    /** Nothing known. */
    public static ProbeView none() {
        return new ProbeView(Map.of());
    }

    /** The result for a container that runs; its kind's initial value before the first run. */
    public ProbeResult result(String containerId, ProbeKind kind) {
        return results.getOrDefault(containerId, Map.of()).getOrDefault(kind, kind.initial());
    }

    /** Whether a running container has passed its startup probe, if it has one. */
    public boolean isStarted(Container container, String containerId) {
        return container.getStartupProbe() == null || result(containerId, ProbeKind.STARTUP) == ProbeResult.SUCCESS;
    }

    /** Whether a running container is ready. */
    public boolean isReady(Container container, String containerId) {
        return isStarted(container, containerId)
                && (container.getReadinessProbe() == null
                        || result(containerId, ProbeKind.READINESS) == ProbeResult.SUCCESS);
    }

    /** Whether a probe that restarts containers has failed. */
    public Optional<ProbeKind> failed(Container container, String containerId) {
        for (ProbeKind kind : List.of(ProbeKind.STARTUP, ProbeKind.LIVENESS)) {
            if (kind.of(container) != null && result(containerId, kind) == ProbeResult.FAILURE) {
                return Optional.of(kind);
            }
        }
        return Optional.empty();
    }
}
