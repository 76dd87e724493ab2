// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller;

import io.micrometer.core.instrument.MeterRegistry;
import io.mizzen.client.ApiClient;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.EventSink;
import io.mizzen.client.InformerSource;
import io.mizzen.client.RateLimits;
import io.mizzen.client.Reconciler;
import io.mizzen.client.WorkQueue;
import java.time.InstantSource;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/**
 * What every controller is given.
 *
 * @param api for writes and for reads past the caches
 * @param informers the shared caches
 * @param clock the time
 * @param random for names and jitter
 * @param registry where metrics go
 * @param events gives the event sink of a component name
 * @param parallel runs the members of a batch of writes; a direct executor makes it sequential
 */
public record ControllerContext(
        ApiClient api,
        InformerSource informers,
        InstantSource clock,
        RandomGenerator random,
        MeterRegistry registry,
        Function<String, EventSink> events,
        Executor parallel) {

    /** A queue with Kubernetes' standard limits. */
    public <K> WorkQueue<K> queue(String name) {
        return new WorkQueue<>(name, RateLimits.standard(), clock, registry);
    }

    /** A loop over a queue that retries for ever. */
    public <K> ControllerLoop<K> loop(WorkQueue<K> queue, String name, int workers, Reconciler<K> reconciler) {
        return new ControllerLoop<>(name, queue, workers, reconciler, registry);
    }

    /** A loop over a queue that drops a key after so many failures in a row. */
    public <K> ControllerLoop<K> loop(
            WorkQueue<K> queue, String name, int workers, int maxRetries, Reconciler<K> reconciler) {
        return new ControllerLoop<>(name, queue, workers, maxRetries, reconciler, registry);
    }
}
