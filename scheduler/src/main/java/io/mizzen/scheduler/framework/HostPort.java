// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.framework;

/**
 * A port of the node that a pod takes.
 *
 * @param ip the address, {@code 0.0.0.0} for all
 * @param protocol TCP, UDP or SCTP
 * @param port the port
 */
public record HostPort(String ip, String protocol, int port) {
    /** The address that stands for all. */
    public static final String ANY = "0.0.0.0";

    /** Whether both cannot be held at once. */
    public boolean conflictsWith(HostPort other) {
        return port == other.port
                && protocol.equals(other.protocol)
                && (ip.equals(other.ip) || ip.equals(ANY) || other.ip.equals(ANY));
    }
}
