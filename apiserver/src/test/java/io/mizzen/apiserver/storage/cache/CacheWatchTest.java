// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.cache;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.mizzen.apiserver.storage.cache.ListResult.Listed;
import io.mizzen.apiserver.storage.cache.WatchRequest.Start;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

class CacheWatchTest extends CacheFixture {
    @Test
    void watchesRebuildTheStateFromWhereverTheyBegin() throws Exception {
        Thread writer = Thread.ofVirtual().start(() -> churn(1000, new Random(11)));
        List<Replica> replicas = new ArrayList<>();
        Predicate<CachedObject> onN1 = pod -> pod.field("spec.nodeName").equals("n1");
        while (writer.isAlive() && replicas.size() < 40) {
            Listed listed = listed(ListRequest.all(PODS).filteredBy(onN1));
            replicas.add(new Replica(listed, started(watchRequest(onN1, null, new Start.After(listed.revision())))));
            FieldMatch match = new FieldMatch("spec.nodeName", "n1");
            replicas.add(new Replica(null, started(watchRequest(ListRequest.EVERYTHING, match, new Start.StateNow()))));
            replicas.forEach(Replica::catchUp);
        }
        writer.join();
        sync();
        List<String> expected = revisions(listed(ListRequest.all(PODS).filteredBy(onN1)));

        for (Replica replica : replicas) {
            replica.catchUp();
            assertThat(replica.revisions()).isEqualTo(expected);
        }
        assertThat(replicas).hasSizeGreaterThan(4);
    }

    @Test
    void reportsSelectorTransitionsAsAddedAndDeleted() {
        CacheWatch watch = started(
                watchRequest(pod -> "red".equals(pod.labels().get("app")), null, new Start.After(cache.revision())));
        long blue = create("default", "a", "blue", "");
        long red = update("default", "a", "red", "", blue);
        long redder = update("default", "a", "red", "n1", red);
        long gone = update("default", "a", "blue", "n1", redder);
        delete("default", "a");
        long born = create("default", "b", "red", "");
        long dead = delete("default", "b");
        sync();

        List<CacheEvent> events = drainAll(watch);

        assertThat(events.stream().map(CacheEvent::toString))
                .containsExactly(
                        "ADDED " + PREFIX + "default/a@" + red,
                        "MODIFIED " + PREFIX + "default/a@" + redder,
                        "DELETED " + PREFIX + "default/a@" + gone,
                        "ADDED " + PREFIX + "default/b@" + born,
                        "DELETED " + PREFIX + "default/b@" + dead);
        assertThat(events.get(2).object().labels()).containsEntry("app", "red");
        assertThat(PodDecoder.resourceVersion(events.get(2).objectJson())).isEqualTo("" + gone);
        assertThat(PodDecoder.resourceVersion(events.get(4).objectJson())).isEqualTo("" + dead);
        assertThat(watch.revision()).isEqualTo(dead);
    }

    @Test
    void allWatchersShareOneEventAndItsFrame() {
        CacheWatch one = started(request(new Start.After(cache.revision())));
        CacheWatch two = started(new WatchRequest(
                PODS,
                "default",
                ListRequest.EVERYTHING,
                null,
                new Start.After(cache.revision()),
                false,
                "v1",
                "Pod",
                HOUR));
        CacheWatch elsewhere = started(new WatchRequest(
                PODS,
                "kube",
                ListRequest.EVERYTHING,
                null,
                new Start.After(cache.revision()),
                false,
                "v1",
                "Pod",
                HOUR));
        create("default", "a", "x", "");
        sync();

        CacheEvent first = drainAll(one).getFirst();
        CacheEvent second = drainAll(two).getFirst();

        assertThat(first).isSameAs(second);
        assertThat(first.frame()).isSameAs(second.frame());
        String frame = new String(first.frame(), UTF_8);
        assertThat(frame).startsWith("{\"type\":\"ADDED\",\"object\":{").endsWith("}\n");
        assertThat(frame).contains(new String(first.objectJson(), UTF_8));
        AtomicInteger rendered = new AtomicInteger();
        for (CacheEvent event : List.of(first, second)) {
            assertThat(event.frame("table", same -> {
                        rendered.incrementAndGet();
                        return new byte[] {1};
                    }))
                    .containsExactly(1);
        }
        assertThat(rendered).hasValue(1);
        assertThat(drainAll(elsewhere)).isEmpty();
    }

    @Test
    void streamsTheStateThenABookmarkThenChanges() throws Exception {
        create("default", "a", "x", "");
        long revision = create("default", "b", "x", "");
        sync();
        CacheWatch watch = started(new WatchRequest(
                PODS, null, ListRequest.EVERYTHING, null, new Start.Streaming(), true, "v1", "Pod", HOUR));

        List<CacheEvent> initial = drainAll(watch);
        long next = create("default", "c", "x", "");
        List<CacheEvent> later = watch.take(10, LONG);

        assertThat(initial.stream().map(CacheEvent::type))
                .containsExactly(CacheEvent.Type.ADDED, CacheEvent.Type.ADDED, CacheEvent.Type.BOOKMARK);
        assertThat(new String(initial.getLast().frame(), UTF_8))
                .isEqualTo("{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":"
                        + "{\"resourceVersion\":\"" + revision
                        + "\",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}}}}\n");
        assertThat(later).singleElement().matches(event -> event.revision() == next);
    }

