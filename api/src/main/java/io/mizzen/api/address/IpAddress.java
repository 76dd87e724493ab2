// SPDX-License-Identifier: Apache-2.0
package io.mizzen.api.address;

import java.net.InetAddress;
import java.util.Optional;

/**
 * An IP address as a value.
 *
 * @param text its usual form: equal addresses have equal texts
 * @param isGlobalUnicast whether it may be one machine's alone: not loopback, link-local, multicast or unspecified (Go's
 *     {@code IsGlobalUnicast}; private addresses are global in this sense)
 */
public record IpAddress(String text, boolean isGlobalUnicast) {
    /** Reads a literal; empty for everything else, host names included. */
    public static Optional<IpAddress> parse(String literal) {
        try {
            return Optional.of(of(InetAddress.ofLiteral(literal)));
        } catch (IllegalArgumentException noAddress) {
            return Optional.empty();
        }
    }

    /** An address that was resolved. */
    public static IpAddress of(InetAddress address) {
        return new IpAddress(
                address.getHostAddress(),
                !address.isLoopbackAddress()
                        && !address.isLinkLocalAddress()
                        && !address.isMulticastAddress()
                        && !address.isAnyLocalAddress());
    }
}
