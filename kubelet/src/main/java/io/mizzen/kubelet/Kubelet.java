// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeSpec;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.core.instrument.MeterRegistry;
import io.mizzen.client.HttpApiClient;
import io.mizzen.kubelet.admission.Admission;
import io.mizzen.kubelet.admission.NodeView;
import io.mizzen.kubelet.control.ApiServerPort;
import io.mizzen.kubelet.control.ControlPlane;
import io.mizzen.kubelet.cri.CriClient;
import io.mizzen.kubelet.eviction.MachineSensors;
import io.mizzen.kubelet.eviction.NodePressure;
import io.mizzen.kubelet.image.ImageCollector;
import io.mizzen.kubelet.image.Images;
import io.mizzen.kubelet.network.PodNetwork;
import io.mizzen.kubelet.node.HealthWatch;
import io.mizzen.kubelet.node.MachineFacts;
import io.mizzen.kubelet.node.NodeAgent;
import io.mizzen.kubelet.node.NodeStatusComposer;
import io.mizzen.kubelet.node.Reserved;
import io.mizzen.kubelet.node.RuntimeHealth;
import io.mizzen.kubelet.pod.Housekeeping;
import io.mizzen.kubelet.pod.PodLifecycleEvents;
import io.mizzen.kubelet.pod.PodMetrics;
import io.mizzen.kubelet.pod.PodServices;
import io.mizzen.kubelet.pod.PodWorkers;
import io.mizzen.kubelet.pod.StatusReporter;
import io.mizzen.kubelet.probe.Prober;
import io.mizzen.kubelet.resource.Cgroups;
import io.mizzen.kubelet.runtime.Environment;
import io.mizzen.kubelet.runtime.RuntimeReader;
import io.mizzen.kubelet.server.AccessReviews;
import io.mizzen.kubelet.server.KubeletAuthenticator;
import io.mizzen.kubelet.server.KubeletAuthorizer;
import io.mizzen.kubelet.server.KubeletServer;
import io.mizzen.kubelet.stats.NodeStats;
import io.mizzen.kubelet.stats.PodUsages;
import io.mizzen.kubelet.volume.LocalPathKeeper;
import io.mizzen.kubelet.volume.LocalPathVolumes;
import io.mizzen.kubelet.volume.SubPaths;
import io.mizzen.kubelet.volume.VolumeFolders;
import io.mizzen.kubelet.volume.Volumes;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node agent of one node.
 *
 * <p>Started, it adopts what already runs, registers its node, and from then on keeps the node's pods as the API server says.
 * Closed, it ends all its threads within ten seconds and leaves every container running.
 */
