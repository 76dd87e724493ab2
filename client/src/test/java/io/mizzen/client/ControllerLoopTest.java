// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ControllerLoopTest {

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final ManualClock clock = new ManualClock();

    @Test
    void retriesAFailedKeyAndForgetsItsFailuresOnSuccess() throws InterruptedException {
        AtomicInteger calls = new AtomicInteger();
        WorkQueue<String> queue = new WorkQueue<>("t", RateLimits.standard(), clock, registry);
        ControllerLoop<String> loop = new ControllerLoop<>(
                "t",
                queue,
                1,
                key -> {
                    if (calls.incrementAndGet() < 3) {
                        throw new IllegalStateException("not yet");
                    }
                    return Result.done();
                },
                registry);
        queue.add("a");

        assertThat(loop.step()).isTrue();
        assertThat(loop.step()).isFalse();
        clock.advance(Duration.ofMillis(5));
        assertThat(loop.step()).isTrue();
        clock.advance(Duration.ofMillis(10));
        assertThat(loop.step()).isTrue();

        assertThat(calls).hasValue(3);
        assertThat(queue.failures("a")).isZero();
        assertThat(queue.isIdle()).isTrue();
    }

    @Test
    void givesUpOnAKeyAfterTheRetriesItWasGiven() throws InterruptedException {
        AtomicInteger calls = new AtomicInteger();
        WorkQueue<String> queue = new WorkQueue<>("t", RateLimits.standard(), clock, registry);
        ControllerLoop<String> loop = new ControllerLoop<>(
                "t",
                queue,
                1,
                2,
                key -> {
                    calls.incrementAndGet();
                    throw new IllegalStateException("never");
                },
                registry);
        queue.add("a");

        for (int i = 0; i < 10; i++) {
            loop.step();
            clock.advance(Duration.ofSeconds(1));
        }

        assertThat(calls).hasValue(3);
        assertThat(queue.isIdle()).isTrue();
    }

    @Test
    void comesBackAfterTheDelayAsked() throws InterruptedException {
        WorkQueue<String> queue = new WorkQueue<>("t", RateLimits.standard(), clock, registry);
        ControllerLoop<String> loop =
                new ControllerLoop<>("t", queue, 1, key -> Result.after(Duration.ofSeconds(7)), registry);
        queue.add("a");

        assertThat(loop.step()).isTrue();

        assertThat(queue.nextDue()).contains(clock.instant().plusSeconds(7));
    }

    @Test
    void neverWorksOneKeyOnTwoThreads() {
        WorkQueue<Integer> queue = new WorkQueue<>("t", RateLimits.standard(), InstantSource.system(), registry);
        Map<Integer, AtomicInteger> inside = new ConcurrentHashMap<>();
        AtomicInteger overlaps = new AtomicInteger();
        AtomicInteger calls = new AtomicInteger();
        try (ControllerLoop<Integer> loop = new ControllerLoop<>(
                "t",
                queue,
                8,
                key -> {
                    AtomicInteger here = inside.computeIfAbsent(key, k -> new AtomicInteger());
                    if (here.incrementAndGet() > 1) {
                        overlaps.incrementAndGet();
                    }
                    Thread.yield();
                    here.decrementAndGet();
                    calls.incrementAndGet();
                    return Result.done();
                },
                registry)) {
            loop.start();
            for (int i = 0; i < 5_000; i++) {
                queue.add(i % 3);
            }
            await().until(queue::isIdle);
        }

        assertThat(overlaps).hasValue(0);
        assertThat(calls.get()).isGreaterThanOrEqualTo(3);
    }

    @Test
    void interruptsAReconcileThatDoesNotEndWhenItCloses() throws InterruptedException {
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        CountDownLatch never = new CountDownLatch(1);
        WorkQueue<String> queue = new WorkQueue<>("t", RateLimits.standard(), InstantSource.system(), registry);
        ControllerLoop<String> loop = new ControllerLoop<>(
                "t",
                queue,
                1,
                key -> {
                    entered.countDown();
                    try {
                        never.await();
                    } catch (InterruptedException e) {
                        interrupted.countDown();
                        throw e;
                    }
                    return Result.done();
                },
                registry);
        loop.start();
        queue.add("a");
        entered.await();

        loop.close();

        assertThat(interrupted.getCount()).isZero();
    }
}
