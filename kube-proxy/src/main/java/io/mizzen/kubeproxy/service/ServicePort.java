// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy.service;

import java.util.List;

/**
 * One port of a Service in one IP family.
 *
 * @param namespace the Service's namespace
 * @param service the Service's name
 * @param portName the port's name, empty where the only port has none
 * @param protocol {@code tcp}, {@code udp} or {@code sctp}
 * @param port the port at the Service's addresses
 * @param nodePort the port at every node's addresses, 0 for none
 * @param clusterIp the cluster IP
 * @param externalIps further addresses at which the port answers
 * @param loadBalancerIps addresses of the load balancer
 * @param loadBalancerSourceRanges who may use the load balancer's addresses; empty for all
 * @param affinitySeconds how long a client stays with its endpoint, 0 for not at all
 * @param isInternalLocal whether the cluster IP leads only to endpoints on this node
 * @param isExternalLocal whether outside traffic leads only to endpoints on this node
 */
public record ServicePort(
        String namespace,
        String service,
        String portName,
        String protocol,
        int port,
        int nodePort,
        String clusterIp,
        List<String> externalIps,
        List<String> loadBalancerIps,
        List<String> loadBalancerSourceRanges,
        int affinitySeconds,
        boolean isInternalLocal,
        boolean isExternalLocal) {
    /** Copies the lists. */
    public ServicePort {
        externalIps = List.copyOf(externalIps);
        loadBalancerIps = List.copyOf(loadBalancerIps);
        loadBalancerSourceRanges = List.copyOf(loadBalancerSourceRanges);
    }

    /** Unique in a family: {@code namespace/service/protocol/port name or number}. */
    public String id() {
        return namespace + "/" + service + "/" + protocol + "/"
                + (portName.isEmpty() ? String.valueOf(port) : portName);
    }

    /** Whether anything outside the cluster can reach the port. */
    public boolean isExternal() {
        return nodePort > 0 || !externalIps.isEmpty() || !loadBalancerIps.isEmpty();
    }
}
