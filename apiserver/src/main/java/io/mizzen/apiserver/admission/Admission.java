// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.admission;

import java.util.List;

/** The chain of plugins, asked in order. Immutable. */
public final class Admission {
    private final List<Plugin> plugins;

    /** One rule of admission. */
    public interface Plugin {
        /** Changes the object, or refuses. */
        default void mutate(AdmissionRequest request) {}

        /** Refuses by a StatusException; must not change the object, and notes in the rollback what it claims. */
        default void validate(AdmissionRequest request) {}
    }

    public Admission(List<Plugin> plugins) {
        this.plugins = List.copyOf(plugins);
    }

    public void mutate(AdmissionRequest request) {
        plugins.forEach(plugin -> plugin.mutate(request));
    }

    public void validate(AdmissionRequest request) {
        plugins.forEach(plugin -> plugin.validate(request));
    }
}
