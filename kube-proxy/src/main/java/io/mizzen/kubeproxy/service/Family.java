// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy.service;

/** The IP families and their words in nftables. */
public enum Family {
    /** IPv4. */
    IPV4("ip", "ipv4_addr", "127.0.0.0/8"),
    /** IPv6. */
    IPV6("ip6", "ipv6_addr", "::1");

    private final String keyword;
    private final String addressType;
    private final String loopback;

    Family(String keyword, String addressType, String loopback) {
        this.keyword = keyword;
        this.addressType = addressType;
        this.loopback = loopback;
    }

    /** The family of an address or CIDR. */
    public static Family of(String address) {
        return address.indexOf(':') >= 0 ? IPV6 : IPV4;
    }

    /** {@code ip} or {@code ip6}. */
    public String keyword() {
        return keyword;
    }

    /** The type of an address in maps and sets. */
    public String addressType() {
        return addressType;
    }

    /** The loopback range. */
    public String loopback() {
        return loopback;
    }
}
