// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.pod;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs many like requests in batches of 1, 2, 4, 8 …, so that a quota or a broken template costs one refused request and
 * not hundreds. The first batch with a failure is the last.
 */
public final class SlowStart {

    private static final long BATCH_TIMEOUT_SECONDS = 120;

    /**
     * How it went.
     *
     * @param succeeded how many requests succeeded
     * @param failure the first failure, if any
     */
    public record Outcome(int succeeded, Optional<RuntimeException> failure) {}

    private SlowStart() {}

    /**
     * Runs requests 0 to {@code count − 1}. A request that is to count as failed throws a RuntimeException.
     *
     * @throws InterruptedException when interrupted while a batch runs; requests sent already may still happen
     */
    public static Outcome run(int count, Executor executor, IntConsumer request) throws InterruptedException {
        int done = 0;
        int next = 0;
        for (int batch = 1; next < count; batch *= 2) {
            int size = Math.min(batch, count - next);
            Outcome outcome = runBatch(next, size, executor, request);
            done += outcome.succeeded();
            if (outcome.failure().isPresent()) {
                return new Outcome(done, outcome.failure());
            }
            next += size;
        }
        return new Outcome(done, Optional.empty());
    }

    /** Runs all requests at once and waits for them; every one is tried, whatever becomes of the others. */
    public static Outcome runAll(int count, Executor executor, IntConsumer request) throws InterruptedException {
        return count == 0 ? new Outcome(0, Optional.empty()) : runBatch(0, count, executor, request);
    }

    private static Outcome runBatch(int first, int size, Executor executor, IntConsumer request)
            throws InterruptedException {
        AtomicReference<@Nullable RuntimeException> failure = new AtomicReference<>();
        AtomicInteger succeeded = new AtomicInteger();
        List<Integer> indexes = new ArrayList<>();
        CountDownLatch running = new CountDownLatch(size);
        for (int i = 0; i < size; i++) {
            indexes.add(first + i);
        }
        for (int index : indexes) {
            executor.execute(() -> {
                try {
                    request.accept(index);
                    succeeded.incrementAndGet();
                } catch (RuntimeException e) {
                    failure.compareAndSet(null, e);
                } finally {
                    running.countDown();
                }
            });
        }
        if (!running.await(BATCH_TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
            failure.compareAndSet(null, new IllegalStateException("a batch of requests got no answer in time"));
        }
        return new Outcome(succeeded.get(), Optional.ofNullable(failure.get()));
    }
}
