// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher;

import io.mizzen.controller.loadbalancer.AddressPool;
import io.mizzen.kubelet.NodeCare;
import io.mizzen.launcher.flag.FlagValues;
import io.mizzen.launcher.node.Cidr;
import io.mizzen.launcher.node.Machine;
import io.mizzen.launcher.pki.JoinToken;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What {@code mizzen server} was told, checked.
 *
 * @param dataDir everything that is kept
 * @param kubeconfig where the admin's kubeconfig goes
 * @param api the API server
 * @param network addresses of pods and Services
 * @param node this node
 * @param controllers the controllers
 * @param token join token that does not expire
 */
record ServerSettings(
        Path dataDir,
        Path kubeconfig,
        Api api,
        Network network,
        Node node,
        Controllers controllers,
        Optional<JoinToken> token) {

    /**
     * The API server.
     *
     * @param bindAddress to listen on
     * @param port to listen on
     * @param advertiseAddress by which pods reach it
     * @param names further names in its certificate
     * @param eventTtl how long Events are kept; zero for ever
     * @param etcd where etcd is; no endpoints: the embedded store
     */
    record Api(
            String bindAddress, int port, String advertiseAddress, List<String> names, Duration eventTtl, Etcd etcd) {
        /** The URL by which components on this node reach it. */
        String localUrl() {
            boolean isAny = bindAddress.equals("0.0.0.0") || bindAddress.equals("::");
            String host = isAny ? "127.0.0.1" : bindAddress;
            return "https://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
        }
    }

    /** Where etcd is, and the PEM files for TLS. */
    record Etcd(List<String> endpoints, Optional<Path> authority, Optional<Path> certificate, Optional<Path> key) {}

    /**
     * The controllers.
     *
     * @param nodeGrace how long a node may be silent
     * @param terminatedPods how many ended pods may stay; 0 for any number
     * @param balancers addresses of load balancers
     */
    record Controllers(Duration nodeGrace, int terminatedPods, AddressPool balancers) {
        static Controllers from(FlagValues flags) {
            return new Controllers(
                    flags.duration("node-monitor-grace-period"),
                    flags.number("terminated-pod-gc-threshold", 0, Integer.MAX_VALUE),
                    balancers(flags));
        }

        private static AddressPool balancers(FlagValues flags) {
            try {
                return AddressPool.parse(flags.text("load-balancer-pool"));
            } catch (IllegalArgumentException malformed) {
                throw new LaunchException("--load-balancer-pool: " + malformed.getMessage());
            }
        }
    }

    /**
     * Addresses of pods and Services.
     *
     * @param clusterCidr of pods
     * @param serviceCidr of Services
     * @param dns name server of pods
     * @param domain of Services
     */
    record Network(Cidr clusterCidr, Cidr serviceCidr, String dns, String domain) {
        static Network from(FlagValues flags) {
            Cidr clusterCidr = Cidr.parse("cluster-cidr", flags.text("cluster-cidr"));
            Cidr serviceCidr = Cidr.parse("service-cidr", flags.text("service-cidr"));
            if (clusterCidr.overlaps(serviceCidr)) {
                throw new LaunchException(
                        "--cluster-cidr " + clusterCidr + " and --service-cidr " + serviceCidr + " overlap");
            }
            String dns = flags.isGiven("cluster-dns") ? flags.text("cluster-dns") : serviceCidr.address(10);
            return new Network(clusterCidr, serviceCidr, dns, flags.text("cluster-domain"));
        }
    }

    /**
     * This node.
     *
     * @param name of the Node object
     * @param ip its address
     * @param resolvConf the host's name servers
     * @param runtimeEndpoint CRI socket; empty for a containerd of our own
     * @param cniBinDir CNI plugins
     * @param bridgeName bridge of pods
     * @param cgroupRoot above kubepods
     * @param kubeletPort of the kubelet's server
     * @param podLogDir logs
     * @param containerLogDir links to them
     * @param care what is kept from pods, and when the kubelet acts against a shortage
     */
    record Node(
            String name,
            String ip,
            Path resolvConf,
            Optional<Path> runtimeEndpoint,
            Path cniBinDir,
            String bridgeName,
            String cgroupRoot,
            int kubeletPort,
            Path podLogDir,
            Path containerLogDir,
            NodeCare care) {
        static Node from(FlagValues flags) {
            return new Node(
                    Machine.nodeName(flags.text("node-name")),
                    Machine.nodeIp(flags.text("node-ip")),
                    flags.path("resolv-conf"),
                    flags.isGiven("container-runtime-endpoint")
                            ? Optional.of(socket(flags.text("container-runtime-endpoint")))
                            : Optional.empty(),
                    flags.path("cni-bin-dir"),
                    flags.text("bridge-name"),
                    flags.text("cgroup-root"),
                    flags.port("kubelet-port"),
                    flags.path("pod-log-dir"),
                    flags.path("container-log-dir"),
                    CareFlags.care(flags));
        }

        /** For a component that runs no pods: who and where it is. */
        static Node withoutPods(FlagValues flags) {
            return new Node(
                    Machine.nodeName(flags.text("node-name")),
                    Machine.nodeIp(flags.text("node-ip")),
                    flags.path("resolv-conf"),
                    Optional.empty(),
                    Path.of("/"),
                    "",
                    "/",
                    0,
                    Path.of("/"),
                    Path.of("/"),
                    NodeCare.defaults());
        }

        private static Path socket(String text) {
            return Path.of(text.startsWith("unix://") ? text.substring("unix://".length()) : text)
                    .toAbsolutePath();
        }
    }

    static ServerSettings from(FlagValues flags) {
        Node node = Node.from(flags);
        return new ServerSettings(
                flags.path("data-dir"),
                flags.path("write-kubeconfig"),
                api(flags, node.ip()),
                Network.from(flags),
                node,
                Controllers.from(flags),
                token(flags));
    }

    /** The join token, if one is given. */
    static Optional<JoinToken> token(FlagValues flags) {
        if (!flags.isGiven("token")) {
            return Optional.empty();
        }
        Optional<JoinToken> token = JoinToken.parse(flags.text("token"));
        if (token.isEmpty()) {
            throw new LaunchException(
                    "flag --token must have the form abcdef.0123456789abcdef (letters a to z and digits)"
                            + ", with or without K10<hash>:: before it");
        }
        return token;
    }

    static Api api(FlagValues flags, String nodeIp) {
        Etcd etcd = new Etcd(
                flags.list("etcd-endpoints"),
                file(flags, "etcd-cafile"),
                file(flags, "etcd-certfile"),
                file(flags, "etcd-keyfile"));
        if (etcd.certificate().isPresent() != etcd.key().isPresent()) {
            throw new LaunchException("--etcd-certfile and --etcd-keyfile go together");
        }
        return new Api(
                flags.text("bind-address"),
                flags.port("https-listen-port"),
                flags.isGiven("advertise-address") ? flags.text("advertise-address") : nodeIp,
                flags.list("tls-san"),
                flags.duration("event-ttl"),
                etcd);
    }

    private static Optional<Path> file(FlagValues flags, String name) {
        return flags.isGiven(name) ? Optional.of(flags.path(name)) : Optional.empty();
    }
}