    @Test
    void cutsAWatcherThatDoesNotDrain() {
        startCache(WatchCacheOptions.usual().withWatchQueue(8));
        CacheWatch slow = started(request(new Start.After(cache.revision())));
        CacheWatch quick = started(request(new Start.After(cache.revision())));
        int seen = 0;
        for (int i = 0; i < 20; i++) {
            create("default", "p" + i, "x", "");
            sync();
            seen += drainAll(quick).size();
        }

        assertThat(slow.end()).isEqualTo(CacheWatch.End.SLOW);
        assertThat(drainAll(slow)).hasSize(8);
        assertThat(quick.end()).isNull();
        assertThat(seen).isEqualTo(20);
        await().atMost(LONG)
                .until(() ->
                        registry.get("apiserver.terminated.watchers").counter().count() == 1);
    }

    @Test
    void tellsTheListenerOnceWhenSomethingComesAfterItWasFoundEmpty() {
        AtomicInteger told = new AtomicInteger();
        CacheWatch watch = ((WatchStart.Started)
                        cache.watch(request(new Start.StateNow()), ready -> told.incrementAndGet()))
                .watch();
        assertThat(watch.drain(10)).isEmpty();

        create("default", "a", "x", "");
        create("default", "b", "x", "");
        sync();
        assertThat(told).hasValue(1);
        assertThat(drainAll(watch)).hasSize(2);
        create("default", "c", "x", "");
        sync();

        assertThat(told).hasValue(2);
    }

    @Test
    void sendsBookmarksByTheMinuteAndBeforeTheEnd() {
        AtomicLong now = new AtomicLong();
        startCache(WatchCacheOptions.usual().withTicker(now::get, Duration.ofMinutes(1)));
        CacheWatch watch = started(new WatchRequest(
                PODS,
                null,
                ListRequest.EVERYTHING,
                null,
                new Start.StateNow(),
                true,
                "v1",
                "Pod",
                Duration.ofMinutes(3)));
        CacheWatch without = started(request(new Start.StateNow()));
        long revision = create("default", "a", "x", "");
        sync();
        drainAll(watch);

        now.addAndGet(Duration.ofSeconds(60).toNanos());
        CacheEvent bookmark = awaitEvent(watch);
        now.addAndGet(Duration.ofSeconds(119).toNanos());
        CacheEvent last = awaitEvent(watch);
        now.addAndGet(Duration.ofSeconds(1).toNanos());
        await().atMost(LONG).until(() -> watch.end() != null);

        assertThat(bookmark.type()).isEqualTo(CacheEvent.Type.BOOKMARK);
        assertThat(bookmark.revision()).isEqualTo(revision);
        assertThat(last.type()).isEqualTo(CacheEvent.Type.BOOKMARK);
        assertThat(watch.end()).isEqualTo(CacheWatch.End.TIMEOUT);
        assertThat(drainAll(watch)).isEmpty();
        assertThat(drainAll(without)).hasSize(1);
    }

    @Test
    void resumesAWatchAcrossARestartOfTheProcess() {
        long first = create("default", "a", "x", "");
        long second = create("default", "b", "x", "");
        sync();

        startCache(WatchCacheOptions.usual());
        CacheWatch watch = started(request(new Start.After(first)));

        assertThat(drainAll(watch).stream().map(CacheEvent::revision)).containsExactly(second);
    }

    /** What a client knows that listed (or not) and watches. */
    private static final class Replica {
        private final java.util.TreeMap<String, Long> objects = new java.util.TreeMap<>();
        private final CacheWatch watch;
        private long last;

        Replica(Listed listed, CacheWatch watch) {
            this.watch = watch;
            if (listed != null) {
                listed.items().forEach(object -> objects.put(object.key(), object.revision()));
                last = listed.revision();
            }
        }

        void catchUp() {
            for (CacheEvent event : drainAll(watch)) {
                String key = event.object().key();
                switch (event.type()) {
                    case ADDED ->
                        assertThat(objects.put(key, event.revision()))
                                .as("%s", event)
                                .isNull();
                    case MODIFIED ->
                        assertThat(objects.put(key, event.revision()))
                                .as("%s", event)
                                .isNotNull();
                    case DELETED ->
                        assertThat(objects.remove(key)).as("%s", event).isNotNull();
                    case BOOKMARK -> throw new AssertionError(event);
                }
            }
            assertThat(watch.end()).isNull();
            assertThat(watch.revision()).isGreaterThanOrEqualTo(last);
            last = watch.revision();
        }

        List<String> revisions() {
            return objects.entrySet().stream()
                    .map(entry -> entry.getKey() + "@" + entry.getValue())
                    .toList();
        }
    }
}
