// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * List, then watch from the list's revision, for ever: the thread behind an {@link Informer}. A watch that ends is
 * resumed from the last revision seen; a revision that is gone (410) causes a new list, whose difference to the cache is
 * told as changes. Failures back off from 100 ms to 10 s.
 */
final class Reflector<T extends HasMetadata> implements Informer<T> {

    private static final Logger log = LoggerFactory.getLogger(Reflector.class);
    private static final long FIRST_BACKOFF_MILLIS = 100;
    private static final long LAST_BACKOFF_MILLIS = 10_000;
    private static final int MIN_WATCH_SECONDS = 300;
    private static final Duration SILENCE = Duration.ofSeconds(2L * MIN_WATCH_SECONDS + 30);

    /** What one reflector reads and how. */
    record Source<T>(ResourceType type, Scope scope, Function<JsonNode, T> decode, String accept, String acceptList) {}

    /** The part of a collection that is read. */
    record Scope(String namespace, String fieldSelector, String labelSelector) {
        static final Scope ALL = new Scope("", "", "");

        String query() {
            StringBuilder query = new StringBuilder();
            append(query, "fieldSelector", fieldSelector);
            append(query, "labelSelector", labelSelector);
            return query.toString();
        }

        private static void append(StringBuilder query, String name, String value) {
            if (!value.isEmpty()) {
                query.append('&')
                        .append(name)
                        .append('=')
                        .append(java.net.URLEncoder.encode(value, StandardCharsets.UTF_8));
            }
        }
    }

    private final Source<T> source;
    private final Transport transport;
    private final ObjectCache<T> cache = new ObjectCache<>();
    private final ReentrantLock dispatch = new ReentrantLock();

    @GuardedBy("dispatch")
    private final List<ChangeHandler<T>> handlers = new CopyOnWriteArrayList<>();

    private final CountDownLatch synced = new CountDownLatch(1);
    private final Counter lists;
    private final Thread thread;
    private volatile boolean closed;
    private volatile @Nullable InputStream watching;
    private volatile long lastHeardNanos = System.nanoTime();
    private String revision = "";

    Reflector(Source<T> source, Transport transport, String owner, MeterRegistry registry) {
        this.source = source;
        this.transport = transport;
        this.lists = registry.counter(
                "reflector_lists_total",
                "name",
                owner,
                "resource",
                source.type().qualifiedName());
        this.thread = Thread.ofVirtual()
                .name(owner + "-informer-" + source.type().qualifiedName())
                .unstarted(this::run);
    }

    void start() {
        if (thread.getState() == Thread.State.NEW) {
            thread.start();
        }
    }

    boolean awaitSync(Duration timeout) throws InterruptedException {
        return synced.await(timeout.toNanos(), TimeUnit.NANOSECONDS);
    }

    ResourceType type() {
        return source.type();
    }

    /** Cuts a watch on which nothing has come for longer than a server lets one live. */
    void cutIfSilent() {
        if (watching != null && System.nanoTime() - lastHeardNanos > SILENCE.toNanos()) {
            log.warn("Watch of {} is silent; opening a new one", source.type().qualifiedName());
            cutWatch();
        }
    }

    void stop() {
        closed = true;
        cutWatch();
        thread.interrupt();
    }

    boolean join(Duration timeout) throws InterruptedException {
        return thread.getState() == Thread.State.NEW || thread.join(timeout);
    }

    @Override
    public void addIndex(String name, Function<T, ? extends Collection<String>> values) {
        cache.addIndex(name, values);
    }

    @Override
    public void onChange(ChangeHandler<T> handler) {
        dispatch.lock();
        try {
            cache.list().forEach(handler::added);
            handlers.add(handler);
        } finally {
            dispatch.unlock();
        }
    }

    @Override
    public boolean hasSynced() {
        return synced.getCount() == 0;
    }

    @Override
    public Optional<T> find(ObjectKey key) {
        return cache.find(key);
    }

    @Override
    public List<T> list() {
        return cache.list();
    }

    @Override
    public List<T> inNamespace(String namespace) {
        return cache.inNamespace(namespace);
    }

    @Override
    public List<T> byIndex(String index, String value) {
        return cache.byIndex(index, value);
    }

    private void run() {
        long backoff = FIRST_BACKOFF_MILLIS;
        while (!closed) {
            long started = System.nanoTime();
            try {
                if (revision.isEmpty()) {
                    listAll();
                }
                watch();
                backoff = nextBackoff(backoff, started);
                if (System.nanoTime() - started < Duration.ofSeconds(1).toNanos()) {
                    pause(backoff);
                }
            } catch (KubernetesClientException e) {
                if (ApiErrors.isGone(e)) {
                    log.info(
                            "Watch of {} is too old; listing again",
                            source.type().qualifiedName());
                    revision = "";
                } else if (!closed) {
                    log.debug("Reading {} failed: {}", source.type().qualifiedName(), e.getMessage());
                }
                backoff = nextBackoff(backoff, started);
                pause(backoff);
            } catch (RuntimeException e) {
                // A handler or a decoder failed: say so and read everything anew rather than miss a change.
                log.error("Informer of {} failed; listing again", source.type().qualifiedName(), e);
                revision = "";
                backoff = nextBackoff(backoff, started);
                pause(backoff);
            }
        }
    }

