// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.proxy;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.api.address.IpAddress;
import io.mizzen.api.meta.ObjectTree;
import io.mizzen.api.status.StatusException;
import io.mizzen.api.status.StatusReason;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/**
 * Where a request goes on to.
 *
 * @param host address or name
 * @param port port
 * @param tls whether by TLS
 * @param asKubeletClient whether the server shows its kubelet client certificate and checks the other side's
 * @param pathAndQuery request target there
 */
public record Target(String host, int port, boolean tls, boolean asKubeletClient, String pathAndQuery) {
    private static final int KUBELET_PORT = 10250;

    /**
     * This, when its host may be reached by {@code proxy}: statuses are written by nodes, and none may lead the server to itself.
     *
     * @throws StatusException 400 for loopback, link-local, multicast and unspecified addresses, as upstream's
     */
    public Target requireProxyable() {
        try {
            if (!IpAddress.of(InetAddress.getByName(host)).isGlobalUnicast()) {
                throw StatusException.badRequest("address not allowed");
            }
        } catch (UnknownHostException unknown) {
            throw StatusException.badRequest("lookup " + host + ": no such host");
        }
        return this;
    }

    /**
     * The kubelet of a node, by the address that upstream prefers.
     *
     * @throws StatusException 500 when the node has told no address
     */
    public static Target ofKubelet(JsonNode node, String pathAndQuery) {
        String address = "";
        for (String wanted : List.of("InternalIP", "ExternalIP", "Hostname")) {
            for (JsonNode candidate : node.path("status").path("addresses")) {
                if (address.isEmpty() && candidate.path("type").asText().equals(wanted)) {
                    address = candidate.path("address").asText();
                }
            }
        }
        if (address.isEmpty()) {
            throw StatusException.of(StatusReason.InternalError, "no preferred addresses found; known addresses: []");
        }
        int port = ObjectTree.at(node, "status", "daemonEndpoints", "kubeletEndpoint", "Port")
                .asInt(KUBELET_PORT);
        return new Target(address, port == 0 ? KUBELET_PORT : port, true, true, pathAndQuery);
    }
}
