// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.node;

import io.mizzen.launcher.LaunchException;

/**
 * A range of IPv4 addresses.
 *
 * @param network its first address, as a number
 * @param prefix length of the prefix, 0 to 32
 */
public record Cidr(long network, int prefix) {
    private static final int BITS = 32;
    private static final int LARGEST_OCTET = 255;

    /**
     * Reads {@code a.b.c.d/n}; host bits must be zero.
     *
     * @param flag named in the message
     */
    public static Cidr parse(String flag, String text) {
        if (text.matches("[0-9]{1,3}(\\.[0-9]{1,3}){3}/[0-9]{1,2}")) {
            String[] parts = text.split("[./]");
            long network = 0;
            boolean isValid = true;
            for (int i = 0; i < 4; i++) {
                int octet = Integer.parseInt(parts[i]);
                isValid &= octet <= LARGEST_OCTET;
                network = network << 8 | octet;
            }
            int prefix = Integer.parseInt(parts[4]);
            if (isValid && prefix <= BITS && network % (1L << BITS - prefix) == 0) {
                return new Cidr(network, prefix);
            }
        }
        throw new LaunchException(
                "flag --" + flag + " must be an IPv4 range such as 10.42.0.0/16, not \"" + text + "\"");
    }

    /** How many addresses it has. */
    public long size() {
        return 1L << BITS - prefix;
    }

    /**
     * One of its addresses.
     *
     * @param index from 0
     * @throws LaunchException when it has not so many
     */
    public String address(int index) {
        if (index >= size()) {
            throw new LaunchException(this + " is too small: it has no address number " + index);
        }
        long address = network + index;
        return (address >> 24) + "." + (address >> 16 & 0xff) + "." + (address >> 8 & 0xff) + "." + (address & 0xff);
    }

    /** Whether any address lies in both. */
    public boolean overlaps(Cidr other) {
        return network < other.network + other.size() && other.network < network + size();
    }

    @Override
    public String toString() {
        return address(0) + "/" + prefix;
    }
}
