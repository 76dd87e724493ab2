// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mizzen.apiserver.storage.FaultyStorage;
import io.mizzen.apiserver.storage.Storage.Page;
import io.mizzen.apiserver.storage.Storage.WriteResult;
import io.mizzen.apiserver.storage.Storage.WriteResult.Written;
import io.mizzen.apiserver.storage.cache.ListResult.Listed;
import io.mizzen.apiserver.storage.cache.WatchRequest.Start;
import io.mizzen.apiserver.storage.embedded.EmbeddedOptions;
import io.mizzen.apiserver.storage.embedded.EmbeddedStorage;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A cache over an embedded store with faults, and what tests of it say often. */
abstract class CacheFixture {
    static final ResourceKey PODS = new ResourceKey("", "pods");
    static final String PREFIX = "/registry/pods/";
    static final Duration LONG = Duration.ofSeconds(20);
    static final Duration HOUR = Duration.ofHours(1);

    @TempDir
    Path folder;

    final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    FaultyStorage storage;
    WatchCache cache;

    @BeforeEach
    void start() {
        storage = new FaultyStorage(
                EmbeddedStorage.open(EmbeddedOptions.in(folder.resolve("store"))
                        .withNativeFolder(Path.of("target", "native"))
                        .withReserveBytes(0)),
                new Random(1));
        startCache(WatchCacheOptions.usual());
    }

    void startCache(WatchCacheOptions options) {
        if (cache != null) {
            cache.close();
        }
        cache = WatchCache.prepare(storage, options, registry);
        cache.register(PODS, PREFIX, new PodDecoder(), Set.of("spec.nodeName"));
        cache.start();
        await().atMost(LONG).until(cache::isReady);
    }

    @AfterEach
    void stop() {
        cache.close();
        storage.close();
    }

    void churn(int writes, Random random) {
        for (int i = 0; i < writes; i++) {
            String name = "p" + random.nextInt(60);
            var entry = storage.get(PREFIX + "default/" + name);
            String node = "n" + random.nextInt(3);
            if (entry == null) {
                create("default", name, "x", node);
            } else if (random.nextInt(3) == 0) {
                written(storage.delete(entry.key(), entry.modRevision()));
            } else {
                update("default", name, "x", node, entry.modRevision());
            }
        }
    }

    List<String> stored(long revision) {
        Page page = storage.list(PREFIX, null, 0, revision);
        return page.entries().stream()
                .map(entry -> entry.key() + "@" + entry.modRevision())
                .toList();
    }

    static List<String> revisions(Listed listed) {
        return listed.items().stream()
                .map(object -> object.key() + "@" + object.revision())
                .toList();
    }

    long create(String namespace, String name, String app, String node) {
        return written(storage.create(PREFIX + namespace + "/" + name, PodDecoder.pod(namespace, name, app, node), 0));
    }

    long update(String namespace, String name, String app, String node, long revision) {
        return written(storage.update(
                PREFIX + namespace + "/" + name, PodDecoder.pod(namespace, name, app, node), revision, 0));
    }

    long delete(String namespace, String name) {
        String key = PREFIX + namespace + "/" + name;
        return written(storage.delete(key, storage.get(key).modRevision()));
    }

    static long written(WriteResult result) {
        return ((Written) result).revision();
    }

    void sync() {
        try {
            assertThat(cache.awaitCurrent(LONG)).isInstanceOf(AwaitResult.Reached.class);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    Listed listed(ListRequest request) {
        return (Listed) cache.list(request);
    }

    static List<String> names(Listed listed) {
        return listed.items().stream().map(CachedObject::name).toList();
    }

    static WatchRequest request(Start start) {
        return watchRequest(ListRequest.EVERYTHING, null, start);
    }

    static WatchRequest watchRequest(Predicate<CachedObject> filter, FieldMatch match, Start start) {
        return new WatchRequest(PODS, null, filter, match, start, false, "v1", "Pod", HOUR);
    }

    CacheWatch started(WatchRequest request) {
        return ((WatchStart.Started) cache.watch(request, CacheListener.NONE)).watch();
    }

    static List<CacheEvent> drainAll(CacheWatch watch) {
        List<CacheEvent> all = new ArrayList<>();
        List<CacheEvent> some;
        while (!(some = watch.drain(7)).isEmpty()) {
            all.addAll(some);
        }
        return all;
    }

    static CacheEvent awaitEvent(CacheWatch watch) {
        List<CacheEvent> events = new ArrayList<>();
        await().atMost(LONG).until(() -> {
            events.addAll(watch.drain(10));
            return !events.isEmpty();
        });
        return events.getLast();
    }
}
