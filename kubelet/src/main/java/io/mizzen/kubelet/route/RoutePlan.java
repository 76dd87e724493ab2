// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.route;

import io.mizzen.kubelet.route.KernelState.Address;
import io.mizzen.kubelet.route.KernelState.Device;
import io.mizzen.kubelet.route.KernelState.Pair;
import io.mizzen.kubelet.route.KernelState.Route;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Decides what leads to the pods of other nodes. A node on the same link is reached directly; another through a VXLAN device,
 * whose end has the first address of its node's pod range and a hardware address that follows from it. What is in the pod range
 * but belongs to no node is unreachable, so that nothing of it leaves by the default route. Pure.
 */
final class RoutePlan {
    /** Our number among the protocols of routes, by which we know our own. */
    static final String PROTOCOL = "77";

    static final String DEVICE = "mizzen-vx";

    /** Flannel's, which firewalls know. */
    static final int PORT = 8472;

    static final int NETWORK_ID = 1;

    private RoutePlan() {}

    /**
     * A node.
     *
     * @param name its name
     * @param ip its address
     * @param podCidr its pod range
     * @param mac hardware address of its VXLAN end; empty when it has told none yet
     */
    record Peer(String name, String ip, String podCidr, String mac) {}

    /** The hardware address of the VXLAN end of a pod range: locally administered, the range's address in it. */
    static String mac(String podCidr) {
        long address = number(base(podCidr));
        return "0a:58:%02x:%02x:%02x:%02x"
                .formatted(address >> 24 & 0xff, address >> 16 & 0xff, address >> 8 & 0xff, address & 0xff);
    }

    /**
     * The peers that may be led to. A node writes its address and, when it registers, its range itself, and both become arguments
     * of programs: a range that is not wholly of the cluster's, or is another's, or an address that is none, is left out. Of two
     * nodes with one range the first by name has it.
     */
    static List<Peer> usable(Peer self, List<Peer> peers, String clusterCidr) {
        List<Peer> usable = new ArrayList<>();
        Optional<Range> cluster = Range.parse(clusterCidr);
        List<Range> taken = new ArrayList<>();
        Range.parse(self.podCidr()).ifPresent(taken::add);
        for (Peer peer : peers.stream().sorted(Comparator.comparing(Peer::name)).toList()) {
            Optional<Range> range = Range.parse(peer.podCidr());
            boolean isGood = cluster.isPresent()
                    && range.isPresent()
                    && Range.parse(peer.ip() + "/32").isPresent()
                    && cluster.get().first() <= range.get().first()
                    && range.get().last() <= cluster.get().last()
                    && taken.stream().noneMatch(other -> other.overlaps(range.get()));
            if (isGood) {
                taken.add(range.get());
                usable.add(peer);
            }
        }
        return usable;
    }

    /** A range of addresses as numbers, both ends in it. */
    private record Range(long first, long last) {
        private static final Pattern FORM =
                Pattern.compile("([0-9]{1,3})\\.([0-9]{1,3})\\.([0-9]{1,3})\\.([0-9]{1,3})/([0-9]{1,2})");

        static Optional<Range> parse(String cidr) {
            Matcher matcher = FORM.matcher(cidr);
            if (!matcher.matches()) {
                return Optional.empty();
            }
            long address = 0;
            for (int part = 1; part <= 4; part++) {
                int value = Integer.parseInt(matcher.group(part));
                if (value > 255) {
                    return Optional.empty();
                }
                address = address << 8 | value;
            }
            int bits = Integer.parseInt(matcher.group(5));
            if (bits > 32) {
                return Optional.empty();
            }
            long size = 1L << 32 - bits;
            long first = address / size * size;
            return Optional.of(new Range(first, first + size - 1));
        }

        boolean overlaps(Range other) {
            return first <= other.last && other.first <= last;
        }
    }

