// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.mizzen.client.KubeClients;
import io.mizzen.launcher.ComponentStack.Component;
import io.mizzen.launcher.ServerSettings.Api;
import io.mizzen.launcher.flag.FlagValues;
import io.mizzen.launcher.node.DataFolder;
import io.mizzen.launcher.node.Machine;
import io.mizzen.launcher.pki.ClusterPki;
import io.mizzen.launcher.pki.ClusterPki.Client;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code mizzen server}: every component of a cluster and its first node in one process.
 *
 * <p>Order: keys → API server, and beside it containerd with the sandbox image → scheduler, controllers, kubelet and
 * kube-proxy at once → wait for the node. It ends in the reverse order. All of it runs on the main thread, which then
 * sleeps until the signal to stop; see {@link StopSignal}.
 */
final class AllInOne {
    private static final Logger LOG = LoggerFactory.getLogger(AllInOne.class);
    private static final Duration COMPONENT_TIMEOUT = Duration.ofMinutes(1);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(6);
    private static final Duration NODE_TIMEOUT = Duration.ofMinutes(1);
    private static final long POLL_MILLIS = 50;

    private final ServerSettings settings;
    private final ComponentStack stack;
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

    private AllInOne(ServerSettings settings, ComponentStack stack) {
        this.settings = settings;
        this.stack = stack;
    }

    static void run(FlagValues flags) throws IOException, InterruptedException {
        ServerSettings settings = ServerSettings.from(flags);
        Machine.requireRoot("mizzen server");
        try (DataFolder folder = DataFolder.lock(settings.dataDir());
                StopSignal signal = StopSignal.install();
                ComponentStack stack = new ComponentStack(CLOSE_TIMEOUT)) {
            LOG.info("mizzen {} starts, data folder {}", Version.text(), folder.path());
            Machine.requireFreePort(settings.api().bindAddress(), settings.api().port(), "https-listen-port");
            Machine.requireFreePort("0.0.0.0", settings.node().kubeletPort(), "kubelet-port");
            new AllInOne(settings, stack).start();
            signal.await();
            LOG.info("Stopping");
        } finally {
            LOG.info("Stopped");
        }
    }

    private void start() throws IOException, InterruptedException {
        ClusterPki pki = preparePki(settings.dataDir(), settings.api(), settings.network(), settings.node());
        pki.writeKubeconfig(settings.kubeconfig(), Client.ADMIN, settings.api().localUrl());
        LOG.info("The admin's kubeconfig is {}", settings.kubeconfig());
        NodeRuntime runtime = new NodeRuntime();
        stack.startTogether(
                List.of(
                        new Component("containerd", () -> runtime.start(settings.dataDir(), settings.node())),
                        new Component(
                                "kube-apiserver",
                                () -> ApiServerWiring.start(
                                        settings.dataDir(), settings.api(), settings.network(), pki, registry))),
                COMPONENT_TIMEOUT);
        LOG.info(
                "API server listens on {}:{}",
                settings.api().bindAddress(),
                settings.api().port());
        JoinSettings.publish(settings.dataDir(), settings.network(), settings.token(), pki.clusterAuthorityPem());
        Kubeconfigs files = new Kubeconfigs(settings.dataDir());
        Optional<String> election = election();
        stack.startTogether(
                List.of(
                        new Component(
                                "kubelet",
                                () -> Components.kubelet(
                                        new Components.KubeletFiles(
                                                files.of(Client.KUBELET),
                                                settings.dataDir(),
                                                runtime.socket(),
                                                pki.kubeletServing(),
                                                pki.clusterAuthority().certificate()),
                                        settings.node(),
                                        settings.network(),
                                        registry)),
                        new Component(
                                "kube-scheduler",
                                () -> Components.scheduler(files.of(Client.SCHEDULER), election, registry)),
                        new Component(
                                "kube-controller-manager",
                                () -> Components.controllerManager(
                                        files.of(Client.CONTROLLER_MANAGER),
                                        settings.network(),
                                        new Components.ControllerFacts(
                                                pki.clusterAuthorityPem(),
                                                Files.readString(
                                                        pki.clusterAuthority().key()),
                                                settings.controllers()),
                                        election,
                                        registry)),
                        new Component(
                                "kube-proxy",
                                () -> Components.kubeProxy(
                                        files.of(Client.KUBE_PROXY), settings.node(), settings.network(), registry)),
                        new Component(
                                "pod-routes",
                                () -> Components.podRoutes(
                                        files.of(Client.KUBELET), settings.node(), settings.network(), registry)),
                        new Component(
                                "cluster-dns",
                                () -> Components.clusterDns(
                                        files.of(Client.ADMIN), settings.node(), settings.network(), registry))),
                COMPONENT_TIMEOUT);
        LOG.info("Kubelet listens on 0.0.0.0:{}", settings.node().kubeletPort());
        awaitNode();
    }

    /**
     * Several servers may share one etcd: then one of each component works. The identity stays with the data folder, whose lock
     * only one process has, so that a server that was killed takes up its own lease at once. The embedded store has one server.
     */
    private Optional<String> election() throws IOException {
        if (settings.api().etcd().endpoints().isEmpty()) {
            return Optional.empty();
        }
        Path file = settings.dataDir().resolve("server-id");
        if (!Files.exists(file)) {
            Path partial = Files.writeString(settings.dataDir().resolve("server-id.new"), Standalone.identity());
            Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
        }
        return Optional.of(Files.readString(file).strip());
    }

    /** Makes the keys and the components' kubeconfigs. */
    static ClusterPki preparePki(Path dataDir, Api api, ServerSettings.Network network, ServerSettings.Node node) {
        ClusterPki pki = ClusterPki.prepare(
                dataDir.resolve("tls"),
                new ClusterPki.Request(
                        node.name(),
                        node.ip(),
                        api.bindAddress(),
                        network.serviceCidr().address(1),
                        network.domain(),
                        api.names()),
                InstantSource.system());
        Kubeconfigs files = new Kubeconfigs(dataDir);
        for (Client client : Client.values()) {
            pki.writeKubeconfig(files.of(client), client, api.localUrl());
        }
        return pki;
    }

    private void awaitNode() throws InterruptedException {
        String name = settings.node().name();
        Path kubeconfig = new Kubeconfigs(settings.dataDir()).of(Client.ADMIN);
        long end = System.nanoTime() + NODE_TIMEOUT.toNanos();
        try (KubernetesClient client = KubeClients.fromKubeconfig(kubeconfig, "start")) {
            while (System.nanoTime() < end) {
                if (isReady(client, name)) {
                    long millis = ProcessHandle.current()
                            .info()
                            .startInstant()
                            .map(start -> Duration.between(
                                            start, InstantSource.system().instant())
                                    .toMillis())
                            .orElse(0L);
                    LOG.info("Node {} is ready {} ms after the start of the process", name, millis);
                    return;
                }
                TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            }
        }
        LOG.warn("Node {} is not ready after {} s: see its conditions", name, NODE_TIMEOUT.toSeconds());
    }

    private static boolean isReady(KubernetesClient client, String name) {
        try {
            Node node = client.nodes().withName(name).get();
            return node != null
                    && node.getStatus().getConditions().stream()
                            .anyMatch(condition -> condition.getType().equals("Ready")
                                    && condition.getStatus().equals("True"));
        } catch (KubernetesClientException e) {
            return false;
        }
    }
}
