// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Counts and times every call of a store under upstream's names: {@code etcd_request_duration_seconds} and
 * {@code etcd_request_errors_total}, by operation and resource. Passes everything on unchanged; a conflict is no error.
 */
public final class MeasuredStorage implements Storage {
    /** Upstream's buckets, in milliseconds. */
    private static final Duration[] BUCKETS = Stream.of(
                    5, 25, 50, 100, 200, 400, 600, 800, 1000, 1250, 1500, 2000, 3000, 4000, 5000, 6000, 8000, 10_000,
                    15_000, 20_000, 30_000, 45_000, 60_000)
            .map(Duration::ofMillis)
            .toArray(Duration[]::new);

    private final Storage inner;
    private final MeterRegistry registry;
    private final Map<Call, Meters> meters = new ConcurrentHashMap<>();

    private record Call(String operation, String type) {}

    private record Meters(Timer duration, Counter errors) {}

    public MeasuredStorage(Storage inner, MeterRegistry registry) {
        this.inner = inner;
        this.registry = registry;
    }

    /** The resource of a key or prefix, as upstream labels it: {@code pods}, {@code widgets.example.com}. */
    static String typeOf(String key) {
        String[] parts = key.split("/", 5);
        if (parts.length < 4) {
            return "";
        }
        // Only the groups of custom resources are part of a key, and only they have a dot.
        return parts[2].indexOf('.') > 0 ? parts[3] + "." + parts[2] : parts[2];
    }

    private <T extends @Nullable Object> T measure(String operation, String key, Supplier<T> call) {
        Meters mine = Objects.requireNonNull(meters.computeIfAbsent(new Call(operation, typeOf(key)), this::register));
        long start = System.nanoTime();
        try {
            return call.get();
        } catch (StorageException e) {
            mine.errors().increment();
            throw e;
        } finally {
            mine.duration().record(Duration.ofNanos(System.nanoTime() - start));
        }
    }

    private Meters register(Call call) {
        Timer duration = Timer.builder("etcd.request.duration")
                .description("Store request latency by operation and resource.")
                .tags("operation", call.operation(), "type", call.type())
                .serviceLevelObjectives(BUCKETS)
                .register(registry);
        Counter errors = Counter.builder("etcd.request.errors")
                .description("Failed store requests by operation and resource.")
                .tags("operation", call.operation(), "type", call.type())
                .register(registry);
        return new Meters(duration, errors);
    }

    @Override
    public @Nullable Entry get(String key) {
        return measure("get", key, () -> inner.get(key));
    }

    @Override
    public Page list(String prefix, @Nullable String afterKey, int limit, long revision) {
        return measure("list", prefix, () -> inner.list(prefix, afterKey, limit, revision));
    }

    @Override
    public long currentRevision() {
        return measure("getCurrentResourceVersion", "", inner::currentRevision);
    }

    @Override
    public WriteResult create(String key, byte[] value, long ttlSeconds) {
        return measure("create", key, () -> inner.create(key, value, ttlSeconds));
    }

    @Override
    public WriteResult update(String key, byte[] value, long expectedModRevision, long ttlSeconds) {
        return measure("update", key, () -> inner.update(key, value, expectedModRevision, ttlSeconds));
    }

    @Override
    public WriteResult delete(String key, long expectedModRevision) {
        return measure("delete", key, () -> inner.delete(key, expectedModRevision));
    }

    @Override
    public Subscription watch(String prefix, long afterRevision, StorageListener listener) {
        return inner.watch(prefix, afterRevision, listener);
    }

    @Override
    public void requestProgress() {
        inner.requestProgress();
    }

    @Override
    public void compact(long revision) {
        inner.compact(revision);
    }

    @Override
    public long compactedRevision() {
        return inner.compactedRevision();
    }

    @Override
    public void close() {
        inner.close();
    }
}
