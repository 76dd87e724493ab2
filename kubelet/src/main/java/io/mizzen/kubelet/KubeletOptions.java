// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Everything the node agent is told at start.
 *
 * @param nodeName name of the Node object and of the lease in {@code kube-node-lease}
 * @param nodeIp address that the node and host-network pods report
 * @param rootDir where pod volumes and other state live; must be owned by this kubelet alone
 * @param podLogsDir logs of containers, {@code <ns>_<name>_<uid>/<container>/<n>.log}
 * @param containerLogsDir flat directory of links to the newest log of each container
 * @param cgroupRoot cgroup below which {@code kubepods} is made; {@code /} unless several kubelets share a host
 * @param maxPods pods that the node admits
 * @param registerNode whether to create the Node object when it does not exist
 * @param nodeLabels labels added at registration
 * @param runtime where and how to speak to the container runtime
 * @param network pod network and name resolution
 * @param server the HTTPS server; empty for none
 * @param intervals how often what is looked at
 * @param care what is kept from pods, and when it acts against a shortage
 */
public record KubeletOptions(
        String nodeName,
        String nodeIp,
        Path rootDir,
        Path podLogsDir,
        Path containerLogsDir,
        String cgroupRoot,
        int maxPods,
        boolean registerNode,
        Map<String, String> nodeLabels,
        RuntimeOptions runtime,
        NetworkOptions network,
        Optional<ServerOptions> server,
        Intervals intervals,
        NodeCare care) {

    /** Checks what has no sensible meaning. */
    public KubeletOptions {
        if (nodeName.isBlank()) {
            throw new IllegalArgumentException("nodeName must not be empty");
        }
        if (!cgroupRoot.startsWith("/")) {
            throw new IllegalArgumentException("cgroupRoot must be absolute: " + cgroupRoot);
        }
        nodeLabels = Map.copyOf(nodeLabels);
        Objects.requireNonNull(rootDir);
    }

    /**
     * The defaults of a node, without an HTTPS server.
     *
     * @param nodeName name of the node
     * @param nodeIp its address
     * @param containerRuntimeEndpoint path of the runtime's unix socket
     */
    public static KubeletOptions defaults(String nodeName, String nodeIp, Path containerRuntimeEndpoint) {
        return new KubeletOptions(
                nodeName,
                nodeIp,
                Path.of("/var/lib/mizzen/kubelet"),
                Path.of("/var/log/pods"),
                Path.of("/var/log/containers"),
                "/",
                110,
                true,
                Map.of(),
                RuntimeOptions.at(containerRuntimeEndpoint),
                NetworkOptions.defaults(),
                Optional.empty(),
                Intervals.defaults(),
                NodeCare.defaults());
    }

    /** Where volumes of the provisioner {@code mizzen.io/local-path} lie: {@code storage} beside the root folder. */
    public Path localPathRoot() {
        return rootDir.toAbsolutePath().normalize().resolveSibling("storage");
    }

    /** The same with an HTTPS server. */
    public KubeletOptions withServer(ServerOptions server) {
        return with(draft -> draft.server = Optional.of(server));
    }

    /** The same with other folders. */
    public KubeletOptions withFolders(Path rootDir, Path podLogsDir, Path containerLogsDir) {
        return with(draft -> {
            draft.rootDir = rootDir;
            draft.podLogsDir = podLogsDir;
            draft.containerLogsDir = containerLogsDir;
        });
    }

    /** The same with another network. */
    public KubeletOptions withNetwork(NetworkOptions network) {
        return with(draft -> draft.network = network);
    }

    /** The same with another cgroup root. */
    public KubeletOptions withCgroupRoot(String cgroupRoot) {
        return with(draft -> draft.cgroupRoot = cgroupRoot);
    }

    /** The same with other intervals. */
    public KubeletOptions withIntervals(Intervals intervals) {
        return with(draft -> draft.intervals = intervals);
    }

    /** The same with another care for the node. */
    public KubeletOptions withCare(NodeCare care) {
        return with(draft -> draft.care = care);
    }

    /** The same with other labels. */
    public KubeletOptions withNodeLabels(Map<String, String> nodeLabels) {
        return with(draft -> draft.nodeLabels = nodeLabels);
    }

    private KubeletOptions with(Consumer<Draft> change) {
        Draft draft = new Draft(this);
        change.accept(draft);
        return draft.options();
    }

    /** The components, to be changed before they become options again. */
    private static final class Draft {
        String nodeName;
        String nodeIp;
        Path rootDir;
        Path podLogsDir;
        Path containerLogsDir;
        String cgroupRoot;
        int maxPods;
        boolean registerNode;
        Map<String, String> nodeLabels;
        RuntimeOptions runtime;
        NetworkOptions network;
        Optional<ServerOptions> server;
        Intervals intervals;
        NodeCare care;

        Draft(KubeletOptions options) {
            nodeName = options.nodeName;
            nodeIp = options.nodeIp;
            rootDir = options.rootDir;
            podLogsDir = options.podLogsDir;
            containerLogsDir = options.containerLogsDir;
            cgroupRoot = options.cgroupRoot;
            maxPods = options.maxPods;
            registerNode = options.registerNode;
            nodeLabels = options.nodeLabels;
            runtime = options.runtime;
            network = options.network;
            server = options.server;
            intervals = options.intervals;
            care = options.care;
        }

        KubeletOptions options() {
            return new KubeletOptions(
                    nodeName,
                    nodeIp,
                    rootDir,
                    podLogsDir,
                    containerLogsDir,
                    cgroupRoot,
                    maxPods,
                    registerNode,
                    nodeLabels,
                    runtime,
                    network,
                    server,
                    intervals,
                    care);
        }
    }

    /**
     * The container runtime.
     *
     * @param endpoint path of its unix socket
     * @param pauseImage image of the sandbox; never removed by image garbage collection
     * @param requestTimeout longest time of one call, pulls and stops apart
     */
    public record RuntimeOptions(Path endpoint, String pauseImage, Duration requestTimeout) {
        /** Defaults with the given socket. */
        public static RuntimeOptions at(Path endpoint) {
            return new RuntimeOptions(endpoint, "mizzen.local/pause:1", Duration.ofMinutes(2));
        }
    }

    /**
     * Pod network and name resolution.
     *
     * @param cniConfDir where the network configuration for the runtime is written
     * @param cniBinDir where the CNI plugins lie; told to the operator when one is missing
     * @param cniStateDir where the address allocator keeps its leases
     * @param bridgeName name of the node's bridge, at most 15 characters
     * @param mtu of the bridge; 0 takes the kernel's
     * @param podCidr addresses of this node's pods; empty takes it from the Node object
     * @param clusterCidr addresses of all pods: traffic among them keeps its source address
     * @param clusterDns name servers of pods with dnsPolicy ClusterFirst
     * @param clusterDomain domain of services
     * @param resolvConf host's file, the base of dnsPolicy Default
     */
    public record NetworkOptions(
            Path cniConfDir,
            Path cniBinDir,
            Path cniStateDir,
            String bridgeName,
            int mtu,
            Optional<String> podCidr,
            String clusterCidr,
            List<String> clusterDns,
            String clusterDomain,
            Path resolvConf) {

        /** Copies and checks. */
        public NetworkOptions {
            if (bridgeName.isEmpty() || bridgeName.length() > 15) {
                throw new IllegalArgumentException("bridgeName must have 1 to 15 characters: " + bridgeName);
            }
            clusterDns = List.copyOf(clusterDns);
        }

        /** Defaults of a cluster: bridge {@code cni-mizzen}, pods in 10.42.0.0/16, DNS at 10.43.0.10. */
        public static NetworkOptions defaults() {
            return new NetworkOptions(
                    Path.of("/etc/cni/net.d"),
                    Path.of("/usr/lib/cni"),
                    Path.of("/var/lib/cni/networks"),
                    "cni-mizzen",
                    0,
                    Optional.empty(),
                    "10.42.0.0/16",
                    List.of("10.43.0.10"),
                    "cluster.local",
                    Path.of("/etc/resolv.conf"));
        }
    }

    /**
     * The HTTPS server.
     *
     * @param address to listen on
     * @param port to listen on, 10250 by default; 0 picks a free one
     * @param certificate PEM file of the server certificate chain
     * @param key PEM file of its key (PKCS#8)
     * @param clientCa PEM file of the authority whose client certificates are required
     */
    public record ServerOptions(String address, int port, Path certificate, Path key, Path clientCa) {}

    /**
     * How often what is looked at.
     *
     * @param resync a pod without any change
     * @param relist containers of the runtime, when it does not stream events
     * @param housekeeping orphans
     * @param garbage dead containers and images
     * @param logRotation container logs
     * @param nodeStatus computed
     * @param nodeStatusReport sent although nothing changed
     * @param leaseRenewal of the 40 s lease
     */
    public record Intervals(
            Duration resync,
            Duration relist,
            Duration housekeeping,
            Duration garbage,
            Duration logRotation,
            Duration nodeStatus,
            Duration nodeStatusReport,
            Duration leaseRenewal) {
        /** Upstream's figures. */
        public static Intervals defaults() {
            return new Intervals(
                    Duration.ofMinutes(1),
                    Duration.ofSeconds(1),
                    Duration.ofSeconds(2),
                    Duration.ofMinutes(1),
                    Duration.ofSeconds(10),
                    Duration.ofSeconds(10),
                    Duration.ofMinutes(5),
                    Duration.ofSeconds(10));
        }
    }
}
