// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy.dns;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.micrometer.core.instrument.MeterRegistry;
import io.mizzen.client.ApiClient;
import io.mizzen.client.ApiErrors;
import io.mizzen.client.HttpApiClient;
import io.mizzen.client.Informer;
import io.mizzen.client.Informers;
import io.mizzen.client.ObjectKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The cluster's DNS on one node. Every node runs one; the Service {@code kube-system/kube-dns} has internal traffic policy Local,
 * so that pods always ask their own node and the loss of a node takes no name server from the others.
 *
 * <p>Threads: {@code cluster-dns} reads the cluster once and publishes Service and EndpointSlice; then only those of the server
 * and the informers. {@link #close} ends all within ten seconds.
 */
public final class ClusterDns implements AutoCloseable {
    /** The Service's key. */
    public static final ObjectKey SERVICE = new ObjectKey("kube-system", "kube-dns");

    private static final Logger log = LoggerFactory.getLogger(ClusterDns.class);
    private static final Duration SYNC_TIMEOUT = Duration.ofSeconds(30);
    private static final Duration UPSTREAM_TIMEOUT = Duration.ofSeconds(2);
    private static final int RETRY_SECONDS = 10;
    private static final int SERVICE_PORT = 53;

    private final ClusterDnsOptions options;
    private final ApiClient api;
    private final Informers informers;
    private final DnsServer server;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final Thread thread;

    private ClusterDns(ClusterDnsOptions options, KubernetesClient client, MeterRegistry registry) throws IOException {
        this.options = options;
        api = new HttpApiClient(client);
        informers = new Informers(client, "cluster-dns", registry);
        InformerSource source = new InformerSource(informers);
        SecureRandom random = new SecureRandom();
        InetAddress own = InetAddress.ofLiteral(options.nodeIp());
        ResolvConf resolvConf =
                new ResolvConf(options.resolvConf(), List.of(InetAddress.ofLiteral(options.clusterIp())));
        Upstream upstream = new Upstream(resolvConf, UPSTREAM_TIMEOUT, random);
        Responder responder = new Responder(
                new ClusterZone(options.domain(), source),
                new AnswerCache(upstream::ask, InstantSource.system()),
                random);
        List<AddressRange> ranges =
                options.allowedCidrs().stream().map(AddressRange::parse).toList();
        server = new DnsServer(
                new InetSocketAddress(own, options.port()),
                responder,
                asker -> isOfThisNode(asker) || ranges.stream().anyMatch(range -> range.contains(asker)),
                registry);
        thread = Thread.ofVirtual().name("cluster-dns").unstarted(this::run);
    }

    /**
     * Starts the server and returns at once; until the informers have read the cluster its names are not known.
     *
     * @param client the connection, which stays its caller's to close; where it may write Services and EndpointSlices in {@code
     *     kube-system}, they are published
     * @throws UncheckedIOException if the address is taken
     */
    public static ClusterDns start(ClusterDnsOptions options, KubernetesClient client, MeterRegistry registry) {
        try {
            ClusterDns dns = new ClusterDns(options, client, registry);
            dns.thread.start();
            return dns;
        } catch (IOException taken) {
            throw new UncheckedIOException(new IOException(
                    "DNS cannot listen on " + options.nodeIp() + ":" + options.port() + ": " + taken.getMessage()));
        }
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return server.address();
    }

    @Override
    public void close() {
        stop.countDown();
        thread.interrupt();
        try {
            if (!thread.join(Duration.ofSeconds(2))) {
                log.error("cluster-dns did not end in time");
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        server.close();
        informers.close();
    }

    private void run() {
        try {
            boolean isDone = false;
            while (!isDone && stop.getCount() > 0) {
                isDone = tryOnce() || stop.await(RETRY_SECONDS, TimeUnit.SECONDS);
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean tryOnce() throws InterruptedException {
        try {
            informers.startAndSync(SYNC_TIMEOUT);
            publish();
            log.info("DNS of {} answers on {}", options.domain(), address());
            return true;
        } catch (IllegalStateException late) {
            log.warn("DNS waits for the API server: {}", late.getMessage());
        } catch (KubernetesClientException refused) {
            if (refused.getCode() == 403) {
                log.info("DNS answers on {}; the server publishes its Service", address());
                log.debug("{}", refused.getMessage());
                return true;
            }
            log.warn("Service {} could not be published, trying again: {}", SERVICE, refused.getMessage());
        }
        return false;
    }

    private void publish() {
        Optional<Service> present = api.find(Service.class, SERVICE);
        if (present.isEmpty()) {
            createIfAbsent(service());
        } else if (!options.clusterIp().equals(present.get().getSpec().getClusterIP())) {
            log.warn(
                    "Service {} has address {}, not {}: pods will not find DNS",
                    SERVICE,
                    present.get().getSpec().getClusterIP(),
                    options.clusterIp());
        }
        EndpointSlice slice = slice(options);
        Optional<EndpointSlice> published = api.find(EndpointSlice.class, ObjectKey.of(slice));
        if (published.isEmpty()) {
            createIfAbsent(slice);
        } else if (!published.get().getEndpoints().equals(slice.getEndpoints())
                || !published.get().getPorts().equals(slice.getPorts())) {
            slice.getMetadata().setResourceVersion(published.get().getMetadata().getResourceVersion());
            EndpointSlice stored = api.update(slice);
            log.info("EndpointSlice {} renewed", ObjectKey.of(stored));
        }
    }

    private void createIfAbsent(io.fabric8.kubernetes.api.model.HasMetadata object) {
        try {
            log.info("{} {} created", object.getKind(), ObjectKey.of(api.create(object)));
        } catch (KubernetesClientException refused) {
            if (!ApiErrors.isAlreadyExists(refused)) {
                throw refused;
            }
        }
    }

    private Service service() {
        return new ServiceBuilder()
                .withNewMetadata()
                .withNamespace(SERVICE.namespace())
                .withName(SERVICE.name())
                .addToLabels("k8s-app", "kube-dns")
                .addToLabels("kubernetes.io/cluster-service", "true")
                .addToLabels("kubernetes.io/name", "ClusterDNS")
                .endMetadata()
                .withNewSpec()
                .withClusterIP(options.clusterIp())
                .withInternalTrafficPolicy("Local")
                .addNewPort()
                .withName("dns")
                .withProtocol("UDP")
                .withPort(SERVICE_PORT)
                .withTargetPort(new IntOrString(options.port()))
                .endPort()
                .addNewPort()
                .withName("dns-tcp")
                .withProtocol("TCP")
                .withPort(SERVICE_PORT)
                .withTargetPort(new IntOrString(options.port()))
                .endPort()
                .endSpec()
                .build();
    }

    /** The slice that leads the Service to this node's server; the proxy of the node knows it even where nobody may publish it. */
    public static EndpointSlice slice(ClusterDnsOptions options) {
        return new EndpointSliceBuilder()
                .withNewMetadata()
                .withNamespace(SERVICE.namespace())
                .withName(SERVICE.name() + "-" + options.nodeName())
                .addToLabels("kubernetes.io/service-name", SERVICE.name())
                .addToLabels("endpointslice.kubernetes.io/managed-by", "cluster-dns")
                .endMetadata()
                .withAddressType(options.nodeIp().indexOf(':') >= 0 ? "IPv6" : "IPv4")
                .addNewPort()
                .withName("dns")
                .withProtocol("UDP")
                .withPort(options.port())
                .endPort()
                .addNewPort()
                .withName("dns-tcp")
                .withProtocol("TCP")
                .withPort(options.port())
                .endPort()
                .addNewEndpoint()
                .withAddresses(options.nodeIp())
                .withNodeName(options.nodeName())
                .withNewConditions()
                .withReady(true)
                .withServing(true)
                .withTerminating(false)
                .endConditions()
                .endEndpoint()
                .build();
    }

    private static boolean isOfThisNode(InetAddress asker) {
        try {
            return asker.isLoopbackAddress() || NetworkInterface.getByInetAddress(asker) != null;
        } catch (SocketException unknown) {
            return false;
        }
    }

    private static final class InformerSource implements ServiceSource {
        private static final String BY_IP = "ip";
        private static final String BY_SERVICE = "service";

        private final Informer<Service> services;
        private final Informer<EndpointSlice> slices;

        InformerSource(Informers informers) {
            services = informers.of(Service.class);
            slices = informers.of(EndpointSlice.class);
            services.addIndex(BY_IP, service -> service.getSpec().getClusterIPs());
            slices.addIndex(BY_IP, slice -> {
                List<String> ips = new ArrayList<>();
                slice.getEndpoints().forEach(endpoint -> ips.addAll(endpoint.getAddresses()));
                return ips.stream().distinct().toList();
            });
            slices.addIndex(
                    BY_SERVICE,
                    slice -> Optional.ofNullable(slice.getMetadata().getLabels())
                            .map(labels -> labels.get("kubernetes.io/service-name"))
                            .map(service -> List.of(slice.getMetadata().getNamespace() + "/" + service))
                            .orElse(List.of()));
        }

        @Override
        public Optional<Service> service(String namespace, String name) {
            return services.find(new ObjectKey(namespace, name));
        }

        @Override
        public List<EndpointSlice> slices(String namespace, String service) {
            return slices.byIndex(BY_SERVICE, namespace + "/" + service);
        }

        @Override
        public List<Service> servicesAt(String ip) {
            return services.byIndex(BY_IP, ip);
        }

        @Override
        public List<EndpointSlice> slicesAt(String ip) {
            return slices.byIndex(BY_IP, ip);
        }

        @Override
        public boolean hasServices(String namespace) {
            return !services.inNamespace(namespace).isEmpty();
        }
    }
}
