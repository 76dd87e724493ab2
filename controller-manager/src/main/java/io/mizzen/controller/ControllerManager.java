// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.core.instrument.MeterRegistry;
import io.mizzen.client.ApiClient;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.EventRecorder;
import io.mizzen.client.HttpApiClient;
import io.mizzen.client.Informers;
import io.mizzen.client.LeaderElection;
import io.mizzen.client.ObjectKey;
import io.mizzen.controller.deployment.DeploymentController;
import io.mizzen.controller.endpoint.EndpointSliceController;
import io.mizzen.controller.endpoint.EndpointsController;
import io.mizzen.controller.garbage.GarbageCollector;
import io.mizzen.controller.namespace.NamespaceController;
import io.mizzen.controller.node.NodeLifecycleController;
import io.mizzen.controller.node.TaintEvictionController;
import io.mizzen.controller.nodeipam.NodeIpamController;
import io.mizzen.controller.podgc.PodGarbageCollector;
import io.mizzen.controller.replicaset.ReplicaController;
import io.mizzen.controller.rootca.RootCaPublisher;
import io.mizzen.controller.serviceaccount.ServiceAccountController;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the controllers. With leader election they run only while this process leads; when it loses the lead they are
 * ended and it stands again. {@link #close} ends every thread within ten seconds.
 */
public final class ControllerManager implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ControllerManager.class);
    private static final ObjectKey LEASE = new ObjectKey("kube-system", "kube-controller-manager");
    private static final Duration SYNC_TIMEOUT = Duration.ofSeconds(60);

    private final ControllerManagerOptions options;
    private final KubernetesClient client;
    private final MeterRegistry registry;
    private final InstantSource clock = InstantSource.system();
    private final ApiClient api;
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable Run run;
    private @Nullable LeaderElection election;
    private boolean closed;

    private ControllerManager(ControllerManagerOptions options, KubernetesClient client, MeterRegistry registry) {
        this.options = options;
        this.client = client;
        this.registry = registry;
        this.api = new HttpApiClient(client);
    }

    /**
     * Starts the controllers, or the election that decides when to. Returns at once: the caches are read in the
     * background, and again if the server is not there yet.
     *
     * @param client stays the caller's to close, after this
     */
    public static ControllerManager start(
            ControllerManagerOptions options, KubernetesClient client, MeterRegistry registry) {
        ControllerManager manager = new ControllerManager(options, client, registry);
        if (options.leaderElection().isPresent()) {
            manager.stand(options.leaderElection().get());
        } else {
            manager.startRun();
        }
        return manager;
    }

    @Override
    public void close() {
        LeaderElection standing;
        lock.lock();
        try {
            closed = true;
            standing = election;
        } finally {
            lock.unlock();
        }
        if (standing != null) {
            standing.close();
        }
        stopRun();
    }

    private void stand(String identity) {
        lock.lock();
        try {
            if (!closed) {
                LeaderElection.Options standard = LeaderElection.Options.standard(LEASE, identity);
                election = LeaderElection.start(api, standard, clock, this::startRun, () -> {
                    stopRun();
                    Thread.ofVirtual().name("controller-manager-stand").start(() -> stand(identity));
                });
            }
        } finally {
            lock.unlock();
        }
    }

    private void startRun() {
        lock.lock();
        try {
            if (!closed && run == null) {
                run = new Run();
            }
        } finally {
            lock.unlock();
        }
    }

    private void stopRun() {
        Run ending;
        lock.lock();
        try {
            ending = run;
            run = null;
        } finally {
            lock.unlock();
        }
        if (ending != null) {
            ending.close();
        }
    }

    /** The controllers by name, in the order in which they start. */
    private Map<String, Function<ControllerContext, Controller>> known() {
        Map<String, Function<ControllerContext, Controller>> known = new LinkedHashMap<>();
        known.put("serviceaccount-controller", ServiceAccountController::new);
        options.rootCaPem()
                .ifPresent(pem -> known.put(
                        "root-ca-certificate-publisher-controller", context -> new RootCaPublisher(context, pem)));
        known.put(
                "node-ipam-controller",
                context -> new NodeIpamController(context, options.clusterCidr(), options.nodeCidrMaskSize()));
        known.put("deployment-controller", DeploymentController::new);
        known.put("replicaset-controller", ReplicaController::replicaSets);
        known.put("replicationcontroller-controller", ReplicaController::replicationControllers);
        known.put("endpointslice-controller", EndpointSliceController::new);
        known.put("endpoints-controller", EndpointsController::new);
        known.put("node-lifecycle-controller", NodeLifecycleController::new);
        known.put("taint-eviction-controller", TaintEvictionController::new);
        known.put("namespace-controller", NamespaceController::new);
        known.put("garbage-collector-controller", GarbageCollector::new);
        known.put(
                "pod-garbage-collector-controller",
                context -> new PodGarbageCollector(context, options.terminatedPodThreshold()));
        return known;
    }

    /** One time of running: caches, event recorders, controllers. */
    private final class Run implements AutoCloseable {
        private final Informers informers = new Informers(client, "controller-manager", registry);
        private final Map<String, EventRecorder> recorders = new ConcurrentHashMap<>();
        private final List<Controller> controllers = new ArrayList<>();
        private final Thread starter;
        private volatile boolean ending;

        Run() {
            ControllerContext context = new ControllerContext(
                    api,
                    informers,
                    clock,
                    RandomGenerator.getDefault(),
                    registry,
                    component -> recorders.computeIfAbsent(
                            component, name -> EventRecorder.start(api, name, "", clock, registry)),
                    Executors.newThreadPerTaskExecutor(Thread.ofVirtual()
                            .name("controller-manager-batch-", 0)
                            .factory()));
            known().forEach((name, maker) -> {
                if (options.runs(name)) {
                    controllers.add(maker.apply(context));
                }
            });
            starter = Thread.ofVirtual().name("controller-manager-start").start(this::startWhenSynced);
        }

        private void startWhenSynced() {
            while (!ending) {
                try {
                    informers.startAndSync(SYNC_TIMEOUT);
                    controllers.stream()
                            .flatMap(controller -> controller.loops().stream())
                            .forEach(ControllerLoop::start);
                    log.info("{} controllers run", controllers.size());
                    return;
                } catch (IllegalStateException e) {
                    log.warn("The controllers wait for the API server: {}", e.getMessage());
                } catch (InterruptedException e) {
                    return;
                }
            }
        }

        @Override
        public void close() {
            ending = true;
            starter.interrupt();
            List<Thread> closers = new ArrayList<>();
            try {
                boolean ended = starter.join(Duration.ofSeconds(1));
                log.debug("Starter ended: {}", ended);
                controllers.stream()
                        .flatMap(controller -> controller.loops().stream())
                        .forEach(loop -> closers.add(closeInBackground(loop)));
                recorders.values().forEach(recorder -> closers.add(closeInBackground(recorder)));
                closers.add(closeInBackground(informers));
                long deadline = System.nanoTime() + Duration.ofSeconds(9).toNanos();
                for (Thread closer : closers) {
                    ended &= closer.join(Duration.ofNanos(Math.max(1_000_000, deadline - System.nanoTime())));
                }
                controllers.forEach(Controller::close);
                if (!ended) {
                    log.error("Some controllers did not end in time");
                }
                log.info("The controllers have ended");
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private Thread closeInBackground(AutoCloseable closeable) {
            return Thread.ofVirtual().name("controller-manager-close").start(() -> {
                try {
                    closeable.close();
                } catch (Exception e) {
                    log.error("Ending a controller failed", e);
                }
            });
        }
    }
}