    private static long nextBackoff(long backoff, long startedNanos) {
        boolean livedLong =
                System.nanoTime() - startedNanos > Duration.ofSeconds(30).toNanos();
        return livedLong ? FIRST_BACKOFF_MILLIS : Math.min(LAST_BACKOFF_MILLIS, backoff * 2);
    }

    private void pause(long millis) {
        if (closed) {
            return;
        }
        try {
            long jittered = millis + ThreadLocalRandom.current().nextLong(millis / 2 + 1);
            TimeUnit.MILLISECONDS.sleep(jittered);
        } catch (InterruptedException e) {
            closed = true;
        }
    }

    private void listAll() {
        lists.increment();
        String query = source.scope().query();
        String path = source.type().collectionPath(source.scope().namespace());
        JsonNode list = transport.send(
                "GET", path + (query.isEmpty() ? "" : "?" + query.substring(1)), source.acceptList(), null, null);
        Set<ObjectKey> present = new HashSet<>();
        for (JsonNode item : list.path("items")) {
            T object = source.decode().apply(item);
            present.add(ObjectKey.of(object));
            store(object);
        }
        for (ObjectKey key : cache.keys()) {
            if (!present.contains(key)) {
                drop(key, Optional.empty());
            }
        }
        revision = list.path("metadata").path("resourceVersion").asText("");
        synced.countDown();
    }

    private void watch() {
        int seconds = MIN_WATCH_SECONDS + ThreadLocalRandom.current().nextInt(MIN_WATCH_SECONDS);
        String path = source.type().collectionPath(source.scope().namespace())
                + "?watch=true&allowWatchBookmarks=true&timeoutSeconds=" + seconds + "&resourceVersion=" + revision
                + source.scope().query();
        try (InputStream stream = transport.stream(path, source.accept());
                BufferedReader lines = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
            watching = stream;
            lastHeardNanos = System.nanoTime();
            if (closed) {
                return;
            }
            for (String line = lines.readLine(); line != null && !closed; line = lines.readLine()) {
                lastHeardNanos = System.nanoTime();
                if (!line.isBlank()) {
                    frame(Json.parse(line));
                }
            }
        } catch (IOException e) {
            if (!closed) {
                log.debug("Watch of {} broke: {}", source.type().qualifiedName(), e.toString());
            }
        } finally {
            watching = null;
        }
    }

    private void frame(JsonNode frame) {
        JsonNode object = frame.path("object");
        switch (frame.path("type").asText()) {
            case "ADDED", "MODIFIED" -> store(source.decode().apply(object));
            case "DELETED" -> {
                T last = source.decode().apply(object);
                drop(ObjectKey.of(last), Optional.of(last));
            }
            case "BOOKMARK" -> log.trace("Bookmark of {}", source.type().qualifiedName());
            case "ERROR" -> {
                int code = object.path("code").asInt(0);
                throw ApiErrors.of(
                        code,
                        object.path("reason").asText(),
                        object.path("message").asText("watch failed"));
            }
            default -> throw new KubernetesClientException("unknown watch event " + frame.path("type"));
        }
        String seen = object.path("metadata").path("resourceVersion").asText("");
        if (!seen.isEmpty()) {
            revision = seen;
        }
    }

    private void store(T object) {
        dispatch.lock();
        try {
            Optional<T> old = cache.put(object);
            if (old.isEmpty()) {
                handlers.forEach(handler -> handler.added(object));
            } else if (!sameVersion(old.get(), object)) {
                handlers.forEach(handler -> handler.updated(old.get(), object));
            }
        } finally {
            dispatch.unlock();
        }
    }

    private static boolean sameVersion(HasMetadata a, HasMetadata b) {
        String version = a.getMetadata().getResourceVersion();
        return version != null && version.equals(b.getMetadata().getResourceVersion());
    }

    private void drop(ObjectKey key, Optional<T> finalState) {
        dispatch.lock();
        try {
            Optional<T> old = cache.remove(key);
            finalState.or(() -> old).ifPresent(last -> handlers.forEach(handler -> handler.deleted(last)));
        } finally {
            dispatch.unlock();
        }
    }

    private void cutWatch() {
        InputStream stream = watching;
        if (stream != null) {
            try {
                stream.close();
            } catch (IOException e) {
                log.debug("Closing a watch: {}", e.toString());
            }
        }
    }
}
