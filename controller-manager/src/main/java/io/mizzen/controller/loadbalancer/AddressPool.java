// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.loadbalancer;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * IPv4 addresses for load balancers, such as {@code 192.0.2.0/28,198.51.100.7-198.51.100.9}. Of a CIDR shorter than /31 the
 * first and last address are left out. Immutable.
 */
public final class AddressPool {
    private record Range(long first, long last) {}

    private final String text;
    private final List<Range> ranges = new ArrayList<>();

    private AddressPool(String text) {
        this.text = text;
    }

    /**
     * Reads a pool; a blank text is a pool without addresses.
     *
     * @throws IllegalArgumentException with one clear line when it is malformed
     */
    public static AddressPool parse(String text) {
        AddressPool pool = new AddressPool(text.strip());
        if (!pool.text.isEmpty()) {
            for (String part : pool.text.split(",", -1)) {
                pool.ranges.add(range(part.strip()));
            }
        }
        return pool;
    }

    private static Range range(String part) {
        int slash = part.indexOf('/');
        if (slash >= 0) {
            String length = part.substring(slash + 1);
            if (!length.matches("[0-9]|[12][0-9]|3[0-2]")) {
                throw new IllegalArgumentException("the address pool's " + part + " has no prefix length of 0 to 32");
            }
            int bits = Integer.parseInt(length);
            long size = 1L << (32 - bits);
            long network = number(part.substring(0, slash)) & -size;
            return bits >= 31 ? new Range(network, network + size - 1) : new Range(network + 1, network + size - 2);
        }
        int dash = part.indexOf('-');
        Range range = dash < 0
                ? new Range(number(part), number(part))
                : new Range(
                        number(part.substring(0, dash).strip()),
                        number(part.substring(dash + 1).strip()));
        if (range.first() > range.last()) {
            throw new IllegalArgumentException("the address pool's " + part + " ends before it begins");
        }
        return range;
    }

    private static long number(String address) {
        if (!address.matches("((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(\\.|$)){4}")) {
            throw new IllegalArgumentException("the address pool's '" + address + "' is not an IPv4 address");
        }
        long value = 0;
        for (String octet : address.split("\\.")) {
            value = value << 8 | Integer.parseInt(octet);
        }
        return value;
    }

    /** Whether there is no address in it at all. */
    public boolean isEmpty() {
        return ranges.isEmpty();
    }

    boolean contains(String address) {
        try {
            long value = number(address);
            return ranges.stream().anyMatch(range -> range.first() <= value && value <= range.last());
        } catch (IllegalArgumentException malformed) {
            return false;
        }
    }

    /** The first address that is free. */
    Optional<String> firstFree(Predicate<String> isTaken) {
        for (Range range : ranges) {
            for (long value = range.first(); value <= range.last(); value++) {
                String address =
                        (value >> 24) + "." + (value >> 16 & 255) + "." + (value >> 8 & 255) + "." + (value & 255);
                if (!isTaken.test(address)) {
                    return Optional.of(address);
                }
            }
        }
        return Optional.empty();
    }

    @Override
    public String toString() {
        return text;
    }
}
