// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.mizzen.client.ApiClient;
import io.mizzen.client.HttpApiClient;
import io.mizzen.client.KubeClients;
import io.mizzen.launcher.ComponentStack.Component;
import io.mizzen.launcher.flag.FlagException;
import io.mizzen.launcher.flag.FlagValues;
import io.mizzen.launcher.node.DataFolder;
import io.mizzen.launcher.node.Machine;
import io.mizzen.launcher.pki.JoinToken;
import io.mizzen.launcher.pki.NodeKeys;
import io.mizzen.launcher.pki.PkiException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code mizzen agent}: a further node of a cluster. It joins once, by its token; then it runs kubelet, kube-proxy, DNS and
 * containerd as the server's own node does.
 *
 * <p>All of it runs on the main thread, which then looks each minute whether a certificate is due. With a new certificate the
 * components are started anew, which containers do not notice: the kubelet adopts them. An absent API server is waited for.
 */
final class Agent {
    private static final Logger LOG = LoggerFactory.getLogger(Agent.class);
    private static final Duration COMPONENT_TIMEOUT = Duration.ofMinutes(1);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(6);
    private static final Duration LOOK_PERIOD = Duration.ofMinutes(1);
    private static final Duration SHORTEST_LIFE = Duration.ofMinutes(10);
    private static final Duration RETRY = Duration.ofSeconds(2);

    private final Settings settings;
    private final NodeKeys keys;
    private final NodeJoin join;
    private final InstantSource clock = InstantSource.system();

    /**
     * What {@code mizzen agent} was told, checked.
     *
     * @param server URL of the API server
     * @param token join token, if one was given
     * @param dataDir everything that is kept
     * @param node this node
     * @param certificateLife of the certificates it asks for; zero for the server's choice
     */
    record Settings(
            String server,
            Optional<JoinToken> token,
            Path dataDir,
            ServerSettings.Node node,
            Duration certificateLife) {
        static Settings from(FlagValues flags) {
            String server = flags.text("server");
            if (!server.matches("https://[^/]+/?")) {
                throw new FlagException("flag --server must be the API server's URL, https://host:6443");
            }
            Optional<JoinToken> token = ServerSettings.token(flags);
            if (token.isEmpty() && flags.isGiven("token-file")) {
                try {
                    token = JoinToken.parse(Files.readString(flags.path("token-file")));
                } catch (IOException e) {
                    throw new LaunchException("cannot read " + flags.path("token-file") + ": " + e.getMessage(), e);
                }
                if (token.isEmpty()) {
                    throw new LaunchException(flags.path("token-file") + " holds no join token");
                }
            }
            Duration life = flags.duration("certificate-ttl");
            if (!life.isZero() && life.compareTo(SHORTEST_LIFE) < 0) {
                throw new FlagException("flag --certificate-ttl must be 0 or at least 10m");
            }
            return new Settings(
                    server.replaceAll("/+$", ""), token, flags.path("data-dir"), ServerSettings.Node.from(flags), life);
        }
    }

    private Agent(Settings settings) {
        this.settings = settings;
        this.keys =
                new NodeKeys(settings.dataDir().resolve("tls"), settings.node().name());
        this.join = new NodeJoin(
                new NodeJoin.Joining(
                        settings.server(),
                        settings.node().name(),
                        settings.node().ip(),
                        settings.certificateLife()),
                keys,
                clock);
    }

    static void run(FlagValues flags) throws IOException, InterruptedException {
        Settings settings = Settings.from(flags);
        Machine.requireRoot("mizzen agent");
        try (DataFolder folder = DataFolder.lock(settings.dataDir());
                StopSignal signal = StopSignal.install();
                ComponentStack stack = new ComponentStack(CLOSE_TIMEOUT)) {
            LOG.info("mizzen {} starts as an agent, data folder {}", Version.text(), folder.path());
            Machine.requireFreePort("0.0.0.0", settings.node().kubeletPort(), "kubelet-port");
            new Agent(settings).runNode(stack, signal);
            LOG.info("Stopping");
        } finally {
            LOG.info("Stopped");
        }
    }

