// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import io.fabric8.kubernetes.client.KubernetesClientException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Works a queue with a few named virtual threads: each takes a key, calls the {@link Reconciler}, and puts the key back
 * after the queue's back-off when that throws, or after the delay it asked for.
 *
 * <p>A conflict (409) is the ordinary sign of a stale cache and is logged at debug; other failures at warn. With
 * {@code maxRetries ≥ 0} a key that failed so often is dropped until its next change. {@link #close} ends every thread
 * within ten seconds: five to finish, then by interrupt.
 */
public final class ControllerLoop<K> implements AutoCloseable {

    /** For {@code maxRetries}: never drop a key. */
    public static final int RETRY_FOR_EVER = -1;

    private static final Logger log = LoggerFactory.getLogger(ControllerLoop.class);
    private static final Duration TAKE_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration GRACE = Duration.ofSeconds(5);

    private final String name;
    private final WorkQueue<K> queue;
    private final int workers;
    private final int maxRetries;
    private final Reconciler<K> reconciler;
    private final Counter errors;
    private final List<Thread> threads = new ArrayList<>();

    /** Makes a loop that retries for ever; it does nothing before {@link #start}. */
    public ControllerLoop(
            String name, WorkQueue<K> queue, int workers, Reconciler<K> reconciler, MeterRegistry registry) {
        this(name, queue, workers, RETRY_FOR_EVER, reconciler, registry);
    }

    /** Makes a loop that drops a key after {@code maxRetries} failures; it does nothing before {@link #start}. */
    public ControllerLoop(
            String name,
            WorkQueue<K> queue,
            int workers,
            int maxRetries,
            Reconciler<K> reconciler,
            MeterRegistry registry) {
        this.name = name;
        this.queue = queue;
        this.workers = workers;
        this.maxRetries = maxRetries;
        this.reconciler = reconciler;
        this.errors = registry.counter("mizzen_reconcile_errors_total", "name", name);
    }

    /** Starts the workers; call once. */
    public void start() {
        for (int i = 0; i < workers; i++) {
            threads.add(Thread.ofVirtual().name(name + "-worker-" + i).start(this::work));
        }
    }

    /** The queue this loop works; adding a key asks for a reconcile. */
    public WorkQueue<K> queue() {
        return queue;
    }

    /** Works one ready key on the calling thread, if there is one. For simulations that own the only thread. */
    public boolean step() throws InterruptedException {
        Optional<K> key = queue.poll();
        if (key.isEmpty()) {
            return false;
        }
        reconcile(key.get());
        return true;
    }

    @Override
    public void close() {
        queue.close();
        long deadline = System.nanoTime() + GRACE.toNanos();
        for (Thread thread : threads) {
            join(thread, deadline);
        }
        long last = System.nanoTime() + GRACE.minusMillis(500).toNanos();
        threads.stream().filter(Thread::isAlive).forEach(Thread::interrupt);
        for (Thread thread : threads) {
            join(thread, last);
            if (thread.isAlive()) {
                log.error("Controller {}: thread {} did not end in time", name, thread.getName());
            }
        }
    }

    private static void join(Thread thread, long deadlineNanos) {
        try {
            long millis = Math.max(1, (deadlineNanos - System.nanoTime()) / 1_000_000);
            boolean ended = thread.join(Duration.ofMillis(millis));
            if (!ended) {
                log.debug("Thread {} still runs", thread.getName());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void work() {
        try {
            while (!queue.isClosed()) {
                Optional<K> key = queue.take(TAKE_TIMEOUT);
                if (key.isPresent()) {
                    reconcile(key.get());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The one place where any exception of a controller ends: the key is tried again later. */
    private void reconcile(K key) throws InterruptedException {
        try {
            switch (reconciler.reconcile(key)) {
                case Result.Done ignored -> queue.forget(key);
                case Result.After after -> {
                    queue.forget(key);
                    queue.addAfter(key, after.delay());
                }
            }
        } catch (RuntimeException e) {
            errors.increment();
            retryLater(key, e);
        } finally {
            queue.done(key);
        }
    }

    private void retryLater(K key, RuntimeException e) {
        if (queue.isClosed()) {
            return;
        }
        if (maxRetries >= 0 && queue.failures(key) >= maxRetries) {
            log.error("Controller {} gives up on {} after {} retries", name, key, maxRetries, e);
            queue.forget(key);
            return;
        }
        switch (e) {
            case KubernetesClientException conflict
            when ApiErrors.isConflict(conflict) ->
                log.debug("Controller {}: {} was changed meanwhile, trying again", name, key);
            case KubernetesClientException api ->
                log.atLevel(level(api, queue.failures(key)))
                        .log("Controller {}: {} failed, trying again: {}", name, key, api.getMessage());
            default -> log.warn("Controller {}: {} failed, trying again", name, key, e);
        }
        queue.addRateLimited(key);
    }

    /**
     * Worth a warning once: what the API server refuses for a reason of its own, a quota say, it refuses at each try. That
     * something is gone or there already is at first taken for a view that lags behind.
     */
    private static Level level(KubernetesClientException refusal, int failuresBefore) {
        boolean mayLag = ApiErrors.isNotFound(refusal) || ApiErrors.isAlreadyExists(refusal);
        return failuresBefore == (mayLag ? 1 : 0) ? Level.WARN : Level.DEBUG;
    }
}
