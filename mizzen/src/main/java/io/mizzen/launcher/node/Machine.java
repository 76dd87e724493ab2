// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.node;

import io.mizzen.api.meta.Names;
import io.mizzen.launcher.LaunchException;
import java.io.IOException;
import java.net.BindException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What this machine is called, where it is reached, and what it has free. Stateless; sends nothing anywhere. */
public final class Machine {
    private static final Path ROUTES = Path.of("/proc/net/route");
    private static final Path HOST_NAME = Path.of("/proc/sys/kernel/hostname");

    private Machine() {}

    /**
     * The name of the node: the one given, else the host's in lower case.
     *
     * @throws LaunchException when it is not a DNS subdomain name
     */
    public static String nodeName(String given) {
        String name;
        try {
            name = (given.isEmpty() ? Files.readString(HOST_NAME).strip() : given).toLowerCase(Locale.ROOT);
        } catch (IOException e) {
            throw new LaunchException("the host's name cannot be read: give --node-name", e);
        }
        List<String> errors = Names.subdomainErrors(name);
        if (!errors.isEmpty()) {
            throw new LaunchException(
                    "\"" + name + "\" cannot be a node's name, give --node-name: " + errors.getFirst());
        }
        return name;
    }

    /** The address of the node: the one given, else that of the interface with the default route, else of any. */
    public static String nodeIp(String given) {
        if (!given.isEmpty()) {
            return given;
        }
        try {
            Optional<String> routed = defaultRouteInterface();
            if (routed.isPresent()) {
                Optional<String> address = address(NetworkInterface.getByName(routed.get()));
                if (address.isPresent()) {
                    return address.get();
                }
            }
            return NetworkInterface.networkInterfaces()
                    .filter(each -> !isLoopback(each))
                    .flatMap(each -> address(each).stream())
                    .findFirst()
                    .orElse("127.0.0.1");
        } catch (IOException e) {
            throw new LaunchException("the node's address cannot be found: give --node-ip", e);
        }
    }

    private static Optional<String> defaultRouteInterface() throws IOException {
        if (!Files.isReadable(ROUTES)) {
            return Optional.empty();
        }
        return Files.readAllLines(ROUTES).stream()
                .map(line -> line.split("\\s+"))
                .filter(fields -> fields.length > 7 && fields[1].equals("00000000") && fields[7].equals("00000000"))
                .map(fields -> fields[0])
                .findFirst();
    }

    private static Optional<String> address(NetworkInterface network) {
        return network == null
                ? Optional.empty()
                : network.inetAddresses()
                        .filter(Inet4Address.class::isInstance)
                        .map(InetAddress::getHostAddress)
                        .findFirst();
    }

    private static boolean isLoopback(NetworkInterface network) {
        try {
            return network.isLoopback() || !network.isUp();
        } catch (IOException e) {
            return true;
        }
    }

    /**
     * Checks that a port can be listened on, so that the operator reads one line instead of a failure half way.
     *
     * @param flag named in the message
     */
    public static void requireFreePort(String address, int port, String flag) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getByName(address), port));
        } catch (UnknownHostException e) {
            throw new LaunchException("\"" + address + "\" is not an address of this machine", e);
        } catch (BindException e) {
            String reason = String.valueOf(e.getMessage());
            throw new LaunchException(
                    reason.contains("in use")
                            ? "port " + port + " of " + address + " is already in use: stop what listens there, or"
                                    + " choose another --" + flag
                            : "cannot listen on " + address + ":" + port + " (" + reason + ")",
                    e);
        } catch (IOException e) {
            throw new LaunchException("cannot listen on " + address + ":" + port + " (" + e.getMessage() + ")", e);
        }
    }

    /** Checks that we are root, which namespaces, mounts and cgroups need. */
    public static void requireRoot(String command) {
        try {
            if (Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"))) {
                return;
            }
        } catch (IOException e) {
            throw new LaunchException("cannot find out which user this is: is /proc mounted?", e);
        }
        throw new LaunchException(command + " must run as root: it makes namespaces, mounts and cgroups for pods");
    }
}