    /**
     * The commands, in order, that make the kernel as it should be; empty when it is.
     *
     * @param self this node
     * @param others the other nodes that have an address and a pod range
     * @param clusterCidr the range of all pods
     */
    static List<List<String>> commands(Peer self, List<Peer> others, String clusterCidr, KernelState kernel) {
        Optional<Address> own = kernel.addresses().stream()
                .filter(address -> address.ip().equals(self.ip()))
                .findFirst();
        if (own.isEmpty()) {
            return List.of();
        }
        Set<Route> routes = new LinkedHashSet<>();
        Set<Pair> forwardings = new LinkedHashSet<>();
        Set<Pair> neighbours = new LinkedHashSet<>();
        routes.add(Route.unreachable(clusterCidr));
        boolean needsDevice = false;
        for (Peer peer : others) {
            if (isOnLink(own.get(), peer.ip())) {
                routes.add(new Route(peer.podCidr(), peer.ip(), own.get().link()));
                continue;
            }
            needsDevice = true;
            if (!peer.mac().isEmpty()) {
                String end = base(peer.podCidr());
                routes.add(new Route(peer.podCidr(), end, DEVICE));
                forwardings.add(new Pair(peer.mac(), peer.ip()));
                neighbours.add(new Pair(end, peer.mac()));
            }
        }
        List<List<String>> commands = new ArrayList<>();
        Device wanted = new Device(mac(self.podCidr()), self.ip(), own.get().link(), true);
        boolean isFresh = device(commands, wanted, needsDevice, self, kernel);
        boolean keeps = !isFresh && needsDevice;
        entries(commands, neighbours, keeps ? kernel.neighbours() : Set.of(), RoutePlan::neighbour);
        entries(commands, forwardings, keeps ? kernel.forwardings() : Set.of(), RoutePlan::forwarding);
        Set<Route> present = new LinkedHashSet<>(kernel.routes());
        if (isFresh || !needsDevice) {
            present.removeIf(route -> route.link().equals(DEVICE));
        }
        present.stream()
                .filter(route -> !routes.contains(route))
                .forEach(route -> commands.add(route("delete", route)));
        routes.stream()
                .filter(route -> !present.contains(route))
                .forEach(route -> commands.add(route("replace", route)));
        return commands;
    }

    /** Makes the device as it should be; whether it is new, so that nothing is in it yet. */
    private static boolean device(
            List<List<String>> commands, Device wanted, boolean isNeeded, Peer self, KernelState kernel) {
        boolean isThere = kernel.device().isPresent();
        if (isThere && isNeeded && kernel.device().get().equals(wanted) && hasAddress(kernel, self)) {
            return false;
        }
        if (isThere) {
            commands.add(List.of("ip", "link", "delete", DEVICE));
        }
        if (!isNeeded) {
            return false;
        }
        commands.add(List.of(
                "ip",
                "link",
                "add",
                DEVICE,
                "address",
                wanted.mac(),
                "type",
                "vxlan",
                "id",
                Integer.toString(NETWORK_ID),
                "dev",
                wanted.link(),
                "local",
                wanted.local(),
                "dstport",
                Integer.toString(PORT),
                "nolearning"));
        commands.add(List.of("ip", "address", "add", base(self.podCidr()) + "/32", "dev", DEVICE));
        commands.add(List.of("ip", "link", "set", DEVICE, "up"));
        return true;
    }

    private static boolean hasAddress(KernelState kernel, Peer self) {
        return kernel.addresses().stream()
                .anyMatch(
                        address -> address.link().equals(DEVICE) && address.ip().equals(base(self.podCidr())));
    }

    private interface Entry {
        List<String> command(String verb, Pair pair);
    }

    private static void entries(List<List<String>> commands, Set<Pair> wanted, Set<Pair> present, Entry entry) {
        present.stream()
                .filter(pair -> !wanted.contains(pair))
                .forEach(pair -> commands.add(entry.command("delete", pair)));
        wanted.stream()
                .filter(pair -> !present.contains(pair))
                .forEach(pair -> commands.add(entry.command("replace", pair)));
    }

    private static List<String> neighbour(String verb, Pair pair) {
        List<String> command =
                new ArrayList<>(List.of("ip", "neighbour", verb, pair.from(), "lladdr", pair.to(), "dev", DEVICE));
        if (verb.equals("replace")) {
            command.addAll(List.of("nud", "permanent"));
        }
        return List.copyOf(command);
    }

    private static List<String> forwarding(String verb, Pair pair) {
        return List.of("bridge", "fdb", verb, pair.from(), "dev", DEVICE, "dst", pair.to());
    }

    private static List<String> route(String verb, Route route) {
        List<String> command = new ArrayList<>(List.of("ip", "route", verb));
        if (route.isUnreachable()) {
            command.addAll(List.of("unreachable", route.destination()));
        } else {
            command.addAll(List.of(route.destination(), "via", route.via(), "dev", route.link()));
            if (route.link().equals(DEVICE) && verb.equals("replace")) {
                command.add("onlink");
            }
        }
        command.addAll(List.of("proto", PROTOCOL));
        return List.copyOf(command);
    }

    private static boolean isOnLink(Address own, String ip) {
        long mask = own.prefix() == 0 ? 0 : 0xffff_ffffL << (32 - own.prefix()) & 0xffff_ffffL;
        return own.prefix() < 32 && (number(own.ip()) & mask) == (number(ip) & mask);
    }

    private static String base(String cidr) {
        return cidr.substring(0, cidr.indexOf('/'));
    }

    private static long number(String ip) {
        long number = 0;
        for (String part : ip.split("\\.")) {
            number = number << 8 | Long.parseLong(part);
        }
        return number;
    }
}
