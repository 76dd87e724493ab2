// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.mizzen.launcher.ComponentStack.Component;
import io.mizzen.launcher.ServerSettings.Network;
import io.mizzen.launcher.ServerSettings.Node;
import io.mizzen.launcher.containerd.Containerd;
import io.mizzen.launcher.flag.FlagValues;
import io.mizzen.launcher.node.DataFolder;
import io.mizzen.launcher.node.Machine;
import io.mizzen.launcher.pki.ClusterPki;
import io.mizzen.launcher.pki.ClusterPki.Client;
import io.mizzen.launcher.pki.JoinToken;
import io.mizzen.launcher.pki.KeyFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Each component as a process of its own, for installations that run them apart. The API server makes the keys in its data
 * folder; the others read them there, or are told by {@code --kubeconfig} when they run elsewhere.
 */
final class Standalone {
    private static final Logger LOG = LoggerFactory.getLogger(Standalone.class);
    private static final Duration START_TIMEOUT = Duration.ofMinutes(1);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(12);

    private Standalone() {}

    static void apiServer(FlagValues flags) throws IOException, InterruptedException {
        Path dataDir = flags.path("data-dir");
        Node node = Node.withoutPods(flags);
        ServerSettings.Api api = ServerSettings.api(flags, node.ip());
        Network network = Network.from(flags);
        Path kubeconfig = flags.path("write-kubeconfig");
        try (DataFolder folder = DataFolder.lock(dataDir)) {
            Machine.requireFreePort(api.bindAddress(), api.port(), "https-listen-port");
            ClusterPki pki = AllInOne.preparePki(folder.path(), api, network, node);
            pki.writeKubeconfig(kubeconfig, Client.ADMIN, api.localUrl());
            LOG.info("The admin's kubeconfig is {}", kubeconfig);
            PrometheusMeterRegistry registry = registry();
            Optional<JoinToken> token = ServerSettings.token(flags);
            runUntilStopped(new Component("kube-apiserver", () -> {
                AutoCloseable server = ApiServerWiring.start(folder.path(), api, network, pki, registry);
                JoinSettings.publish(folder.path(), network, token, pki.clusterAuthorityPem());
                return server;
            }));
        }
    }

    static void scheduler(FlagValues flags) throws InterruptedException {
        runUntilStopped(new Component(
                "kube-scheduler",
                () -> Components.scheduler(kubeconfig(flags, Client.SCHEDULER), election(flags), registry())));
    }

    static void controllerManager(FlagValues flags) throws IOException, InterruptedException {
        Network network = Network.from(flags);
        Components.ControllerFacts facts = new Components.ControllerFacts(
                Files.readString(required(flags.path("data-dir").resolve("tls/ca.crt"))),
                Files.readString(required(flags.path("data-dir").resolve("tls/ca.key"))),
                ServerSettings.Controllers.from(flags));
        runUntilStopped(new Component(
                "kube-controller-manager",
                () -> Components.controllerManager(
                        kubeconfig(flags, Client.CONTROLLER_MANAGER), network, facts, election(flags), registry())));
    }

    static void kubelet(FlagValues flags) throws InterruptedException {
        Machine.requireRoot("mizzen kubelet");
        Node node = Node.from(flags);
        Network network = Network.from(flags);
        Path dataDir = flags.path("data-dir");
        Path runtime = node.runtimeEndpoint()
                .orElseThrow(() -> new LaunchException("mizzen kubelet needs --container-runtime-endpoint"));
        Containerd.awaitSocket(runtime, START_TIMEOUT);
        Machine.requireFreePort("0.0.0.0", node.kubeletPort(), "kubelet-port");
        Components.KubeletFiles files = new Components.KubeletFiles(
                kubeconfig(flags, Client.KUBELET),
                dataDir,
                runtime,
                new KeyFiles(
                        required(dataDir.resolve("tls/kubelet.crt")), required(dataDir.resolve("tls/kubelet.key"))),
                required(dataDir.resolve("tls/ca.crt")));
        runUntilStopped(new Component("kubelet", () -> Components.kubelet(files, node, network, registry())));
    }

    static void kubeProxy(FlagValues flags) throws InterruptedException {
        Machine.requireRoot("mizzen kube-proxy");
        Network network = Network.from(flags);
        Node node = Node.withoutPods(flags);
        runUntilStopped(new Component(
                "kube-proxy",
                () -> Components.kubeProxy(kubeconfig(flags, Client.KUBE_PROXY), node, network, registry())));
    }

    private static void runUntilStopped(Component component) throws InterruptedException {
        try (StopSignal signal = StopSignal.install();
                ComponentStack stack = new ComponentStack(CLOSE_TIMEOUT)) {
            stack.startTogether(List.of(component), START_TIMEOUT);
            LOG.info("{} runs, mizzen {}", component.name(), Version.text());
            signal.await();
            LOG.info("Stopping");
        }
    }

    private static Path kubeconfig(FlagValues flags, Client client) {
        return required(
                flags.isGiven("kubeconfig")
                        ? flags.path("kubeconfig")
                        : new Kubeconfigs(flags.path("data-dir")).of(client));
    }

    private static Path required(Path file) {
        if (!Files.isReadable(file)) {
            throw new LaunchException(file + " cannot be read: start the API server with the same --data-dir first, or"
                    + " give --kubeconfig");
        }
        return file;
    }

    private static Optional<String> election(FlagValues flags) {
        return flags.isOn("leader-elect") ? Optional.of(identity()) : Optional.empty();
    }

    /** The name of this process in an election; the random end tells apart machines with one host name. */
    static String identity() {
        return Machine.nodeName("") + "_" + UUID.randomUUID();
    }

    private static PrometheusMeterRegistry registry() {
        return new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    }
}
