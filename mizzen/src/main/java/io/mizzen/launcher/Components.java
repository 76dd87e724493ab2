// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.core.instrument.MeterRegistry;
import io.mizzen.client.KubeClients;
import io.mizzen.controller.ControllerManager;
import io.mizzen.controller.ControllerManagerOptions;
import io.mizzen.kubelet.Kubelet;
import io.mizzen.kubelet.KubeletOptions;
import io.mizzen.kubelet.KubeletOptions.Intervals;
import io.mizzen.kubelet.KubeletOptions.NetworkOptions;
import io.mizzen.kubelet.KubeletOptions.RuntimeOptions;
import io.mizzen.kubelet.KubeletOptions.ServerOptions;
import io.mizzen.kubelet.route.PodRoutes;
import io.mizzen.kubeproxy.KubeProxy;
import io.mizzen.kubeproxy.KubeProxyOptions;
import io.mizzen.kubeproxy.dns.ClusterDns;
import io.mizzen.kubeproxy.dns.ClusterDnsOptions;
import io.mizzen.launcher.ServerSettings.Network;
import io.mizzen.launcher.ServerSettings.Node;
import io.mizzen.launcher.image.LocalImage;
import io.mizzen.launcher.pki.KeyFiles;
import io.mizzen.scheduler.Scheduler;
import io.mizzen.scheduler.SchedulerOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Translates settings into each component's options and starts it with a connection of its own, which ends with it.
 * Stateless; each component's threads are its own.
 */
final class Components {
    private static final Duration RUNTIME_TIMEOUT = Duration.ofMinutes(2);
    private static final int MAX_PODS = 110;
    private static final int NODE_MASK_SIZE = 24;

    private Components() {}

    static AutoCloseable scheduler(Path kubeconfig, Optional<String> election, MeterRegistry registry) {
        KubernetesClient client = KubeClients.fromKubeconfig(kubeconfig, "kube-scheduler");
        SchedulerOptions options =
                election.map(SchedulerOptions::elected).orElseGet(() -> SchedulerOptions.single("kube-scheduler"));
        return withClient(Scheduler.start(options, client, registry), client);
    }

    /**
     * What the controllers need beside settings.
     *
     * @param authority certificate of the cluster's CA, PEM
     * @param authorityKey its key, PEM, which signs certificates
     * @param settings what they were told
     */
    record ControllerFacts(String authority, String authorityKey, ServerSettings.Controllers settings) {}

    static AutoCloseable controllerManager(
            Path kubeconfig,
            Network network,
            ControllerFacts facts,
            Optional<String> election,
            MeterRegistry registry) {
        KubernetesClient client = KubeClients.fromKubeconfig(kubeconfig, "kube-controller-manager");
        ControllerManagerOptions options = ControllerManagerOptions.defaults()
                .withClusterCidr(network.clusterCidr().toString(), NODE_MASK_SIZE)
                .withRootCa(facts.authority())
                .withSigningKey(facts.authorityKey())
                .withNodeMonitorGracePeriod(facts.settings().nodeGrace())
                .withTerminatedPodThreshold(facts.settings().terminatedPods())
                .withLoadBalancerPool(facts.settings().balancers());
        if (election.isPresent()) {
            options = options.withLeaderElection(election.get());
        }
        return withClient(ControllerManager.start(options, client, registry), client);
    }

    /**
     * What the kubelet needs beside settings.
     *
     * @param kubeconfig how it reaches the API server
     * @param dataDir the server's data folder
     * @param runtime CRI socket
     * @param serving certificate of its HTTPS server
     * @param clientAuthority authority of the clients it lets in
     */
    record KubeletFiles(Path kubeconfig, Path dataDir, Path runtime, KeyFiles serving, Path clientAuthority) {}

    static AutoCloseable kubelet(KubeletFiles files, Node node, Network network, MeterRegistry registry)
            throws IOException {
        KubernetesClient client = KubeClients.fromKubeconfig(files.kubeconfig(), "kubelet");
        KubeletOptions options = new KubeletOptions(
                node.name(),
                node.ip(),
                files.dataDir().resolve("kubelet"),
                node.podLogDir(),
                node.containerLogDir(),
                node.cgroupRoot(),
                MAX_PODS,
                true,
                Map.of(),
                new RuntimeOptions(files.runtime(), LocalImage.PAUSE.fullName(), RUNTIME_TIMEOUT),
                new NetworkOptions(
                        cniConfDir(files.dataDir()),
                        node.cniBinDir(),
                        files.dataDir().resolve("cni/networks"),
                        node.bridgeName(),
                        0,
                        Optional.empty(),
                        network.clusterCidr().toString(),
                        List.of(network.dns()),
                        network.domain(),
                        node.resolvConf()),
                Optional.of(new ServerOptions(
                        "0.0.0.0",
                        node.kubeletPort(),
                        files.serving().certificate(),
                        files.serving().key(),
                        files.clientAuthority())),
                Intervals.defaults(),
                node.care());
        return withClient(Kubelet.start(options, client, registry), client);
    }

    /** Where the pod network's configuration is kept; containerd reads it there. */
    static Path cniConfDir(Path dataDir) {
        return dataDir.resolve("cni/net.d");
    }

    static AutoCloseable kubeProxy(Path kubeconfig, Node node, Network network, MeterRegistry registry) {
        KubernetesClient client = KubeClients.fromKubeconfig(kubeconfig, "kube-proxy");
        KubeProxyOptions options = KubeProxyOptions.of(
                        node.name(),
                        network.clusterCidr().toString(),
                        network.serviceCidr().toString())
                .withDns(dns(node, network));
        return withClient(KubeProxy.start(options, client, registry), client);
    }

    /** The cluster's DNS on this node; the connection must be allowed to publish its Service. */
    static AutoCloseable clusterDns(Path kubeconfig, Node node, Network network, MeterRegistry registry) {
        KubernetesClient client = KubeClients.fromKubeconfig(kubeconfig, "cluster-dns");
        return withClient(ClusterDns.start(dns(node, network), client, registry), client);
    }

    /** The ways to other nodes' pods; the connection must be the node's own. */
    static AutoCloseable podRoutes(Path kubeconfig, Node node, Network network, MeterRegistry registry) {
        KubernetesClient client = KubeClients.fromKubeconfig(kubeconfig, "pod-routes");
        return withClient(
                PodRoutes.start(
                        new PodRoutes.Options(
                                node.name(), node.ip(), network.clusterCidr().toString()),
                        client,
                        registry),
                client);
    }

    private static ClusterDnsOptions dns(Node node, Network network) {
        return new ClusterDnsOptions(
                node.name(),
                node.ip(),
                ClusterDnsOptions.DEFAULT_PORT,
                network.dns(),
                network.domain(),
                node.resolvConf(),
                List.of(network.clusterCidr().toString()));
    }

    private static AutoCloseable withClient(AutoCloseable component, KubernetesClient client) {
        return () -> {
            try (client) {
                component.close();
            }
        };
    }
}
