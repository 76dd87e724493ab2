// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy.dns;

import java.nio.file.Path;
import java.util.List;

/**
 * How the cluster's DNS runs on a node.
 *
 * @param nodeName the node
 * @param nodeIp the node's address; the server listens there, and the Service leads there
 * @param port the port it listens on, UDP and TCP
 * @param clusterIp the address of Service {@code kube-system/kube-dns}
 * @param domain the cluster's domain, such as {@code cluster.local}
 * @param resolvConf where the node's own name servers stand
 * @param allowedCidrs whose queries are answered, beside those of the node itself: the ranges of pods
 */
public record ClusterDnsOptions(
        String nodeName,
        String nodeIp,
        int port,
        String clusterIp,
        String domain,
        Path resolvConf,
        List<String> allowedCidrs) {
    /** The usual port of the listener; 53 itself is often taken by the host's own resolver. */
    public static final int DEFAULT_PORT = 10053;

    /** Copies the list. */
    public ClusterDnsOptions {
        allowedCidrs = List.copyOf(allowedCidrs);
    }
}
