// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.core.instrument.MeterRegistry;
import io.mizzen.client.ApiClient;
import io.mizzen.client.EventRecorder;
import io.mizzen.client.HttpApiClient;
import io.mizzen.client.Informers;
import io.mizzen.client.LeaderElection;
import io.mizzen.client.ObjectKey;
import io.mizzen.scheduler.cache.SchedulerCache;
import io.mizzen.scheduler.framework.Framework;
import io.mizzen.scheduler.framework.Nominations;
import io.mizzen.scheduler.queue.SchedulingQueue;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The scheduler of a cluster: watches pods and nodes and binds the former to the latter.
 *
 * <p>Threads: {@code scheduler} (informers' start, election, scheduling cycles), {@code scheduler-flush} (times of the queue), a
 * virtual thread {@code scheduler-bind-N} for each pod being bound, and those of the informers and the event recorder.
 * {@link #close} ends them all within ten seconds.
 */
public final class Scheduler implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Scheduler.class);
    private static final ObjectKey LEASE = new ObjectKey("kube-system", "kube-scheduler");
    private static final Duration SYNC_TIMEOUT = Duration.ofSeconds(30);
    private static final Duration POP_TIMEOUT = Duration.ofMillis(500);
    private static final int UNSCHEDULABLE_FLUSH_SECONDS = 30;

    private final SchedulerOptions options;
    private final ApiClient api;
    private final Informers informers;
    private final EventRecorder events;
    private final ExecutorService bindingThreads;
    private final SchedulingQueue queue;
    private final PodScheduler podScheduler;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final Thread main;
    private final Thread flush;
    private volatile boolean hasSynced;

    private Scheduler(SchedulerOptions options, KubernetesClient client, MeterRegistry registry) {
        this.options = options;
        InstantSource clock = InstantSource.system();
        RandomGenerator random = RandomGenerator.getDefault();
        SchedulerMetrics metrics = new SchedulerMetrics(registry, clock);
        SchedulerCache cache = new SchedulerCache();
        Nominations nominations = new Nominations();
        api = new HttpApiClient(client);
        informers = new Informers(client, "scheduler", registry);
        events = EventRecorder.start(api, options.schedulerName(), "", clock, registry);
        bindingThreads = Executors.newThreadPerTaskExecutor(
                Thread.ofVirtual().name("scheduler-bind-", 0).factory());
        InformerLister lister = new InformerLister(informers);
        KubeWriter writer = new KubeWriter(client, api, events, clock);
        AsyncEvictions evictions = new AsyncEvictions(writer, bindingThreads, options.schedulerName(), metrics);
        Framework framework = new Framework(
                options.schedulerName(),
                DefaultProfile.plugins(lister, writer, evictions, random),
                nominations,
                (point, status, nanos) -> metrics.extensionPoint(options.schedulerName(), point, status, nanos));
        queue = new SchedulingQueue(
                clock,
                SchedulingQueue.Timings.DEFAULT,
                framework.queueOrder(),
                framework::runPreEnqueue,
                framework.registrations(),
                metrics::incoming);
        evictions.tell(uid -> queue.activate(List.of(uid)), queue::reopen);
        metrics.watch(queue, cache);
        podScheduler = new PodScheduler(
                queue,
                cache,
                Map.of(options.schedulerName(), framework),
                new SchedulingAlgorithm(random, options.percentageOfNodesToScore()),
                writer,
                new WaitingPods(),
                bindingThreads,
                metrics,
                lister::newestVersion);
        new ClusterWatch(cache, queue, nominations, Set.of(options.schedulerName()), writer::volumeChanged)
                .listen(informers);
        main = Thread.ofPlatform().name("scheduler").daemon().unstarted(this::run);
        flush = Thread.ofVirtual().name("scheduler-flush").unstarted(this::flushQueue);
    }

    /**
     * Starts a scheduler and returns at once; it begins to bind when its informers have read the cluster and, with leader
     * election, it leads.
     *
     * @param client the connection, which stays its caller's to close
     */
    public static Scheduler start(SchedulerOptions options, KubernetesClient client, MeterRegistry registry) {
        Scheduler scheduler = new Scheduler(options, client, registry);
        scheduler.main.start();
        scheduler.flush.start();
        return scheduler;
    }

    /** Whether the informers have read the cluster once. */
    public boolean isReady() {
        return hasSynced;
    }

    @Override
    public void close() {
        stop.countDown();
        main.interrupt();
        flush.interrupt();
        try {
            if (!main.join(Duration.ofSeconds(3)) || !flush.join(Duration.ofSeconds(1))) {
                log.error("Scheduler did not end in time");
            }
            bindingThreads.shutdown();
            if (!bindingThreads.awaitTermination(3, TimeUnit.SECONDS)) {
                bindingThreads.shutdownNow();
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        informers.close();
        events.close();
    }

    private void run() {
        try {
            while (!hasSynced && !isStopped()) {
                sync();
            }
            log.info("Scheduler {} has read the cluster", options.schedulerName());
            while (!isStopped()) {
                if (options.isLeaderElected()) {
                    leadOnce();
                } else {
                    scheduleWhile(() -> true);
                }
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private void sync() throws InterruptedException {
        try {
            informers.startAndSync(SYNC_TIMEOUT);
            hasSynced = true;
        } catch (IllegalStateException late) {
            log.warn("Scheduler waits for the API server: {}", late.getMessage());
        }
    }

    /** Takes part in one election: schedules from winning to losing it. */
    private void leadOnce() throws InterruptedException {
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch lost = new CountDownLatch(1);
        LeaderElection.Options election = LeaderElection.Options.standard(LEASE, options.identity());
        try (LeaderElection candidate = LeaderElection.start(
                api, election, events, InstantSource.system(), started::countDown, lost::countDown)) {
            while (!isStopped() && !started.await(1, TimeUnit.SECONDS)) {
                log.trace("Scheduler {} waits to lead", options.identity());
            }
            scheduleWhile(() -> candidate.isLeading() && lost.getCount() > 0);
        }
    }

    private void scheduleWhile(java.util.function.BooleanSupplier condition) throws InterruptedException {
        while (!isStopped() && condition.getAsBoolean()) {
            try {
                podScheduler.scheduleOne(POP_TIMEOUT);
            } catch (RuntimeException broken) {
                log.error("A scheduling cycle broke", broken);
            }
        }
    }

    private void flushQueue() {
        try {
            for (long second = 1; !stop.await(1, TimeUnit.SECONDS); second++) {
                queue.flushBackoff();
                if (second % UNSCHEDULABLE_FLUSH_SECONDS == 0) {
                    queue.flushUnschedulable();
                }
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean isStopped() {
        return stop.getCount() == 0;
    }
}
