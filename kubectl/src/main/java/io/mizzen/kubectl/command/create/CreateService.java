// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.create;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.tree.Json;
import java.util.List;

/** {@code kubectl create service clusterip|nodeport|loadbalancer|externalname}. */
public final class CreateService extends Generator {
    private final String type;

    /** @param type the service's type, e.g. {@code NodePort} */
    public CreateService(String type) {
        super("services", true, flags(type));
        this.type = type;
    }

    private static String flags(String type) {
        return switch (type) {
            case "ClusterIP" -> "clusterip:s= tcp:l=";
            case "NodePort" -> "node-port:i=0 tcp:l=";
            case "ExternalName" -> "external-name:s= tcp:l=";
            default -> "tcp:l=";
        };
    }

    @Override
    List<String> requiredFlags() {
        return type.equals("ExternalName") ? List.of("external-name") : List.of();
    }

    @Override
    ObjectNode build(Invocation call, String name) {
        List<String> specs = call.flags().list("tcp");
        boolean headless = call.flags().text("clusterip").equals("None");
        if (specs.isEmpty() && !headless && !type.equals("ExternalName")) {
            throw CommandFailure.error("at least one tcp port specifier must be provided");
        }
        ObjectNode object = object("Service", "v1", name);
        Json.child(object, "metadata", "labels").put("app", name);
        ObjectNode spec = object.putObject("spec");
        if (!specs.isEmpty()) {
            ArrayNode ports = spec.putArray("ports");
            specs.forEach(text -> ports.add(port(text, call.flags().number("node-port"))));
        }
        spec.putObject("selector").put("app", name);
        if (!call.flags().text("clusterip").isEmpty()) {
            spec.put("clusterIP", call.flags().text("clusterip"));
        }
        spec.put("type", type);
        if (type.equals("ExternalName")) {
            spec.put("externalName", call.flags().text("external-name"));
        }
        object.putObject("status").putObject("loadBalancer");
        return object;
    }

    private static ObjectNode port(String text, long nodePort) {
        int colon = text.indexOf(':');
        String outside = colon < 0 ? text : text.substring(0, colon);
        String inside = colon < 0 ? text : text.substring(colon + 1);
        ObjectNode port = Json.object();
        port.put("name", text.replace(':', '-')).put("protocol", "TCP");
        try {
            port.put("port", Long.parseLong(outside));
        } catch (NumberFormatException e) {
            throw CommandFailure.error("strconv.Atoi: parsing \"" + outside + "\": invalid syntax");
        }
        if (inside.chars().allMatch(Character::isDigit)) {
            port.put("targetPort", Long.parseLong(inside));
        } else {
            port.put("targetPort", inside);
        }
        if (nodePort != 0) {
            port.put("nodePort", nodePort);
        }
        return port;
    }
}
