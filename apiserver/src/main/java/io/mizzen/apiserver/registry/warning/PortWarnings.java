// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry.warning;

import static io.mizzen.apiserver.schema.FieldErrors.at;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** Warnings about ports of a pod's containers that get in each other's way. Belongs to one call. */
final class PortWarnings {

    private record Port(String field, String hostAddress, int hostPort) {}

    private final List<String> warnings;
    private final Map<String, List<Port>> seen = new HashMap<>();

    PortWarnings(List<String> warnings) {
        this.warnings = warnings;
    }

    /** Looks at all containers that {@code visit} shows, with their paths. */
    void check(Consumer<BiConsumer<String, JsonNode>> visit) {
        visit.accept((field, container) -> {
            JsonNode ports = container.path("ports");
            for (int i = 0; i < ports.size(); i++) {
                check(at(at(field, "ports"), i), ports.get(i));
            }
        });
    }

    private void check(String field, JsonNode node) {
        Port port = new Port(
                field, node.path("hostIP").asText(""), node.path("hostPort").asInt(0));
        int number = node.path("containerPort").asInt(0);
        String protocol = node.path("protocol").asText("");
        if (!port.hostAddress().isEmpty() && port.hostPort() == 0) {
            // Upstream shows the struct as Go does.
            warnings.add(field + ": hostIP set without hostPort: {Name:"
                    + node.path("name").asText("") + " HostPort:0 ContainerPort:" + number + " Protocol:" + protocol
                    + " HostIP:" + port.hostAddress() + "}");
        }
        List<Port> others = seen.computeIfAbsent(number + "/" + protocol, key -> new ArrayList<>());
        for (Port other : others) {
            String conflict = conflict(port, other);
            if (!conflict.isEmpty()) {
                warnings.add(field + ": " + conflict + " port definition with " + other.field());
            }
        }
        others.add(port);
    }

    private static String conflict(Port port, Port other) {
        if (port.hostAddress().equals(other.hostAddress()) && port.hostPort() == other.hostPort()) {
            return "duplicate";
        }
        if (port.hostPort() == 0 || other.hostPort() == 0) {
            return "overlapping";
        }
        boolean onlyOneNamesItsAddress =
                port.hostAddress().isEmpty() != other.hostAddress().isEmpty();
        return port.hostPort() == other.hostPort() && onlyOneNamesItsAddress ? "dangerously ambiguous" : "";
    }
}
