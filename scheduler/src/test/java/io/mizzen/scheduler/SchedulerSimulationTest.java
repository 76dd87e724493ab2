// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler;

import static io.mizzen.scheduler.Objects.all;
import static io.mizzen.scheduler.Objects.node;
import static io.mizzen.scheduler.Objects.pod;
import static io.mizzen.scheduler.Objects.priority;
import static io.mizzen.scheduler.Objects.requests;
import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.scheduler.framework.PodInfo;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random histories of a small cluster: pods come and go, bindings are slow or refused, confirmations late. Replay one with
 * {@code -Dtest=SchedulerSimulationTest -Dsimulation.seed=N}.
 */
class SchedulerSimulationTest {
    private static final int STEPS = 400;
    private static final int NODES = 4;

    static LongStream seeds() {
        Long one = Long.getLong("simulation.seed");
        return one == null ? LongStream.range(0, 60) : LongStream.of(one);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void losesNoPodBindsNoneTwiceAndOverfillsNoNode(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Bench bench = new Bench(seed);
        bench.cluster.acceptsBinding = (pod, node) -> random.nextInt(10) != 0;
        for (int i = 0; i < NODES; i++) {
            bench.with(node("node-" + i, "2", "4Gi"));
        }

        List<PodInfo> created = new ArrayList<>();
        for (int step = 0; step < STEPS; step++) {
            act(random, bench, created, step);
            assertNoNodeIsOverfull(bench, seed);
        }
        settle(bench);

        assertNoNodeIsOverfull(bench, seed);
        assertEveryPodIsBoundOrWaits(bench, seed);
    }

    private static void act(SplittableRandom random, Bench bench, List<PodInfo> created, int step) {
        switch (random.nextInt(8)) {
            case 0, 1 -> {
                PodInfo pod = pod(
                        "pod-" + step,
                        all(List.of(requests((1 + random.nextInt(15)) + "00m", "64Mi"), priority(random.nextInt(3)))));
                created.add(pod);
                bench.create(pod);
            }
            case 2, 3 -> bench.scheduleOne();
            case 4 -> {
                if (!bench.bindings.isEmpty()) {
                    bench.bindings.poll().run();
                }
            }
            case 5 ->
                bench.cluster.bindings.keySet().stream().toList().forEach(uid -> {
                    if (random.nextBoolean()) {
                        bench.confirm(uid);
                    }
                });
            case 6 -> {
                List<String> evicted = List.copyOf(bench.cluster.evicted);
                bench.cluster.evicted.clear();
                bench.pods.values().stream()
                        .filter(pod -> evicted.contains(pod.name()) || random.nextInt(12) == 0)
                        .toList()
                        .forEach(bench::delete);
            }
            default -> {
                bench.clock.advance(Duration.ofMillis(random.nextInt(3000)));
                bench.queue.flushBackoff();
                bench.queue.flushUnschedulable();
            }
        }
    }

    private static void settle(Bench bench) {
        bench.cluster.acceptsBinding = (pod, node) -> true;
        for (int round = 0; round < 50; round++) {
            bench.runAll();
            List<String> evicted = List.copyOf(bench.cluster.evicted);
            bench.cluster.evicted.clear();
            bench.pods.values().stream()
                    .filter(pod -> evicted.contains(pod.name()))
                    .toList()
                    .forEach(bench::delete);
            bench.clock.advance(Duration.ofSeconds(20));
            bench.queue.flushBackoff();
        }
    }

    private static void assertNoNodeIsOverfull(Bench bench, long seed) {
        Map<String, Long> used = new HashMap<>();
        for (PodInfo pod : bench.pods.values()) {
            String node = bench.cluster.bindings.get(pod.uid());
            if (node != null) {
                used.merge(node, pod.requests().milliCpu(), Long::sum);
            }
        }
        assertThat(used.values()).as("seed %d", seed).allMatch(milliCpu -> milliCpu <= 2000);
    }

    private static void assertEveryPodIsBoundOrWaits(Bench bench, long seed) {
        List<String> waiting = bench.queue.pending().stream().map(PodInfo::uid).toList();
        assertThat(bench.queue.counts().inFlight()).as("seed %d", seed).isZero();
        assertThat(bench.queue.counts().active()).as("seed %d", seed).isZero();
        for (PodInfo pod : bench.pods.values()) {
            assertThat(bench.cluster.bindings.containsKey(pod.uid()) || waiting.contains(pod.uid()))
                    .as("seed %d: pod %s is lost", seed, pod)
                    .isTrue();
        }
        assertThat(waiting)
                .as("seed %d", seed)
                .allMatch(uid -> bench.pods.containsKey(uid) && !bench.cluster.bindings.containsKey(uid));
        for (PodInfo pod : bench.queue.pending()) {
            boolean fitsSomewhere = bench.cache.sizes().nodes() > 0 && isRoomFor(bench, pod);
            assertThat(fitsSomewhere)
                    .as("seed %d: pod %s waits though it fits", seed, pod)
                    .isFalse();
        }
    }

    private static boolean isRoomFor(Bench bench, PodInfo wanted) {
        Map<String, Long> used = new HashMap<>();
        for (int i = 0; i < NODES; i++) {
            used.put("node-" + i, 0L);
        }
        for (PodInfo pod : bench.pods.values()) {
            String node = bench.cluster.bindings.get(pod.uid());
            if (node != null) {
                used.merge(node, pod.requests().milliCpu(), Long::sum);
            }
        }
        return used.values().stream()
                .anyMatch(milliCpu -> milliCpu + wanted.requests().milliCpu() <= 2000);
    }
}
