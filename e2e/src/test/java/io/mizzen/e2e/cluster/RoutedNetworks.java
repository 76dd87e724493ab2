// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e.cluster;

import java.util.ArrayList;
import java.util.List;

/**
 * Three machines on one: two on the same wire, the third behind a router. Each is a network of its own with a default route
 * to nobody; the router knows nothing of pods.
 */
public final class RoutedNetworks implements AutoCloseable {
    private final String router;
    private final List<NetworkNamespace> nodes;

    private RoutedNetworks(String router, List<NetworkNamespace> nodes) {
        this.router = router;
        this.nodes = List.copyOf(nodes);
    }

    /** Makes them. */
    public static RoutedNetworks create() {
        long pid = ProcessHandle.current().pid();
        String id = "mz-e2e-r" + Long.toString(pid % 100_000, 36);
        String subnet = "198.19." + pid % 200 + ".";
        String router = id + "-rt";
        add(router);
        Command.ok("ip", "-n", router, "link", "set", "lo", "up");
        Command.ok("ip", "-n", router, "link", "add", "wire", "type", "bridge");
        Command.ok("ip", "-n", router, "address", "add", subnet + "1/28", "dev", "wire");
        Command.ok("ip", "-n", router, "link", "set", "wire", "up");
        Command.ok("nsenter", "--net=/run/netns/" + router, "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward");
        List<NetworkNamespace> nodes = new ArrayList<>();
        for (int number = 1; number <= 3; number++) {
            boolean isFar = number == 3;
            String name = id + "-" + number;
            String ip = subnet + (isFar ? 18 : 1 + number);
            add(name);
            Command.ok(
                    "ip",
                    "-n",
                    router,
                    "link",
                    "add",
                    "to" + number,
                    "type",
                    "veth",
                    "peer",
                    "name",
                    "node0",
                    "netns",
                    name);
            if (isFar) {
                Command.ok("ip", "-n", router, "address", "add", subnet + "17/28", "dev", "to3");
            } else {
                Command.ok("ip", "-n", router, "link", "set", "to" + number, "master", "wire");
            }
            Command.ok("ip", "-n", router, "link", "set", "to" + number, "up");
            Command.ok("ip", "-n", name, "address", "add", ip + "/28", "dev", "node0");
            nodes.add(NetworkNamespace.joined(name, ip));
            Command.ok(
                    "ip",
                    "-n",
                    name,
                    "route",
                    "add",
                    subnet + (isFar ? "0/28" : "16/28"),
                    "via",
                    subnet + (isFar ? "17" : "1"));
        }
        return new RoutedNetworks(router, nodes);
    }

    private static void add(String namespace) {
        Command.ok("ip", "netns", "add", namespace);
        // Neighbour discovery of IPv6 would be counted as packets that left.
        Command.ok(
                "nsenter",
                "--net=/run/netns/" + namespace,
                "sh",
                "-c",
                "echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6");
    }

    /** A machine, from 1 to 3; the third is the one behind the router. */
    public NetworkNamespace node(int number) {
        return nodes.get(number - 1);
    }

    @Override
    public void close() {
        nodes.forEach(NetworkNamespace::close);
        Command.attempt("ip", "netns", "delete", router);
    }
}
