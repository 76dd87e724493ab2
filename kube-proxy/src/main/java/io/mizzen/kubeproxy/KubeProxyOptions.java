// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy;

import io.mizzen.kubeproxy.dns.ClusterDnsOptions;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a proxy runs.
 *
 * @param nodeName the node it runs on
 * @param clusterCidrs the ranges of pods; traffic from elsewhere to cluster IPs is masqueraded
 * @param serviceCidrs the ranges of cluster IPs; unserved addresses in them are rejected
 * @param table the name of its nftables table
 * @param nftCommand how to run {@code nft}
 * @param conntrackCommand how to run {@code conntrack}
 * @param minSyncPeriod the shortest time between two changes of the rules
 * @param healthAddress where {@code /healthz} answers, null for nowhere
 * @param metricsAddress where {@code /metrics} answers, null for nowhere
 * @param dns the DNS server of this node, to which the DNS Service leads; null where the node has none
 */
public record KubeProxyOptions(
        String nodeName,
        List<String> clusterCidrs,
        List<String> serviceCidrs,
        String table,
        List<String> nftCommand,
        List<String> conntrackCommand,
        Duration minSyncPeriod,
        @Nullable InetSocketAddress healthAddress,
        @Nullable InetSocketAddress metricsAddress,
        @Nullable ClusterDnsOptions dns) {
    /** The table's name on a node. */
    public static final String DEFAULT_TABLE = "mizzen-proxy";

    /** Copies the lists. */
    public KubeProxyOptions {
        clusterCidrs = List.copyOf(clusterCidrs);
        serviceCidrs = List.copyOf(serviceCidrs);
        nftCommand = List.copyOf(nftCommand);
        conntrackCommand = List.copyOf(conntrackCommand);
    }

    /**
     * Upstream's ports (10256 and 10249) on loopback, the host's programs, at most ten changes a second.
     *
     * @param clusterCidr range of pods, two with a comma between for both families
     * @param serviceCidr range of cluster IPs, likewise
     */
    public static KubeProxyOptions of(String nodeName, String clusterCidr, String serviceCidr) {
        return new KubeProxyOptions(
                nodeName,
                List.of(clusterCidr.split(",")),
                List.of(serviceCidr.split(",")),
                DEFAULT_TABLE,
                List.of("nft"),
                List.of("conntrack"),
                Duration.ofMillis(100),
                new InetSocketAddress("127.0.0.1", 10256),
                new InetSocketAddress("127.0.0.1", 10249),
                null);
    }

    /** The same with a DNS server on this node. */
    public KubeProxyOptions withDns(ClusterDnsOptions server) {
        return new KubeProxyOptions(
                nodeName,
                clusterCidrs,
                serviceCidrs,
                table,
                nftCommand,
                conntrackCommand,
                minSyncPeriod,
                healthAddress,
                metricsAddress,
                server);
    }

    /** The same with other listening addresses. */
    public KubeProxyOptions listening(@Nullable InetSocketAddress health, @Nullable InetSocketAddress metrics) {
        return new KubeProxyOptions(
                nodeName,
                clusterCidrs,
                serviceCidrs,
                table,
                nftCommand,
                conntrackCommand,
                minSyncPeriod,
                health,
                metrics,
                dns);
    }
}
