// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e.cluster;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A network of its own for one cluster: a node with an address that only this machine reaches, and a default route into a
 * wire with nobody at its end, where a packet that should never have left the node would be counted.
 */
public final class NetworkNamespace implements AutoCloseable {
    private static final AtomicInteger NUMBERS = new AtomicInteger();

    private final String name;
    private final String nodeIp;
    private final String hostLink;

    private NetworkNamespace(String name, String nodeIp, String hostLink) {
        this.name = name;
        this.nodeIp = nodeIp;
        this.hostLink = hostLink;
    }

    /** Makes one. */
    public static NetworkNamespace create() {
        int number = NUMBERS.getAndIncrement();
        String id = Long.toString(ProcessHandle.current().pid() % 100_000, 36) + number;
        String name = "mz-e2e-" + id;
        String hostLink = "mzh" + id;
        int third = (int) (ProcessHandle.current().pid() % 200);
        int base = number * 4 % 252;
        String hostIp = "198.18." + third + "." + (base + 1);
        String nodeIp = "198.18." + third + "." + (base + 2);
        Command.ok("ip", "netns", "add", name);
        // Neighbour discovery of IPv6 would be counted as packets that left.
        Command.ok(
                "nsenter",
                "--net=/run/netns/" + name,
                "sh",
                "-c",
                "echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6");
        Command.ok("ip", "link", "add", hostLink, "type", "veth", "peer", "name", "node0", "netns", name);
        Command.ok("ip", "address", "add", hostIp + "/30", "dev", hostLink);
        Command.ok("ip", "link", "set", hostLink, "up");
        Command.ok("ip", "-n", name, "address", "add", nodeIp + "/30", "dev", "node0");
        Command.ok("ip", "-n", name, "link", "set", "lo", "up");
        addUplink(name);
        return new NetworkNamespace(name, nodeIp, hostLink);
    }

    /** One whose link {@code node0} somebody else has made and given its address; not reachable from the test. */
    static NetworkNamespace joined(String name, String nodeIp) {
        Command.ok("ip", "-n", name, "link", "set", "lo", "up");
        addUplink(name);
        return new NetworkNamespace(name, nodeIp, "");
    }

    private static void addUplink(String name) {
        Command.ok("ip", "-n", name, "link", "add", "uplink", "type", "veth", "peer", "name", "nobody");
        for (String link : List.of("node0", "uplink", "nobody")) {
            Command.ok("ip", "-n", name, "link", "set", link, "up");
        }
        Command.ok("ip", "-n", name, "address", "add", "192.0.2.2/24", "dev", "uplink");
        Command.ok("ip", "-n", name, "route", "add", "default", "via", "192.0.2.1", "dev", "uplink");
        // The gateway's hardware address is known, so that a packet on the wrong way is really sent, and counted.
        Command.ok("ip", "-n", name, "neighbour", "add", "192.0.2.1", "lladdr", "02:00:00:00:00:01", "dev", "uplink");
    }

    /** The node's address, also reachable from the test itself. */
    public String nodeIp() {
        return nodeIp;
    }

    /** A name unique on this machine. */
    public String name() {
        return name;
    }

    /** The words that run a command in it; mounts stay the machine's, which cgroups need. */
    public List<String> enter() {
        return List.of("nsenter", "--net=/run/netns/" + name);
    }

    /** What curl gets there in at most 5 s. */
    public Command fetch(String url) {
        List<String> command = new ArrayList<>(enter());
        command.addAll(List.of("curl", "-sS", "--max-time", "5", url));
        return Command.run("", Map.of(), command);
    }

    /** How many packets have left the node towards the world so far. */
    public long packetsThatLeft() {
        String statistics = Command.ok("ip", "-n", name, "-s", "-o", "link", "show", "uplink");
        return Long.parseLong(statistics
                .replaceAll("(?s).*TX:[^\\\\]*\\\\\\s+\\d+\\s+(\\d+).*", "$1")
                .strip());
    }

    @Override
    public void close() {
        if (!hostLink.isEmpty()) {
            Command.attempt("ip", "link", "delete", hostLink);
        }
        if (Files.exists(Path.of("/run/netns", name))) {
            Command.ok("ip", "netns", "delete", name);
        }
    }
}
