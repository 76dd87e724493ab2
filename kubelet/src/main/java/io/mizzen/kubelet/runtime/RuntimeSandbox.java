// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.runtime;

import java.time.Instant;
import java.util.List;

/**
 * A pod sandbox as the runtime reports it.
 *
 * @param id the runtime's id
 * @param attempt how many sandboxes of the pod came before it
 * @param isReady whether its pause process runs and its network is set up
 * @param created when it was made
 * @param ips its addresses, none for a sandbox in the host's network
 * @param usesHostNetwork whether it shares the host's network
 */
public record RuntimeSandbox(
        String id, int attempt, boolean isReady, Instant created, List<String> ips, boolean usesHostNetwork) {
    /** Copies. */
    public RuntimeSandbox {
        ips = List.copyOf(ips);
    }
}
