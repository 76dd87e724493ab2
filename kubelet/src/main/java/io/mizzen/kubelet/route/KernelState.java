// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.route;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What the kernel has.
 *
 * @param addresses IPv4 addresses of all links
 * @param device our VXLAN device
 * @param routes routes of our protocol number
 * @param forwardings forwarding entries of the device: hardware address to outer address
 * @param neighbours neighbour entries of the device: inner address to hardware address
 */
record KernelState(
        List<Address> addresses,
        Optional<Device> device,
        Set<Route> routes,
        Set<Pair> forwardings,
        Set<Pair> neighbours) {

    KernelState {
        addresses = List.copyOf(addresses);
        routes = Set.copyOf(routes);
        forwardings = Set.copyOf(forwardings);
        neighbours = Set.copyOf(neighbours);
    }

    /** An address of a link, with the length of its prefix. */
    record Address(String link, String ip, int prefix) {}

    /** The VXLAN device: its hardware address, outer address and underlying link, and whether it is up. */
    record Device(String mac, String local, String link, boolean isUp) {}

    /** Two addresses that belong together. */
    record Pair(String from, String to) {}

    /**
     * A route.
     *
     * @param destination range
     * @param via gateway; empty for one that answers "unreachable"
     * @param link out of which; empty likewise
     */
    record Route(String destination, String via, String link) {
        static Route unreachable(String destination) {
            return new Route(destination, "", "");
        }

        boolean isUnreachable() {
            return via.isEmpty();
        }
    }
}
