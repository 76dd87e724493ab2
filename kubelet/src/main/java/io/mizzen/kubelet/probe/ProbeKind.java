// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.probe;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Probe;
import org.jspecify.annotations.Nullable;

/** The three questions that probes ask. */
public enum ProbeKind {
    STARTUP("Startup", ProbeResult.UNKNOWN),
    LIVENESS("Liveness", ProbeResult.SUCCESS),
    READINESS("Readiness", ProbeResult.FAILURE);

    private final String title;
    private final ProbeResult initial;

    ProbeKind(String title, ProbeResult initial) {
        this.title = title;
        this.initial = initial;
    }

    /** As it stands in events. */
    public String title() {
        return title;
    }

    /** What holds before the first run. */
    public ProbeResult initial() {
        return initial;
    }

    /** The probe of this kind that a container has; null for none. */
    public @Nullable Probe of(Container container) {
        return switch (this) {
            case STARTUP -> container.getStartupProbe();
            case LIVENESS -> container.getLivenessProbe();
            case READINESS -> container.getReadinessProbe();
        };
    }
}
