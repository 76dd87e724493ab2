// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy.dns;

import java.net.InetAddress;

/**
 * A CIDR.
 *
 * @param network an address in it
 * @param prefix how many leading bits count
 */
record AddressRange(InetAddress network, int prefix) {
    /** Reads {@code address/prefix}. */
    static AddressRange parse(String cidr) {
        int slash = cidr.indexOf('/');
        if (slash < 0) {
            throw new IllegalArgumentException("not a CIDR: " + cidr);
        }
        return new AddressRange(
                InetAddress.ofLiteral(cidr.substring(0, slash)), Integer.parseInt(cidr.substring(slash + 1)));
    }

    /** Whether an address is in it. */
    boolean contains(InetAddress address) {
        byte[] own = network.getAddress();
        byte[] other = address.getAddress();
        if (own.length != other.length) {
            return false;
        }
        for (int bit = 0; bit < prefix; bit++) {
            int mask = 0x80 >> (bit % 8);
            if ((own[bit / 8] & mask) != (other[bit / 8] & mask)) {
                return false;
            }
        }
        return true;
    }
}
