// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.nodeipam;

import java.util.BitSet;
import java.util.Optional;

/** Equal parts of an IPv4 range, handed out lowest first. Not thread-safe: it has one owner. */
final class CidrPool {

    private final int base;
    private final int bits;
    private final int partBits;
    private final BitSet used = new BitSet();

    /**
     * @param range the whole, such as {@code 10.42.0.0/16}
     * @param partBits prefix length of a part, such as 24
     */
    CidrPool(String range, int partBits) {
        String[] halves = range.split("/");
        if (halves.length != 2 || !halves[1].matches("[0-9]{1,2}")) {
            throw new IllegalArgumentException("not a CIDR: " + range);
        }
        this.bits = Integer.parseInt(halves[1]);
        this.partBits = partBits;
        if (bits > partBits || partBits > 30 || partBits - bits > 16) {
            throw new IllegalArgumentException("a range of /" + bits + " cannot be cut into parts of /" + partBits);
        }
        this.base = address(halves[0]) & mask(bits);
    }

    /** Notes that a part is in use; false when it is none of this range's parts. */
    boolean occupy(String cidr) {
        String[] halves = cidr.split("/");
        if (halves.length != 2 || !halves[1].equals(Integer.toString(partBits))) {
            return false;
        }
        int address = address(halves[0]);
        if ((address & mask(bits)) != base) {
            return false;
        }
        used.set((address - base) >>> (32 - partBits));
        return true;
    }

    void release(String cidr) {
        if (occupy(cidr)) {
            used.clear((address(cidr.split("/")[0]) - base) >>> (32 - partBits));
        }
    }

    /** The lowest free part, in use from now on; empty when none is left. */
    Optional<String> next() {
        int index = used.nextClearBit(0);
        if (index >= 1 << (partBits - bits)) {
            return Optional.empty();
        }
        used.set(index);
        int address = base + (index << (32 - partBits));
        return Optional.of((address >>> 24) + "." + (address >>> 16 & 255) + "." + (address >>> 8 & 255) + "."
                + (address & 255) + "/" + partBits);
    }

    private static int mask(int bits) {
        return bits == 0 ? 0 : -1 << (32 - bits);
    }

    private static int address(String text) {
        String[] parts = text.split("\\.");
        if (parts.length != 4) {
            throw new IllegalArgumentException("not an IPv4 address: " + text);
        }
        int address = 0;
        for (String part : parts) {
            int value = part.matches("[0-9]{1,3}") ? Integer.parseInt(part) : 256;
            if (value > 255) {
                throw new IllegalArgumentException("not an IPv4 address: " + text);
            }
            address = address << 8 | value;
        }
        return address;
    }
}
