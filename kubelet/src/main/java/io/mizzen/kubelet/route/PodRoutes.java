// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.route;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.core.instrument.MeterRegistry;
import io.mizzen.client.ApiClient;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.HttpApiClient;
import io.mizzen.client.Informer;
import io.mizzen.client.Informers;
import io.mizzen.client.Json;
import io.mizzen.client.ObjectKey;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the ways to other nodes' pods as the Nodes say, at every change of a Node and each half minute. What it made stays when it
 * is closed: pods go on talking while the agent is away, and the next start removes what is not wanted any more.
 *
 * <p>Thread {@code pod-routes} owns everything.
 */
public final class PodRoutes implements AutoCloseable {
    /** Annotation of a Node: hardware address of its VXLAN end. */
    static final String MAC = "network.mizzen.io/vtep-mac";

    /** Annotation of a Node: the address that its VXLAN end is reached by. */
    static final String ADDRESS = "network.mizzen.io/vtep-address";

    private static final Logger LOG = LoggerFactory.getLogger(PodRoutes.class);
    private static final Duration SYNC_TIMEOUT = Duration.ofSeconds(30);
    private static final Duration PERIOD = Duration.ofSeconds(30);
    private static final Duration RETRY = Duration.ofSeconds(2);

    private static final Pattern HARDWARE = Pattern.compile("[0-9a-f]{2}(:[0-9a-f]{2}){5}");

    private final Options options;
    private final ApiClient api;
    private final Informers informers;
    private final Informer<Node> nodes;
    private final Kernel kernel = new Kernel();
    private final Semaphore changes = new Semaphore(0);
    private final Thread thread;

    /**
     * Who we are.
     *
     * @param nodeName this node
     * @param nodeIp its address
     * @param clusterCidr the range of all pods
     */
    public record Options(String nodeName, String nodeIp, String clusterCidr) {}

    private PodRoutes(Options options, KubernetesClient client, MeterRegistry registry) {
        this.options = options;
        this.api = new HttpApiClient(client);
        this.informers = new Informers(client, "pod-routes", registry);
        this.nodes = informers.of(Node.class);
        nodes.onChange(ChangeHandler.of(node -> changes.release()));
        this.thread = Thread.ofVirtual().name("pod-routes").unstarted(this::run);
    }

    /**
     * Starts and returns at once; an absent API server is waited for.
     *
     * @param client the node's own connection, which stays its caller's to close
     */
    public static PodRoutes start(Options options, KubernetesClient client, MeterRegistry registry) {
        PodRoutes routes = new PodRoutes(options, client, registry);
        routes.thread.start();
        return routes;
    }

    private void run() {
        try {
            awaitNodes();
            while (true) {
                Duration next = PERIOD;
                try {
                    kernel.allowForwarding();
                    apply();
                } catch (IOException | RuntimeException e) {
                    LOG.warn("The ways to other nodes' pods could not be set, trying again: {}", e.toString());
                    next = RETRY;
                }
                // Many changes at once are one look.
                if (changes.tryAcquire(next.toMillis(), TimeUnit.MILLISECONDS)) {
                    TimeUnit.MILLISECONDS.sleep(100);
                    changes.drainPermits();
                }
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private void awaitNodes() throws InterruptedException {
        while (true) {
            try {
                informers.startAndSync(SYNC_TIMEOUT);
                return;
            } catch (IllegalStateException late) {
                LOG.warn("The ways to other nodes' pods wait for the API server: {}", late.getMessage());
            }
        }
    }

    private void apply() throws IOException, InterruptedException {
        Optional<Node> own = nodes.find(ObjectKey.cluster(options.nodeName()));
        String podCidr = own.map(PodRoutes::podCidr).orElse("");
        if (podCidr.isEmpty()) {
            return;
        }
        publish(own.get(), podCidr);
        List<RoutePlan.Peer> peers = new ArrayList<>();
        for (Node node : nodes.list()) {
            String mac = annotation(node, MAC);
            if (!node.getMetadata().getName().equals(options.nodeName())) {
                peers.add(new RoutePlan.Peer(
                        node.getMetadata().getName(),
                        internalIp(node),
                        podCidr(node),
                        HARDWARE.matcher(mac).matches() ? mac : ""));
            }
        }
        RoutePlan.Peer self = new RoutePlan.Peer(options.nodeName(), options.nodeIp(), podCidr, RoutePlan.mac(podCidr));
        List<List<String>> commands = RoutePlan.commands(
                self, RoutePlan.usable(self, peers, options.clusterCidr()), options.clusterCidr(), kernel.read());
        IOException first = null;
        for (List<String> command : commands) {
            LOG.info("{}", String.join(" ", command));
            try {
                String output = Kernel.run(command);
                LOG.debug("{}", output);
            } catch (IOException failed) {
                // The others are set all the same.
                first = first == null ? failed : first;
            }
        }
        if (first != null) {
            throw first;
        }
    }

    private void publish(Node own, String podCidr) {
        String mac = RoutePlan.mac(podCidr);
        if (annotation(own, MAC).equals(mac) && annotation(own, ADDRESS).equals(options.nodeIp())) {
            return;
        }
        ObjectNode patch = Json.object();
        patch.putObject("metadata").putObject("annotations").put(MAC, mac).put(ADDRESS, options.nodeIp());
        Node told = api.patch(Node.class, ObjectKey.cluster(options.nodeName()), patch);
        LOG.debug("Node {} tells its VXLAN end {}", ObjectKey.of(told), mac);
    }

    private static String annotation(Node node, String name) {
        Map<String, String> annotations = node.getMetadata().getAnnotations();
        return annotations == null ? "" : annotations.getOrDefault(name, "");
    }

    private static String podCidr(Node node) {
        String cidr = node.getSpec() == null ? null : node.getSpec().getPodCIDR();
        return cidr == null || cidr.contains(":") ? "" : cidr;
    }

    private static String internalIp(Node node) {
        if (node.getStatus() == null || node.getStatus().getAddresses() == null) {
            return "";
        }
        return node.getStatus().getAddresses().stream()
                .filter(address -> "InternalIP".equals(address.getType())
                        && address.getAddress() != null
                        && !address.getAddress().contains(":"))
                .map(address -> address.getAddress())
                .findFirst()
                .orElse("");
    }

    @Override
    public void close() {
        thread.interrupt();
        try {
            if (!thread.join(Duration.ofSeconds(4))) {
                LOG.warn("pod-routes did not end in time");
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        informers.close();
    }
}
