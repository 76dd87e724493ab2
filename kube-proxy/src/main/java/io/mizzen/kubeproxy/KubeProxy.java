// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubeproxy;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.Informer;
import io.mizzen.client.Informers;
import io.mizzen.client.ObjectKey;
import io.mizzen.kubeproxy.dns.ClusterDns;
import io.mizzen.kubeproxy.dns.ClusterDnsOptions;
import io.mizzen.kubeproxy.service.Family;
import io.mizzen.kubeproxy.service.ServiceHealth;
import io.mizzen.kubeproxy.service.ServiceTable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The proxy of a node: keeps the kernel's rules true to Services and EndpointSlices.
 *
 * <p>Threads: {@code kube-proxy} computes and applies; informers and the health server have their own. {@link #close} ends them
 * within ten seconds and leaves the rules in place, so that pods keep their Services while the proxy restarts; {@link #cleanup}
 * removes them.
 */
public final class KubeProxy implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(KubeProxy.class);
    private static final Duration SYNC_TIMEOUT = Duration.ofSeconds(30);
    private static final Duration CHECK_PERIOD = Duration.ofSeconds(30);
    private static final Duration RETRY_PERIOD = Duration.ofSeconds(5);
    private static final Duration UNHEALTHY_AFTER = Duration.ofMinutes(2);
    private static final String ZONE = "topology.kubernetes.io/zone";

    private final KubeProxyOptions options;
    private final InstantSource clock = InstantSource.system();
    private final Informers informers;
    private final Informer<Service> services;
    private final Informer<EndpointSlice> slices;
    private final Informer<Node> nodes;
    private final Programmer programmer;
    private final HealthServer healthServer;
    private final HealthCheckPorts healthChecks = new HealthCheckPorts();
    private final Semaphore changes = new Semaphore(0);
    private final CountDownLatch stop = new CountDownLatch(1);
    private final AtomicReference<Instant> waitingSince;
    private final AtomicReference<Instant> lastSync = new AtomicReference<>(Instant.EPOCH);
    private final Timer duration;
    private final Counter failures;
    private final Thread thread;

    private KubeProxy(KubeProxyOptions options, KubernetesClient client, MeterRegistry registry) throws IOException {
        this.options = options;
        waitingSince = new AtomicReference<>(clock.instant());
        informers = new Informers(client, "kube-proxy", registry);
        services = informers.of(Service.class);
        slices = informers.of(EndpointSlice.class);
        nodes = informers.of(Node.class, "", "metadata.name=" + options.nodeName(), "");
        programmer = new Programmer(options);
        duration = registry.timer("kubeproxy.sync.proxy.rules.duration");
        failures = registry.counter("kubeproxy.sync.proxy.rules.nftables.sync.failures");
        Gauge.builder(
                        "kubeproxy.sync.proxy.rules.last.timestamp",
                        lastSync,
                        last -> last.get().toEpochMilli() / 1000.0)
                .baseUnit("seconds")
                .register(registry);
        services.onChange(wake(registry.counter("kubeproxy.sync.proxy.rules.service.changes")));
        slices.onChange(wake(registry.counter("kubeproxy.sync.proxy.rules.endpoint.changes")));
        healthServer = new HealthServer(options.healthAddress(), options.metricsAddress(), this::health, registry);
        thread = Thread.ofVirtual().name("kube-proxy").unstarted(this::run);
    }

    /**
     * Starts a proxy and returns at once; rules are applied as soon as the informers have read the cluster.
     *
     * @param client the connection, which stays its caller's to close
     * @throws UncheckedIOException if a health or metrics address is taken
     */
    public static KubeProxy start(KubeProxyOptions options, KubernetesClient client, MeterRegistry registry) {
        try {
            KubeProxy proxy = new KubeProxy(options, client, registry);
            proxy.thread.start();
            return proxy;
        } catch (IOException taken) {
            throw new UncheckedIOException(taken);
        }
    }

    /** Removes all rules of a proxy with these options; to be called when none runs. */
    public static void cleanup(KubeProxyOptions options) throws IOException, InterruptedException {
        new Programmer(options).removeAll();
    }

    /** When rules were last applied or found right, {@link Instant#EPOCH} before the first time. */
    public Instant lastSync() {
        return lastSync.get();
    }

    @Override
    public void close() {
        stop.countDown();
        thread.interrupt();
        try {
            if (!thread.join(Duration.ofSeconds(5))) {
                log.error("kube-proxy did not end in time");
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        healthServer.close();
        healthChecks.close();
        informers.close();
    }

    private <T extends HasMetadata> ChangeHandler<T> wake(Counter counter) {
        return ChangeHandler.of(object -> {
            counter.increment();
            waitingSince.compareAndSet(Instant.MAX, clock.instant());
            changes.release();
        });
    }

    private void run() {
        try {
            while (!sync()) {
                log.debug("kube-proxy goes on waiting");
            }
            Instant nextCheck = clock.instant().plus(CHECK_PERIOD);
            while (stop.getCount() > 0) {
                boolean isCheckDue = clock.instant().isAfter(nextCheck);
                nextCheck = isCheckDue ? clock.instant().plus(CHECK_PERIOD) : nextCheck;
                boolean isDone = programAll(isCheckDue);
                if (stop.await(options.minSyncPeriod().toMillis(), TimeUnit.MILLISECONDS)) {
                    return;
                }
                boolean isWoken =
                        changes.tryAcquire((isDone ? CHECK_PERIOD : RETRY_PERIOD).toMillis(), TimeUnit.MILLISECONDS);
                log.trace("kube-proxy goes on, woken: {}", isWoken);
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean sync() throws InterruptedException {
        try {
            informers.startAndSync(SYNC_TIMEOUT);
            return true;
        } catch (IllegalStateException late) {
            log.warn("kube-proxy waits for the API server: {}", late.getMessage());
            return false;
        }
    }

    /** Whatever happens from here on wakes the next round, so nothing is missed. */
    private boolean programAll(boolean isCheckDue) throws InterruptedException {
        changes.drainPermits();
        Instant since = waitingSince.getAndSet(Instant.MAX);
        ServiceTable.Place place = new ServiceTable.Place(options.nodeName(), zone());
        long started = System.nanoTime();
        try {
            if (isCheckDue) {
                programmer.check();
            }
            List<EndpointSlice> known = knownSlices();
            boolean hasChanged = false;
            for (Family family : Family.values()) {
                ServiceTable table = ServiceTable.of(services.list(), known, place, family);
                hasChanged |= programmer.program(table, family);
                if (family == Family.IPV4) {
                    healthChecks.serve(ServiceHealth.of(services.list(), table));
                }
            }
            if (hasChanged) {
                duration.record(Duration.ofNanos(System.nanoTime() - started));
            }
            lastSync.set(clock.instant());
            return true;
        } catch (IOException refused) {
            failures.increment();
            waitingSince.accumulateAndGet(since, (a, b) -> a.isBefore(b) ? a : b);
            log.error(
                    "Rules could not be applied, trying again in {} s: {}",
                    RETRY_PERIOD.toSeconds(),
                    refused.getMessage());
            return false;
        }
    }

    private List<EndpointSlice> knownSlices() {
        ClusterDnsOptions dns = options.dns();
        if (dns == null) {
            return slices.list();
        }
        List<EndpointSlice> known = new ArrayList<>(slices.list());
        known.add(ClusterDns.slice(dns));
        return known;
    }

    private @Nullable String zone() {
        return nodes.find(ObjectKey.cluster(options.nodeName()))
                .map(node -> node.getMetadata().getLabels())
                .map((Map<String, String> labels) -> labels.get(ZONE))
                .orElse(null);
    }

    private HealthServer.Health health() {
        Instant now = clock.instant();
        Instant since = waitingSince.get();
        boolean isHealthy =
                since.equals(Instant.MAX) || since.plus(UNHEALTHY_AFTER).isAfter(now);
        String json = "{\"lastUpdated\": \"" + lastSync.get() + "\",\"currentTime\": \"" + now
                + "\", \"nodeEligible\": true}";
        return new HealthServer.Health(isHealthy, json);
    }
}
