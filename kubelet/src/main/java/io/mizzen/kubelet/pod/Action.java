// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.pod;

import io.fabric8.kubernetes.api.model.Container;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;

/** One step toward what a pod is to be. */
public sealed interface Action {
    /** Kill whatever runs in a sandbox and the sandbox itself. */
    record StopSandbox(String sandboxId) implements Action {}

    /** Make a sandbox; later steps of the same decision use it. */
    record CreateSandbox(int attempt, boolean isChange) implements Action {}

    /**
     * Stop one running container.
     *
     * @param containerId of the runtime
     * @param name in the pod
     * @param message why, as the event says it
     * @param graceSeconds of its own; empty for the pod's
     */
    record StopContainer(String containerId, String name, String message, OptionalLong graceSeconds)
            implements Action {}

    /**
     * Create and start a container.
     *
     * @param container its specification
     * @param role what it is to the pod
     * @param attempt how many of its name came before
     * @param failedAt when its last run failed; empty if that counts for no back-off
     */
    record StartContainer(Container container, Role role, int attempt, Optional<Instant> failedAt) implements Action {}

    /** Remove what is left of an ended container. */
    record RemoveContainer(String containerId) implements Action {}

    /** Remove what is left of a stopped sandbox. */
    record RemoveSandbox(String sandboxId) implements Action {}

    /** What a container is to its pod. */
    enum Role {
        INIT,
        NORMAL,
        EPHEMERAL
    }
}
