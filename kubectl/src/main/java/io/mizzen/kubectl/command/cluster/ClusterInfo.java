// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.rest.Connection;
import io.mizzen.kubectl.tree.Json;
import java.util.Map;

/** {@code kubectl cluster-info}: where the control plane and the cluster's services are. */
public final class ClusterInfo extends Command {
    @Override
    public String flags() {
        return "";
    }

    @Override
    public String synopsis() {
        return "";
    }

    @Override
    public int run(Invocation call) {
        if (call.arguments().contains("dump")) {
            throw CommandFailure.error("cluster-info dump is not supported by this kubectl");
        }
        String path = Connection.query(
                "/api/v1/namespaces/kube-system/services",
                Map.of("labelSelector", "kubernetes.io/cluster-service=true"));
        JsonNode services = call.connection().get(path);
        String server = call.connection().endpoint().url();
        line(call, "Kubernetes control plane", server);
        for (JsonNode service : services.path("items")) {
            String name = Json.text(service.path("metadata").path("labels"), "kubernetes.io/name");
            JsonNode port = service.path("spec").path("ports").path(0);
            String portName = Json.text(port, "name");
            String scheme = portName.equals("https") || Json.number(port, "port") == 443 ? "https:" : "";
            line(
                    call,
                    name.isEmpty() ? Json.name(service) : name,
                    server + "/api/v1/namespaces/" + Json.namespace(service) + "/services/" + scheme
                            + Json.name(service) + (portName.isEmpty() ? "" : ":" + portName) + "/proxy");
        }
        return 0;
    }

    private static void line(Invocation call, String name, String address) {
        java.io.Console console = System.console();
        boolean colours = console != null && console.isTerminal();
        call.io()
                .line(
                        colours
                                ? "\u001b[0;32m" + name + "\u001b[0m is running at \u001b[0;33m" + address + "\u001b[0m"
                                : name + " is running at " + address);
    }
}
