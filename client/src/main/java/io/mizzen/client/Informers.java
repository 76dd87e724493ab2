// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The shared caches of a component: one watch a kind, however many ask for it; the one place that starts them and waits
 * until they have read the world once.
 *
 * <p>Thread-safe. Each informer has a virtual thread of its own; {@link #close} ends all of them within ten seconds.
 */
public final class Informers implements InformerSource, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Informers.class);

    private record Key(ResourceType type, Reflector.Scope scope, boolean metadataOnly) {}

    private final Transport transport;
    private final String owner;
    private final MeterRegistry registry;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Map<Key, Reflector<?>> reflectors = new LinkedHashMap<>();

    private @Nullable Thread watchdog;
    private volatile boolean closed;

    /** Informers over the connection of {@code client}; {@code owner} is the component's name in threads and metrics. */
    public Informers(KubernetesClient client, String owner, MeterRegistry registry) {
        this.transport = new Transport(client);
        this.owner = owner;
        this.registry = registry;
    }

    @Override
    public <T extends HasMetadata> Informer<T> of(Class<T> type) {
        return typed(type, Reflector.Scope.ALL);
    }

    /**
     * The shared informer of the objects of a kind that match.
     *
     * @param namespace only this namespace; {@code ""} for all
     * @param fieldSelector as {@code kubectl --field-selector} takes it; {@code ""} for none
     * @param labelSelector as {@code kubectl -l} takes it; {@code ""} for none
     */
    public <T extends HasMetadata> Informer<T> of(
            Class<T> type, String namespace, String fieldSelector, String labelSelector) {
        return typed(type, new Reflector.Scope(namespace, fieldSelector, labelSelector));
    }

    @Override
    public Informer<GenericKubernetesResource> metadata(ResourceType type) {
        Key key = new Key(type, Reflector.Scope.ALL, true);
        lock.lock();
        try {
            @SuppressWarnings("unchecked") // The key says of which type the informer is.
            Reflector<GenericKubernetesResource> reflector =
                    (Reflector<GenericKubernetesResource>) reflectors.computeIfAbsent(
                            key,
                            k -> new Reflector<GenericKubernetesResource>(
                                    new Reflector.Source<>(
                                            type,
                                            Reflector.Scope.ALL,
                                            tree -> HttpApiClient.metadataOnly(type, tree),
                                            Transport.METADATA,
                                            Transport.METADATA_LIST),
                                    transport,
                                    owner,
                                    registry));
            return reflector;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void dropMetadata(ResourceType type) {
        Reflector<?> reflector;
        lock.lock();
        try {
            reflector = reflectors.remove(new Key(type, Reflector.Scope.ALL, true));
        } finally {
            lock.unlock();
        }
        if (reflector != null) {
            reflector.stop();
        }
    }

    @Override
    public void start() {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            reflectors.values().forEach(Reflector::start);
            if (watchdog == null) {
                watchdog = Thread.ofVirtual().name(owner + "-informer-watchdog").start(this::watchSilence);
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Starts the informers asked for so far and waits until each has read its first list.
     *
     * @throws IllegalStateException naming the resources that were not read in time
     */
    public void startAndSync(Duration timeout) throws InterruptedException {
        start();
        long deadline = System.nanoTime() + timeout.toNanos();
        List<String> missing = new ArrayList<>();
        for (Reflector<?> reflector : snapshot()) {
            Duration left = Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
            if (!reflector.awaitSync(left)) {
                missing.add(reflector.type().qualifiedName());
            }
        }
        if (!missing.isEmpty()) {
            throw new IllegalStateException("could not read in " + timeout.toSeconds() + " s: " + missing);
        }
    }

    @Override
    public void close() {
        closed = true;
        List<Reflector<?>> all = snapshot();
        all.forEach(Reflector::stop);
        Thread dog = watchdog;
        if (dog != null) {
            dog.interrupt();
        }
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(9);
        try {
            for (Reflector<?> reflector : all) {
                Duration left = Duration.ofNanos(Math.max(1_000_000, deadline - System.nanoTime()));
                if (!reflector.join(left)) {
                    log.error(
                            "Informer of {} did not end in time",
                            reflector.type().qualifiedName());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private <T extends HasMetadata> Informer<T> typed(Class<T> type, Reflector.Scope scope) {
        Key key = new Key(ResourceType.of(type), scope, false);
        lock.lock();
        try {
            @SuppressWarnings("unchecked") // The key says of which type the informer is.
            Reflector<T> reflector = (Reflector<T>) reflectors.computeIfAbsent(
                    key,
                    k -> new Reflector<T>(
                            new Reflector.Source<>(
                                    k.type(), scope, tree -> Json.model(tree, type), Transport.JSON, Transport.JSON),
                            transport,
                            owner,
                            registry));
            return reflector;
        } finally {
            lock.unlock();
        }
    }

    private List<Reflector<?>> snapshot() {
        lock.lock();
        try {
            return List.copyOf(reflectors.values());
        } finally {
            lock.unlock();
        }
    }

    private void watchSilence() {
        try {
            while (!closed) {
                TimeUnit.SECONDS.sleep(15);
                snapshot().forEach(Reflector::cutIfSilent);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