    private void runNode(ComponentStack stack, StopSignal signal) throws InterruptedException {
        NodeRuntime runtime = new NodeRuntime();
        try {
            stack.startTogether(
                    List.of(
                            new Component("containerd", () -> runtime.start(settings.dataDir(), settings.node())),
                            new Component("join", () -> {
                                join.join(settings.token());
                                return () -> {};
                            })),
                    Duration.ofHours(1));
            while (!signal.isGiven()) {
                runUntilRenewed(runtime, signal);
            }
        } catch (InterruptedException e) {
            if (!signal.isGiven()) {
                throw e;
            }
        }
    }

    /** Runs the components with the present certificates; returns when there are new ones or the signal was given. */
    private void runUntilRenewed(NodeRuntime runtime, StopSignal signal) throws InterruptedException {
        Path kubeconfig = settings.dataDir().resolve("kubeconfig/node.yaml");
        keys.writeKubeconfig(kubeconfig, settings.server());
        try (KubernetesClient client = KubeClients.fromKubeconfig(kubeconfig, "agent");
                ComponentStack stack = new ComponentStack(CLOSE_TIMEOUT)) {
            ApiClient api = new HttpApiClient(client);
            ServerSettings.Network network = awaitNetwork(api);
            if (!keys.isUsable(NodeKeys.SERVING, join.servingNames(), clock.instant())) {
                awaitServing(api);
            }
            PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
            stack.startTogether(components(kubeconfig, runtime, network, registry), COMPONENT_TIMEOUT);
            LOG.info(
                    "Node {} runs, kubelet on 0.0.0.0:{}",
                    settings.node().name(),
                    settings.node().kubeletPort());
            while (!signal.await(LOOK_PERIOD)) {
                if (renewIfDue(api)) {
                    LOG.info("Components start anew with new certificates");
                    return;
                }
            }
        }
    }

    private List<Component> components(
            Path kubeconfig, NodeRuntime runtime, ServerSettings.Network network, PrometheusMeterRegistry registry) {
        return List.of(
                new Component(
                        "kubelet",
                        () -> Components.kubelet(
                                new Components.KubeletFiles(
                                        kubeconfig,
                                        settings.dataDir(),
                                        runtime.socket(),
                                        keys.files(NodeKeys.SERVING),
                                        keys.authority()),
                                settings.node(),
                                network,
                                registry)),
                new Component("kube-proxy", () -> Components.kubeProxy(kubeconfig, settings.node(), network, registry)),
                new Component("pod-routes", () -> Components.podRoutes(kubeconfig, settings.node(), network, registry)),
                new Component(
                        "cluster-dns", () -> Components.clusterDns(kubeconfig, settings.node(), network, registry)));
    }

    private ServerSettings.Network awaitNetwork(ApiClient api) throws InterruptedException {
        while (true) {
            try {
                Optional<ServerSettings.Network> network = JoinSettings.read(api);
                if (network.isPresent()) {
                    return network.get();
                }
                LOG.warn("The cluster does not say its ranges ({}), waiting", JoinSettings.CONFIG_MAP);
            } catch (KubernetesClientException e) {
                LOG.warn("The API server does not answer, trying again: {}", e.getMessage());
            }
            TimeUnit.NANOSECONDS.sleep(RETRY.toNanos());
        }
    }

    private void awaitServing(ApiClient api) throws InterruptedException {
        while (true) {
            try {
                join.renewServing(api);
                return;
            } catch (KubernetesClientException | LaunchException e) {
                LOG.warn("No serving certificate yet, trying again: {}", e.getMessage());
                TimeUnit.NANOSECONDS.sleep(RETRY.toNanos());
            }
        }
    }

    /** Whether a certificate was due and is new now; one that cannot be had is tried again at the next look. */
    private boolean renewIfDue(ApiClient api) throws InterruptedException {
        Instant now = clock.instant();
        boolean isRenewed = false;
        try {
            if (!now.isBefore(keys.renewAt(NodeKeys.CLIENT, now))) {
                join.renewClient(api);
                isRenewed = true;
            }
            if (!now.isBefore(keys.renewAt(NodeKeys.SERVING, now))) {
                join.renewServing(api);
                isRenewed = true;
            }
        } catch (KubernetesClientException | LaunchException | PkiException | UncheckedIOException e) {
            // A fifth of its life is left for whatever is wrong to pass.
            LOG.warn(
                    "A certificate could not be renewed, trying again in {} s: {}",
                    LOOK_PERIOD.toSeconds(),
                    e.getMessage());
        }
        return isRenewed;
    }
}
