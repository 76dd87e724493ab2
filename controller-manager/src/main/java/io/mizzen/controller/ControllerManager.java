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
import io.mizzen.client.ServiceAccountCredentials;
import io.mizzen.controller.bootstrap.TokenCleaner;
import io.mizzen.controller.certificate.ApprovingController;
import io.mizzen.controller.certificate.CleanerController;
import io.mizzen.controller.certificate.SigningController;
import io.mizzen.controller.clusterrole.ClusterRoleAggregationController;
import io.mizzen.controller.cronjob.CronJobController;
import io.mizzen.controller.daemon.DaemonSetController;
import io.mizzen.controller.deployment.DeploymentController;
import io.mizzen.controller.disruption.DisruptionController;
import io.mizzen.controller.endpoint.EndpointSliceController;
import io.mizzen.controller.endpoint.EndpointsController;
import io.mizzen.controller.endpoint.SliceMirroringController;
import io.mizzen.controller.garbage.GarbageCollector;
import io.mizzen.controller.job.JobController;
import io.mizzen.controller.job.TtlAfterFinishedController;
import io.mizzen.controller.loadbalancer.LoadBalancerController;
import io.mizzen.controller.namespace.NamespaceController;
import io.mizzen.controller.node.NodeLifecycleController;
import io.mizzen.controller.node.TaintEvictionController;
import io.mizzen.controller.nodeipam.NodeIpamController;
import io.mizzen.controller.podautoscaler.HorizontalController;
import io.mizzen.controller.podgc.PodGarbageCollector;
import io.mizzen.controller.replicaset.ReplicaController;
import io.mizzen.controller.resourcequota.ResourceQuotaController;
import io.mizzen.controller.rootca.RootCaPublisher;
import io.mizzen.controller.serviceaccount.ServiceAccountController;
import io.mizzen.controller.serviceaccount.TokenSecretController;
import io.mizzen.controller.statefulset.StatefulSetController;
import io.mizzen.controller.volume.EphemeralVolumeController;
import io.mizzen.controller.volume.InUseProtection;
import io.mizzen.controller.volume.PersistentVolumeBinder;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
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
    /** Marks controllers that act as the connection's own user. */
    private static final String OWN_ACCOUNT = "";

    private static final Duration SYNC_TIMEOUT = Duration.ofSeconds(60);

    private final ControllerManagerOptions options;
    private final KubernetesClient client;
    private final MeterRegistry registry;
    private final InstantSource clock = InstantSource.system();
    private final ApiClient api;
    private final @Nullable EventRecorder electionEvents;
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable Run run;
    private @Nullable LeaderElection election;
    private boolean closed;

    private ControllerManager(ControllerManagerOptions options, KubernetesClient client, MeterRegistry registry) {
        this.options = options;
        this.client = client;
        this.registry = registry;
        this.api = new HttpApiClient(client);
        this.electionEvents = options.leaderElection().isPresent()
                ? EventRecorder.start(api, "kube-controller-manager", "", clock, registry)
                : null;
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
        if (electionEvents != null) {
            electionEvents.close();
        }
    }

    private void stand(String identity) {
        EventRecorder events = Objects.requireNonNull(electionEvents);
        lock.lock();
        try {
            if (!closed) {
                LeaderElection.Options standard = LeaderElection.Options.standard(LEASE, identity);
                election = LeaderElection.start(api, standard, events, clock, this::startRun, () -> {
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

    /**
     * One controller as it can be asked for.
     *
     * @param name its name as {@code --controllers} takes it
     * @param account the service account it acts under, which upstream's default roles are bound to; {@link #OWN_ACCOUNT}
     *     where upstream has none for it
     * @param maker makes it
     */
    private record Known(String name, String account, Function<ControllerContext, Controller> maker) {}

    /** The controllers in the order in which they start. */
    private List<Known> known() {
        List<Known> known = new ArrayList<>();
        known.add(new Known("serviceaccount-controller", "service-account-controller", ServiceAccountController::new));
        options.rootCaPem()
                .ifPresent(pem -> known.add(new Known(
                        "root-ca-certificate-publisher-controller",
                        "root-ca-cert-publisher",
                        context -> new RootCaPublisher(context, pem))));
        options.rootCaPem()
                .ifPresent(pem -> known.add(new Known(
                        "serviceaccount-token-controller",
                        OWN_ACCOUNT,
                        context -> new TokenSecretController(context, pem))));
        known.add(new Known(
                "node-ipam-controller",
                "node-controller",
                context -> new NodeIpamController(context, options.clusterCidr(), options.nodeCidrMaskSize())));
        known.add(new Known("deployment-controller", "deployment-controller", DeploymentController::new));
        known.add(new Known("replicaset-controller", "replicaset-controller", ReplicaController::replicaSets));
        known.add(new Known(
                "replicationcontroller-controller",
                "replication-controller",
                ReplicaController::replicationControllers));
        known.add(new Known("daemonset-controller", "daemon-set-controller", DaemonSetController::new));
        known.add(new Known("statefulset-controller", "statefulset-controller", StatefulSetController::new));
        known.add(new Known("cronjob-controller", "cronjob-controller", CronJobController::new));
        known.add(new Known(
                "persistentvolume-binder-controller", "persistent-volume-binder", PersistentVolumeBinder::new));
        known.add(new Known(
                "persistentvolumeclaim-protection-controller", "pvc-protection-controller", InUseProtection::ofClaims));
        known.add(new Known(
                "persistentvolume-protection-controller", "pv-protection-controller", InUseProtection::ofVolumes));
        known.add(new Known(
                "ephemeral-volume-controller", "ephemeral-volume-controller", EphemeralVolumeController::new));
        known.add(new Known(
                "horizontal-pod-autoscaler-controller", "horizontal-pod-autoscaler", HorizontalController::new));
        known.add(new Known("resourcequota-controller", "resourcequota-controller", ResourceQuotaController::new));
        known.add(new Known(
                "clusterrole-aggregation-controller",
                "clusterrole-aggregation-controller",
                ClusterRoleAggregationController::new));
        known.add(new Known("disruption-controller", "disruption-controller", DisruptionController::new));
        known.add(new Known("job-controller", "job-controller", JobController::new));
        known.add(new Known(
                "ttl-after-finished-controller", "ttl-after-finished-controller", TtlAfterFinishedController::new));
        known.add(new Known("endpointslice-controller", "endpointslice-controller", EndpointSliceController::new));
        known.add(new Known("endpoints-controller", "endpoint-controller", EndpointsController::new));
        known.add(new Known(
                "endpointslice-mirroring-controller",
                "endpointslicemirroring-controller",
                SliceMirroringController::new));
        known.add(new Known(
                "service-lb-controller",
                "service-controller",
                context -> new LoadBalancerController(context, options.loadBalancerPool())));
        known.add(new Known(
                "node-lifecycle-controller",
                "node-controller",
                context -> new NodeLifecycleController(context, options.nodeMonitorGracePeriod())));
        known.add(new Known("taint-eviction-controller", "node-controller", TaintEvictionController::new));
        known.add(new Known("namespace-controller", "namespace-controller", NamespaceController::new));
        known.add(new Known("garbage-collector-controller", "generic-garbage-collector", GarbageCollector::new));
        known.add(new Known(
                "pod-garbage-collector-controller",
                "pod-garbage-collector",
                context -> new PodGarbageCollector(context, options.terminatedPodThreshold())));
        String certificates = "certificate-controller";
        known.add(new Known("certificatesigningrequest-approving-controller", certificates, ApprovingController::new));
        if (options.rootCaPem().isPresent() && options.signingKeyPem().isPresent()) {
            known.add(new Known(
                    "certificatesigningrequest-signing-controller",
                    certificates,
                    context -> new SigningController(
                            context,
                            options.rootCaPem().get(),
                            options.signingKeyPem().get())));
        }
        known.add(new Known("certificatesigningrequest-cleaner-controller", certificates, CleanerController::new));
        known.add(new Known("token-cleaner-controller", "token-cleaner", TokenCleaner::new));
        return known;
    }

    /** One time of running: caches, event recorders, controllers. */
    private final class Run implements AutoCloseable {
        private final Informers informers = new Informers(client, "controller-manager", registry);
        private final Map<String, EventRecorder> recorders = new ConcurrentHashMap<>();
        private final List<Controller> controllers = new ArrayList<>();
        private final Executor batches = Executors.newThreadPerTaskExecutor(
                Thread.ofVirtual().name("controller-manager-batch-", 0).factory());
        private final @Nullable ServiceAccountCredentials credentials;
        private final Thread starter;
        private volatile boolean ending;

        Run() {
            credentials = options.serviceAccountCredentials()
                    ? new ServiceAccountCredentials(client, "controllers", clock)
                    : null;
            for (Known known : known()) {
                if (options.runs(known.name())) {
                    controllers.add(known.maker().apply(contextOf(known)));
                }
            }
            starter = Thread.ofVirtual().name("controller-manager-start").start(this::startWhenSynced);
        }

        private ControllerContext contextOf(Known known) {
            ApiClient own =
                    credentials == null || known.account().equals(OWN_ACCOUNT) ? api : credentials.as(known.account());
            return new ControllerContext(
                    own,
                    informers,
                    clock,
                    RandomGenerator.getDefault(),
                    registry,
                    component -> recorders.computeIfAbsent(
                            component, name -> EventRecorder.start(own, name, "", clock, registry)),
                    batches);
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
                if (credentials != null) {
                    credentials.close();
                }
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
