// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.route;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.mizzen.client.Json;
import io.mizzen.kubelet.route.KernelState.Address;
import io.mizzen.kubelet.route.KernelState.Device;
import io.mizzen.kubelet.route.KernelState.Pair;
import io.mizzen.kubelet.route.KernelState.Route;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Reads and changes the kernel's tables by the programs {@code ip} and {@code bridge}. Calls block. */
final class Kernel {
    private static final Path FORWARDING = Path.of("/proc/sys/net/ipv4/ip_forward");
    private static final long TIMEOUT_SECONDS = 10;

    /** Lets this node pass on packets, for pods and for node ports. */
    void allowForwarding() throws IOException {
        if (!Files.readString(FORWARDING).strip().equals("1")) {
            Files.writeString(FORWARDING, "1");
        }
    }

    KernelState read() throws IOException, InterruptedException {
        List<Address> addresses = new ArrayList<>();
        for (JsonNode link : json("ip", "-j", "-4", "address", "show")) {
            for (JsonNode address : link.path("addr_info")) {
                addresses.add(new Address(
                        link.path("ifname").asText(),
                        address.path("local").asText(),
                        address.path("prefixlen").asInt()));
            }
        }
        Set<Route> routes = new HashSet<>();
        for (JsonNode route : json("ip", "-j", "-4", "route", "show", "proto", RoutePlan.PROTOCOL)) {
            routes.add(
                    route.path("type").asText("").equals("unreachable")
                            ? Route.unreachable(route.path("dst").asText())
                            : new Route(
                                    route.path("dst").asText(),
                                    route.path("gateway").asText(),
                                    route.path("dev").asText()));
        }
        Optional<Device> device = device();
        return device.isEmpty()
                ? new KernelState(addresses, device, routes, Set.of(), Set.of())
                : new KernelState(addresses, device, routes, forwardings(), neighbours());
    }

    private Optional<Device> device() throws IOException, InterruptedException {
        for (JsonNode link : json("ip", "-j", "-d", "link", "show", "type", "vxlan")) {
            JsonNode data = link.path("linkinfo").path("info_data");
            if (link.path("ifname").asText("").equals(RoutePlan.DEVICE)) {
                boolean isUp = false;
                for (JsonNode flag : link.path("flags")) {
                    isUp |= flag.asText("").equals("UP");
                }
                return Optional.of(new Device(
                        link.path("address").asText(),
                        data.path("local").asText(),
                        data.path("link").asText(),
                        isUp));
            }
        }
        return Optional.empty();
    }

    private Set<Pair> forwardings() throws IOException, InterruptedException {
        Set<Pair> pairs = new HashSet<>();
        for (JsonNode entry : json("bridge", "-j", "fdb", "show", "dev", RoutePlan.DEVICE)) {
            pairs.add(new Pair(entry.path("mac").asText(), entry.path("dst").asText()));
        }
        return pairs;
    }

    private Set<Pair> neighbours() throws IOException, InterruptedException {
        Set<Pair> pairs = new HashSet<>();
        for (JsonNode entry :
                json("ip", "-j", "-4", "neighbour", "show", "dev", RoutePlan.DEVICE, "nud", "permanent")) {
            pairs.add(new Pair(entry.path("dst").asText(), entry.path("lladdr").asText()));
        }
        return pairs;
    }

    private static JsonNode json(String... command) throws IOException, InterruptedException {
        String output = run(List.of(command)).strip();
        try {
            return Json.parse(output.isEmpty() ? "[]" : output);
        } catch (KubernetesClientException malformed) {
            throw new IOException(String.join(" ", command) + ": not JSON: " + malformed.getMessage(), malformed);
        }
    }

    /** Runs a program to its end and returns what it prints. */
    static String run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        try {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
                throw new IOException(String.join(" ", command) + " did not end within " + TIMEOUT_SECONDS + " s");
            }
            if (process.exitValue() != 0) {
                throw new IOException(String.join(" ", command) + ": " + output.strip());
            }
            return output;
        } finally {
            process.destroyForcibly();
        }
    }
}
