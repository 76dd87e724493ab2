// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy.service;

import java.util.Set;

/**
 * One address that serves a port of a Service.
 *
 * @param ip the address
 * @param port the port
 * @param isReady takes new connections
 * @param isServing could take connections, though it may be going away
 * @param isTerminating is going away
 * @param isLocal is on this node
 * @param zoneHints the zones that should use it (topology aware routing); empty for no hint
 * @param nodeHints the nodes that should use it; empty for no hint
 */
public record Endpoint(
        String ip,
        int port,
        boolean isReady,
        boolean isServing,
        boolean isTerminating,
        boolean isLocal,
        Set<String> zoneHints,
        Set<String> nodeHints) {
    /** Copies the hints. */
    public Endpoint {
        zoneHints = Set.copyOf(zoneHints);
        nodeHints = Set.copyOf(nodeHints);
    }
}
