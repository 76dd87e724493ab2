// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.pod;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What to do about a pod.
 *
 * @param actions in order; each assumes that those before it succeeded
 * @param held containers that wait for their back-off, with the present delay
 * @param wakeAt when to decide again although nothing changed; empty for no sooner than the usual
 * @param isFinished whether nothing of the pod runs or will ever run
 */
public record Decision(List<Action> actions, Map<String, Duration> held, Optional<Instant> wakeAt, boolean isFinished) {
    /** Copies. */
    public Decision {
        actions = List.copyOf(actions);
        held = Map.copyOf(held);
    }
}