public final class Kubelet implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Kubelet.class);

    private static final String LOCAL_PATH_ROOT = "mizzen.io/local-path-root";

    private final List<AutoCloseable> parts = new ArrayList<>();
    private final PodWorkers workers;
    private @Nullable KubeletServer server;

    /** Who is let in by the HTTPS server. */
    private record Access(KubeletAuthorizer authorizer, KubeletAuthenticator authenticator) {}

    private Kubelet(
            KubeletOptions options, ControlPlane control, Access access, MeterRegistry registry, InstantSource clock)
            throws IOException {
        MachineFacts machine = MachineFacts.read(options.rootDir());
        CriClient cri = CriClient.connect(
                options.runtime().endpoint(), options.runtime().requestTimeout());
        RuntimeHealth health = new RuntimeHealth(cri, clock);
        PodNetwork network = new PodNetwork(new PodNetwork.Settings(
                options.network().cniConfDir(),
                options.network().cniStateDir(),
                options.network().bridgeName(),
                options.network().mtu(),
                options.network().clusterCidr()));
        Cgroups cgroups = new Cgroups(Path.of("/sys/fs/cgroup"), options.cgroupRoot());
        Reserved reserved = options.care().reserved(machine);
        cgroups.prepareNode(
                Math.max(0, machine.cpus() * 1000L - reserved.milliCpu()),
                Math.max(1 << 20, machine.memoryBytes() - reserved.memoryBytes()));
        AtomicReference<Supplier<NodeView>> view = new AtomicReference<>();
        Admission admission = new Admission(() -> view.get().get());
        PodServices services = services(options, control, registry, clock, machine, cri, health, cgroups, admission);
        this.workers = new PodWorkers(services, RandomGenerator.getDefault());
        ImageCollector images = new ImageCollector(
                options.care().images(), options.runtime().pauseImage(), cri, control.events(), clock);
        NodePressure pressure = pressure(options, services, machine, images);
        PodLifecycleEvents pleg =
                new PodLifecycleEvents(cri, workers, options.intervals().relist(), clock);
        options.network().podCidr().ifPresent(cidr -> setUp(network, cidr));
        int port = serve(options, services, access, registry, cgroups);
        if (control.nodes().isPresent()) {
            NodeAgent node = new NodeAgent(
                    nodeSettings(options, machine, reserved, port),
                    control.nodes().get(),
                    control.events(),
                    cri,
                    health,
                    pleg::lastListing,
                    pressure::conditions,
                    cidr -> {
                        if (options.network().podCidr().isEmpty()) {
                            setUp(network, cidr);
                        }
                    },
                    clock);
            view.set(() -> view(options, services, machine, node.node(), pressure));
            node.start();
            parts.add(node);
        } else {
            view.set(() -> view(options, services, machine, Optional.empty(), pressure));
            parts.add(new HealthWatch(health));
        }
        control.volumes()
                .ifPresent(volumes -> parts.add(new LocalPathKeeper(
                        new LocalPathVolumes(options.nodeName(), options.localPathRoot()), volumes, clock, registry)));
        pressure.start();
        parts.add(pressure);
        images.start();
        parts.add(images);
        parts.add(control.pods().start(workers));
        parts.add(new Housekeeping(
                services,
                workers,
                options.intervals().housekeeping(),
                options.intervals().logRotation()));
        parts.add(pleg);
        parts.add(workers);
        parts.add(services.statuses());
        parts.add(cri);
        LOG.info(
                "Kubelet of node {} runs its pods in {}",
                options.nodeName(),
                options.runtime().endpoint());
    }

    /**
     * Starts the agent.
     *
     * @param options who it is and where everything lies
     * @param client of the API server; stays its caller's to close
     * @param registry for metrics
     * @throws IOException when folders or cgroups cannot be made; an absent runtime or API server is waited for instead
     */
    public static Kubelet start(KubeletOptions options, KubernetesClient client, MeterRegistry registry)
            throws IOException {
        InstantSource clock = InstantSource.system();
        ApiServerPort port = new ApiServerPort(client, options.nodeName(), clock, registry);
        AccessReviews reviews = new AccessReviews(new HttpApiClient(client), options.nodeName(), clock);
        Kubelet kubelet = new Kubelet(options, port.controlPlane(), new Access(reviews, reviews), registry, clock);
        kubelet.parts.add(port);
        return kubelet;
    }

    /** Starts the agent on other ports than those of an API server. */
    static Kubelet start(KubeletOptions options, ControlPlane control, MeterRegistry registry) throws IOException {
        Access masters = new Access(KubeletAuthorizer.masters(), bearer -> Optional.empty());
        return new Kubelet(options, control, masters, registry, InstantSource.system());
    }

    private static PodServices services(
            KubeletOptions options,
            ControlPlane control,
            MeterRegistry registry,
            InstantSource clock,
            MachineFacts machine,
            CriClient cri,
            RuntimeHealth health,
            Cgroups cgroups,
            Admission admission) {
        VolumeFolders folders = new VolumeFolders(options.rootDir());
        PodServices.NodeFacts node = new PodServices.NodeFacts(
                options.nodeIp(),
                machine.memoryBytes(),
                options.cgroupRoot(),
                options.podLogsDir(),
                options.containerLogsDir(),
                options.network().clusterDns(),
                options.network().clusterDomain(),
                options.network().resolvConf(),
                options.intervals().resync(),
                NodeStatusComposer.allocatable(
                        machine, options.maxPods(), options.care().reserved(machine)),
                health::networkProblem,
                clock.instant());
        return new PodServices(
                cri,
                new RuntimeReader(cri),
                new Images(cri, control.objects(), control.events(), clock),
                new Volumes(
                        folders,
                        control.objects(),
                        new LocalPathVolumes(options.nodeName(), options.localPathRoot()),
                        clock),
                new SubPaths(folders),
                folders,
                new Environment(control.objects()),
                new Prober(cri),
                cgroups,
                admission,
                control.events(),
                new StatusReporter(control.statuses()),
                node,
                new PodMetrics(registry),
                clock);
    }

    /** Starts the HTTPS server if there is to be one; answers its port, or 0. */
    private int serve(
            KubeletOptions options, PodServices services, Access access, MeterRegistry registry, Cgroups cgroups)
            throws IOException {
        if (options.server().isEmpty()) {
            return 0;
        }
        KubeletOptions.ServerOptions listen = options.server().get();
        NodeStats stats = new NodeStats(
                options.nodeName(),
                services.cri(),
                workers::pods,
                cgroups,
                options.cgroupRoot(),
                options.rootDir(),
                services.prober().totals(),
                services.clock());
        server = KubeletServer.start(
                new KubeletServer.Listen(
                        listen.address(), listen.port(), listen.certificate(), listen.key(), listen.clientCa()),
                new KubeletServer.Parts(
                        services.cri(),
                        services.reader(),
                        workers::pod,
                        workers::pods,
                        stats,
                        access.authorizer(),
                        access.authenticator(),
                        registry,
                        services.clock()));
        parts.add(server);
        return server.port();
    }

    /** The port of the HTTPS server; 0 if there is none. */
    public int serverPort() {
        return server == null ? 0 : server.port();
    }

    private NodePressure pressure(
            KubeletOptions options, PodServices services, MachineFacts machine, ImageCollector images) {
        PodUsages usages = new PodUsages(
                services.cri(),
                services.admission()::active,
                services.cgroups(),
                options.cgroupRoot(),
                services.folders(),
                services::logDirectory,
                services.clock());
        return new NodePressure(
                new NodePressure.Settings(
                        options.care().evictionHard(),
                        options.care().pressureTransition(),
                        options.care().evictionPeriod()),
                new NodePressure.Parts(
                        new MachineSensors(machine.memoryBytes(), options.rootDir(), services.cri(), usages),
                        workers,
                        images::freeAll,
                        services.events(),
                        services.clock(),
                        workers::isSynced));
    }

    /** What admission goes by; before the Node object was seen, what it will be made of. */
    private static NodeView view(
            KubeletOptions options,
            PodServices services,
            MachineFacts machine,
            Optional<Node> node,
            NodePressure pressure) {
        Map<String, String> labels = new HashMap<>(options.nodeLabels());
        labels.putAll(NodeStatusComposer.labels(options.nodeName(), machine.architecture()));
        node.map(n -> n.getMetadata().getLabels()).ifPresent(labels::putAll);
        List<Taint> taints = node.map(Node::getSpec).map(NodeSpec::getTaints).orElse(List.of());
        return new NodeView(options.nodeName(), labels, taints, services.node().allocatable(), pressure.conditions());
    }

    private static NodeAgent.Settings nodeSettings(
            KubeletOptions options, MachineFacts machine, Reserved reserved, int port) {
        return new NodeAgent.Settings(
                options.nodeName(),
                options.nodeIp(),
                machine,
                options.maxPods(),
                reserved,
                port,
                options.nodeLabels(),
                Map.of(LOCAL_PATH_ROOT, options.localPathRoot().toString()),
                options.registerNode(),
                options.intervals().nodeStatus(),
                options.intervals().nodeStatusReport(),
                options.intervals().leaseRenewal());
    }

    private static void setUp(PodNetwork network, String cidr) {
        try {
            network.apply(cidr);
            network.masquerade(cidr);
        } catch (IOException e) {
            LOG.error("The pod network {} could not be set up: {}", cidr, e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The pods that this node is told to run. */
    public List<Pod> pods() {
        return workers.pods();
    }

    @Override
    public void close() {
        for (AutoCloseable part : parts) {
            try {
                part.close();
            } catch (Exception e) {
                LOG.warn("A part of the kubelet could not be closed: {}", e.getMessage());
            }
        }
    }
}
