// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler;

import io.fabric8.kubernetes.api.model.Node;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mizzen.scheduler.cache.SchedulerCache;
import io.mizzen.scheduler.framework.Framework;
import io.mizzen.scheduler.framework.Nominations;
import io.mizzen.scheduler.framework.PodInfo;
import io.mizzen.scheduler.queue.SchedulingQueue;
import io.mizzen.testing.clock.VirtualClock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;

/** A whole scheduler on one thread, without an API server: what it does is a function of the seed. */
public final class Bench {
    public final VirtualClock clock = new VirtualClock();
    public final FakeCluster cluster = new FakeCluster();
    public final SchedulerCache cache = new SchedulerCache();
    public final Nominations nominations = new Nominations();
    public final Map<String, PodInfo> pods = new HashMap<>();
    public final ArrayDeque<Runnable> bindings = new ArrayDeque<>();
    public final SchedulingQueue queue;
    public final Framework framework;
    public final PodScheduler scheduler;

    private final ClusterWatch watch;

    public Bench(long seed) {
        RandomGenerator random = new SplittableRandom(seed);
        SchedulerMetrics metrics = new SchedulerMetrics(new SimpleMeterRegistry(), clock);
        Executor later = bindings::add;
        AsyncEvictions evictions = new AsyncEvictions(cluster, later, "default-scheduler", metrics);
        framework = new Framework(
                "default-scheduler",
                DefaultProfile.plugins(cluster, cluster, evictions, random),
                nominations,
                (point, status, nanos) -> {});
        queue = new SchedulingQueue(
                clock,
                SchedulingQueue.Timings.DEFAULT,
                framework.queueOrder(),
                framework::runPreEnqueue,
                framework.registrations(),
                (pool, event) -> {});
        evictions.tell(uid -> queue.activate(List.of(uid)), queue::reopen);
        scheduler = new PodScheduler(
                queue,
                cache,
                Map.of("default-scheduler", framework),
                new SchedulingAlgorithm(random, 0),
                cluster,
                new WaitingPods(),
                later,
                metrics,
                pod -> pods.get(pod.uid()));
        watch = new ClusterWatch(cache, queue, nominations, Set.of("default-scheduler"), () -> {});
        cluster.exists = pods::containsKey;
    }

    public Bench with(Node... nodes) {
        for (Node node : nodes) {
            watch.nodes().added(node);
        }
        return this;
    }

    public void create(PodInfo pod) {
        pods.put(pod.uid(), pod);
        watch.pods().added(pod.pod());
    }

    public void change(PodInfo pod) {
        PodInfo before = pods.put(pod.uid(), pod);
        watch.pods().updated(before.pod(), pod.pod());
    }

    /** Deletes a pod; what happened to it before is seen before. */
    public void delete(PodInfo pod) {
        confirm(pod.uid());
        watch.pods().deleted(pods.remove(pod.uid()).pod());
    }

    /** The API server's word on a binding comes back by the watch. */
    public void confirm(String uid) {
        String node = cluster.bindings.get(uid);
        PodInfo pod = pods.get(uid);
        if (node != null && pod != null && pod.nodeName() == null) {
            change(Objects.onNode(pod, node));
        }
    }

    public boolean scheduleOne() {
        try {
            return scheduler.scheduleOne(Duration.ZERO);
        } catch (InterruptedException impossible) {
            throw new AssertionError(impossible);
        }
    }

    public void runBindings() {
        while (!bindings.isEmpty()) {
            bindings.poll().run();
        }
    }

    public Bench runAll() {
        while (scheduleOne()) {
            runBindings();
        }
        runBindings();
        List.copyOf(cluster.bindings.keySet()).forEach(this::confirm);
        return this;
    }
}
