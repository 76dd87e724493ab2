// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.node;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.NodeStatus;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.mizzen.kubelet.control.EventSink;
import io.mizzen.kubelet.control.NodeRegistry;
import io.mizzen.kubelet.cri.CriClient;
import io.mizzen.kubelet.cri.CriException;
import io.mizzen.kubelet.cri.v1.Image;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the Node object and its lease: registers the node, tells its status when it changes and every five minutes, renews the
 * lease every ten seconds, and gives the pod network its range once the node has one.
 *
 * <p>Threads {@code node-status} and {@code node-lease}; the status thread alone owns the last status told.
 */
public final class NodeAgent implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NodeAgent.class);
    private static final Duration NOT_READY_PERIOD = Duration.ofMillis(250);
    private static final int LEASE_SECONDS = 40;

    private final Settings settings;
    private final NodeRegistry registry;
    private final EventSink events;
    private final CriClient cri;
    private final RuntimeHealth health;
    private final Supplier<Instant> lastListing;
    private final Supplier<Set<String>> pressures;
    private final Consumer<String> onPodCidr;
    private final InstantSource clock;
    private final List<Thread> threads = new ArrayList<>();
    private final List<AutoCloseable> watches = new ArrayList<>();
    private volatile @Nullable String nodeUid;
    private volatile @Nullable Node newest;
    private @Nullable NodeStatus told;
    private Instant toldAt = Instant.MIN;
    private boolean wasUnschedulable;

    /**
     * Who the node is.
     *
     * @param nodeName name
     * @param nodeIp address
     * @param machine what it is
     * @param maxPods how many pods it takes
     * @param reserved what is not for pods
     * @param kubeletPort of the HTTPS server; 0 for none
     * @param labels further labels
     * @param annotations further annotations
     * @param mayRegister whether to create the Node
     * @param statusPeriod how often the status is computed
     * @param reportPeriod how often it is told though unchanged
     * @param leasePeriod how often the lease is renewed
     */
    public record Settings(
            String nodeName,
            String nodeIp,
            MachineFacts machine,
            int maxPods,
            Reserved reserved,
            int kubeletPort,
            Map<String, String> labels,
            Map<String, String> annotations,
            boolean mayRegister,
            Duration statusPeriod,
            Duration reportPeriod,
            Duration leasePeriod) {}

    /**
     * @param settings who the node is
     * @param registry where it is kept
     * @param events told of readiness
     * @param cri for images
     * @param health asked for problems
     * @param lastListing when containers were listed last
     * @param pressures conditions of pressure that are true
     * @param onPodCidr told the node's pod range, again with every change; must not block long
     */
    public NodeAgent(
            Settings settings,
            NodeRegistry registry,
            EventSink events,
            CriClient cri,
            RuntimeHealth health,
            Supplier<Instant> lastListing,
            Supplier<Set<String>> pressures,
            Consumer<String> onPodCidr,
            InstantSource clock) {
        this.settings = settings;
        this.registry = registry;
        this.events = events;
        this.cri = cri;
        this.health = health;
        this.lastListing = lastListing;
        this.pressures = pressures;
        this.onPodCidr = onPodCidr;
        this.clock = clock;
    }

    /** Starts. */
    public void start() {
        watches.add(registry.watch(settings.nodeName(), this::nodeChanged));
        threads.add(Thread.ofVirtual().name("node-status").start(this::keepStatus));
        threads.add(Thread.ofVirtual().name("node-lease").start(this::keepLease));
        events.nodeEvent(false, "Starting", "Starting kubelet.");
    }

    /** The Node as it was seen last; empty before the first time. */
    public Optional<Node> node() {
        return Optional.ofNullable(newest);
    }

    private void nodeChanged(Node node) {
        newest = node;
        String cidr = node.getSpec() == null ? null : node.getSpec().getPodCIDR();
        if (cidr != null && !cidr.isEmpty()) {
            onPodCidr.accept(cidr);
        }
    }

    private void keepStatus() {
        while (!Thread.currentThread().isInterrupted()) {
            boolean isReady = false;
            try {
                health.refresh();
                isReady = tellIfDue();
            } catch (IOException e) {
                LOG.warn("Node {} could not be told to the API server: {}", settings.nodeName(), e.getMessage());
            } catch (RuntimeException e) {
                LOG.error("Node status failed", e);
            }
            // A node that is not ready yet looks again at once, so that it is of use as soon as it can be.
            LockSupport.parkNanos((isReady ? settings.statusPeriod() : NOT_READY_PERIOD).toNanos());
        }
    }

    private boolean tellIfDue() throws IOException {
        Node node = current();
        nodeUid = node.getMetadata().getUid();
        NodeStatus status = NodeStatusComposer.compose(input(), node.getStatus());
        boolean isReady = isReady(status);
        boolean isDue = toldAt.equals(Instant.MIN)
                || Duration.between(toldAt, clock.instant()).compareTo(settings.reportPeriod()) >= 0;
        tellTurns(node, status);
        if (isDue || NodeStatusComposer.isChanged(told, status)) {
            newest = registry.write(new NodeBuilder(node)
                    .editMetadata()
                    .withLabels(labels(node))
                    .withAnnotations(annotations(node))
                    .endMetadata()
                    .withStatus(status)
                    .build());
            told = status;
            toldAt = clock.instant();
        }
        return isReady;
    }

    private Node current() throws IOException {
        Node known = newest;
        if (known != null && told != null) {
            return known;
        }
        Optional<Node> found = registry.find(settings.nodeName());
        if (found.isPresent()) {
            nodeChanged(found.get());
            return found.get();
        }
        if (!settings.mayRegister()) {
            throw new IOException("node \"" + settings.nodeName() + "\" not found and registration is off");
        }
        Node node = new NodeBuilder()
                .withNewMetadata()
                .withName(settings.nodeName())
                .withLabels(NodeStatusComposer.labels(
                        settings.nodeName(), settings.machine().architecture()))
                .addToLabels(settings.labels())
                .addToAnnotations("volumes.kubernetes.io/controller-managed-attach-detach", "true")
                .addToAnnotations(settings.annotations())
                .endMetadata()
                .withStatus(NodeStatusComposer.compose(input(), null))
                .build();
        Node created = registry.create(node);
        LOG.info("Node {} is registered", settings.nodeName());
        nodeChanged(created);
        return created;
    }

    private Map<String, String> labels(Node node) {
        Map<String, String> out = new TreeMap<>();
        if (node.getMetadata().getLabels() != null) {
            out.putAll(node.getMetadata().getLabels());
        }
        out.putAll(NodeStatusComposer.labels(
                settings.nodeName(), settings.machine().architecture()));
        settings.labels().forEach(out::putIfAbsent);
        return out;
    }

    private Map<String, String> annotations(Node node) {
        Map<String, String> out = new TreeMap<>();
        if (node.getMetadata().getAnnotations() != null) {
            out.putAll(node.getMetadata().getAnnotations());
        }
        out.put("volumes.kubernetes.io/controller-managed-attach-detach", "true");
        out.putAll(settings.annotations());
        return out;
    }

    private NodeStatusInput input() {
        List<Image> images = List.of();
        try {
            images = cri.listImages();
        } catch (CriException e) {
            LOG.debug("images cannot be listed: {}", e.getMessage());
        }
        return new NodeStatusInput(
                settings.nodeName(),
                settings.nodeIp(),
                settings.machine(),
                settings.maxPods(),
                settings.reserved(),
                settings.kubeletPort(),
                health.version(),
                images,
                health.problems(lastListing.get()),
                pressures.get(),
                clock.instant());
    }

    private static boolean isReady(@Nullable NodeStatus status) {
        return status != null
                && status.getConditions().stream()
                        .anyMatch(c ->
                                c.getType().equals("Ready") && c.getStatus().equals("True"));
    }

    private void tellTurns(Node node, NodeStatus status) {
        boolean isUnschedulable =
                node.getSpec() != null && Boolean.TRUE.equals(node.getSpec().getUnschedulable());
        for (String reason : NodeTurns.reasons(told, status, wasUnschedulable, isUnschedulable)) {
            events.nodeEvent(false, reason, "Node " + settings.nodeName() + " status is now: " + reason);
        }
        wasUnschedulable = isUnschedulable;
        boolean isReady = isReady(status);
        if (isReady != isReady(told)) {
            LOG.info("Node {} is {}", settings.nodeName(), isReady ? "ready" : "not ready");
        }
    }

    private void keepLease() {
        while (!Thread.currentThread().isInterrupted()) {
            Duration next = settings.leasePeriod();
            try {
                String uid = nodeUid;
                if (uid == null) {
                    next = Duration.ofMillis(200);
                } else {
                    registry.renewLease(lease(uid));
                }
            } catch (IOException e) {
                LOG.warn("The lease of node {} could not be renewed: {}", settings.nodeName(), e.getMessage());
                next = Duration.ofSeconds(2);
            } catch (RuntimeException e) {
                LOG.error("Lease renewal failed", e);
            }
            LockSupport.parkNanos(next.toNanos());
        }
    }

    private Lease lease(String uid) {
        return new LeaseBuilder()
                .withNewMetadata()
                .withNamespace("kube-node-lease")
                .withName(settings.nodeName())
                .addNewOwnerReference()
                .withApiVersion("v1")
                .withKind("Node")
                .withName(settings.nodeName())
                .withUid(uid)
                .endOwnerReference()
                .endMetadata()
                .withNewSpec()
                .withHolderIdentity(settings.nodeName())
                .withLeaseDurationSeconds(LEASE_SECONDS)
                .withRenewTime(clock.instant().truncatedTo(ChronoUnit.MICROS).atZone(ZoneOffset.UTC))
                .endSpec()
                .build();
    }

    @Override
    public void close() {
        threads.forEach(Thread::interrupt);
        for (AutoCloseable watch : watches) {
            try {
                watch.close();
            } catch (Exception e) {
                LOG.warn("A watch could not be closed: {}", e.getMessage());
            }
        }
    }
}
