// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.cache;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
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
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WatchCacheTest {
    private static final ResourceKey PODS = new ResourceKey("", "pods");
    private static final String PREFIX = "/registry/pods/";
    private static final Duration LONG = Duration.ofSeconds(20);
    private static final Duration HOUR = Duration.ofHours(1);

    @TempDir
    Path folder;

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private FaultyStorage storage;
    private WatchCache cache;

    @BeforeEach
    void start() {
        storage = new FaultyStorage(
                EmbeddedStorage.open(EmbeddedOptions.in(folder.resolve("store"))
                        .withNativeFolder(Path.of("target", "native"))
                        .withReserveBytes(0)),
                new Random(1));
        startCache(WatchCacheOptions.usual());
    }

    private void startCache(WatchCacheOptions options) {
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

    @Test
    void readsItsOwnWrites() throws Exception {
        long revision = create("default", "web", "web", "");

        assertThat(cache.awaitCurrent(LONG)).isInstanceOf(AwaitResult.Reached.class);
        CachedObject pod = cache.get(PODS, PREFIX + "default/web");

        assertThat(pod.revision()).isEqualTo(revision);
        assertThat(pod.labels()).containsEntry("app", "web");
        assertThat(PodDecoder.resourceVersion(pod.json())).isEqualTo("" + revision);
        assertThat(cache.count(PODS)).isEqualTo(1);
        assertThat(cache.get(PODS, PREFIX + "default/we")).isNull();
    }

    @Test
    void listsANamespaceAsARangeOfKeys() {
        create("default", "b", "x", "");
        create("default", "a", "x", "");
        create("default-2", "c", "x", "");
        create("defaul", "d", "x", "");
        long last = create("default0", "e", "x", "");
        sync();

        Listed listed = listed(ListRequest.in(PODS, "default"));

        assertThat(names(listed)).containsExactly("a", "b");
        assertThat(listed.revision()).isEqualTo(last);
        assertThat(listed.remaining()).isZero();
        assertThat(names(listed(ListRequest.all(PODS)))).containsExactly("d", "c", "a", "b", "e");
    }

    @Test
    void selectsByFilterAndByIndex() {
        create("default", "a", "red", "n1");
        create("default", "b", "blue", "n1");
        create("default", "c", "red", "n2");
        create("kube", "d", "red", "");
        sync();
        Predicate<CachedObject> red = pod -> "red".equals(pod.labels().get("app"));

        assertThat(names(listed(ListRequest.all(PODS).filteredBy(red)))).containsExactly("a", "c", "d");
        assertThat(names(listed(ListRequest.all(PODS).matching(new FieldMatch("spec.nodeName", "n1")))))
                .containsExactly("a", "b");
        assertThat(names(listed(ListRequest.all(PODS).matching(new FieldMatch("spec.nodeName", "")))))
                .containsExactly("d");
        assertThat(names(listed(ListRequest.in(PODS, "default")
                        .filteredBy(red)
                        .matching(new FieldMatch("spec.nodeName", "n1")))))
                .containsExactly("a");
        assertThat(names(listed(ListRequest.all(PODS).matching(new FieldMatch("metadata.name", "c")))))
                .containsExactly("c");
        assertThat(names(listed(ListRequest.all(PODS).matching(new FieldMatch("spec.nodeName", "nowhere")))))
                .isEmpty();
    }

    @Test
    void keepsTheIndexWhenAPodMoves() {
        long revision = create("default", "a", "x", "");
        sync();
        update("default", "a", "x", "n1", revision);
        sync();

        assertThat(names(listed(ListRequest.all(PODS).matching(new FieldMatch("spec.nodeName", "")))))
                .isEmpty();
        assertThat(names(listed(ListRequest.all(PODS).matching(new FieldMatch("spec.nodeName", "n1")))))
                .containsExactly("a");
    }

    @Test
    void pagesShowOneRevisionWhateverHappensBetweenThem() {
        for (int i = 0; i < 10; i++) {
            create("default", "p" + i, "x", "");
        }
        sync();
        Listed first = listed(ListRequest.all(PODS).page(null, 4, 0));
        create("default", "p35", "x", "");
        delete("default", "p5");
        update(
                "default",
                "p6",
                "changed",
                "",
                cache.get(PODS, PREFIX + "default/p6").revision());
        delete("default", "p9");
        create("default", "p9", "again", "");
        sync();

        Listed second =
                listed(ListRequest.all(PODS).page(first.items().getLast().key(), 4, first.revision()));
        Listed third =
                listed(ListRequest.all(PODS).page(second.items().getLast().key(), 4, first.revision()));

        assertThat(names(first)).containsExactly("p0", "p1", "p2", "p3");
        assertThat(first.more()).isTrue();
        assertThat(first.remaining()).isEqualTo(6);
        assertThat(names(second)).containsExactly("p4", "p5", "p6", "p7");
        assertThat(second.remaining()).isEqualTo(2);
        assertThat(second.items().get(2).labels()).containsEntry("app", "x");
        assertThat(names(third)).containsExactly("p8", "p9");
        assertThat(third.items().get(1).labels()).containsEntry("app", "x");
        assertThat(third.more()).isFalse();
        assertThat(names(listed(ListRequest.all(PODS)))).contains("p35").doesNotContain("p5");
    }

    @Test
    void countsTheRestOfAPageOnlyWithoutAFilter() {
        for (int i = 0; i < 6; i++) {
            create("default", "p" + i, i % 2 == 0 ? "even" : "odd", "");
        }
        sync();

        Listed odd = listed(ListRequest.all(PODS)
                .filteredBy(pod -> "odd".equals(pod.labels().get("app")))
                .page(null, 2, 0));
        Listed all = listed(ListRequest.all(PODS)
                .filteredBy(pod -> "odd".equals(pod.labels().get("app")))
                .page(null, 3, 0));

        assertThat(names(odd)).containsExactly("p1", "p3");
        assertThat(odd.more()).isTrue();
        assertThat(odd.remaining()).isEqualTo(-1);
        assertThat(all.more()).isFalse();
    }

    @Test
    void saysWhenARevisionIsTooOldOrTooNew() {
        startCache(WatchCacheOptions.usual().withHistory(1, Duration.ZERO, 1, 1).withReplay(0));
        long first = create("default", "a", "x", "");
        long second = create("default", "b", "x", "");
        long third = create("default", "c", "x", "");
        sync();

        assertThat(cache.list(ListRequest.all(PODS).page(null, 0, first)))
                .isEqualTo(new ListResult.TooOld(first, second));
        assertThat(names(listed(ListRequest.all(PODS).page(null, 0, second)))).containsExactly("a", "b");
        assertThat(cache.list(ListRequest.all(PODS).page(null, 0, third + 5)))
                .isEqualTo(new ListResult.TooNew(third + 5, third));
        assertThat(cache.watch(request(new Start.After(first)), CacheListener.NONE))
                .isEqualTo(new WatchStart.TooOld(first, second));
    }

    @Test
    void everyListIsExactlyTheStateOfItsRevision() throws Exception {
        Thread writer = Thread.ofVirtual().start(() -> churn(3000, new Random(7)));
        int lists = 0;
        while (writer.isAlive()) {
            Listed listed = listed(ListRequest.all(PODS));
            Listed onNode = listed(ListRequest.all(PODS).matching(new FieldMatch("spec.nodeName", "n1")));
            assertThat(revisions(listed)).isEqualTo(stored(listed.revision()));
            Listed same = listed(ListRequest.all(PODS)
                    .filteredBy(pod -> pod.field("spec.nodeName").equals("n1"))
                    .page(null, 0, onNode.revision()));
            assertThat(revisions(onNode)).isEqualTo(revisions(same));
            lists++;
        }
        writer.join();
        sync();
        assertThat(lists).isPositive();
        assertThat(revisions(listed(ListRequest.all(PODS)))).isEqualTo(stored(0));
    }

    @Test
    void watchesRebuildTheStateFromWhereverTheyBegin() throws Exception {
        Thread writer = Thread.ofVirtual().start(() -> churn(2000, new Random(11)));
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
    void knowsAResourceAtRunTimeAndForgetsIt() {
        ResourceKey widgets = new ResourceKey("example.com", "widgets");
        String prefix = "/registry/example.com/widgets/";
        written(storage.create(prefix + "default/a", PodDecoder.pod("default", "a", "x", ""), 0));
        sync();
        assertThatThrownBy(() -> cache.list(ListRequest.all(widgets)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("widgets.example.com");

        cache.register(widgets, prefix, new PodDecoder());
        assertThat(names(listed(ListRequest.all(widgets)))).containsExactly("a");
        CacheWatch watch = started(new WatchRequest(
                widgets, null, ListRequest.EVERYTHING, null, new Start.StateNow(), false, "v1", "Widget", HOUR));
        written(storage.create(prefix + "default/b", PodDecoder.pod("default", "b", "x", ""), 0));
        sync();
        assertThat(drainAll(watch)).hasSize(2);

        cache.unregister(widgets);
        assertThat(watch.end()).isEqualTo(CacheWatch.End.UNREGISTERED);
        assertThat(cache.isRegistered(widgets)).isFalse();
        written(storage.create(prefix + "default/c", PodDecoder.pod("default", "c", "x", ""), 0));
        sync();
        cache.register(widgets, prefix, new PodDecoder());

        assertThat(names(listed(ListRequest.all(widgets)))).containsExactly("a", "b", "c");
        assertThatThrownBy(() -> cache.register(new ResourceKey("", "other"), prefix, new PodDecoder()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void listsAnewWhenTheStoresHistoryIsGone() {
        create("default", "a", "x", "");
        sync();
        CacheWatch watch = started(request(new Start.StateNow()));
        storage.hold();
        create("default", "b", "x", "");
        delete("default", "a");

        storage.breakWatches();
        storage.release();

        await().atMost(LONG).until(() -> names(listed(ListRequest.all(PODS))).equals(List.of("b")));
        assertThat(watch.end()).isEqualTo(CacheWatch.End.EXPIRED);
        create("default", "c", "x", "");
        sync();
        assertThat(names(listed(ListRequest.all(PODS)))).containsExactly("b", "c");
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

    @Test
    void tellsARevisionOfTheFutureFromACacheThatIsBehind() throws Exception {
        long revision = create("default", "a", "x", "");
        sync();

        assertThat(cache.awaitRevision(revision + 7, Duration.ofMillis(120)))
                .isEqualTo(new AwaitResult.TooLarge(revision + 7, revision));
        storage.hold();
        long next = create("default", "b", "x", "");
        assertThat(cache.awaitRevision(next, Duration.ofMillis(120))).isEqualTo(new AwaitResult.Behind(next, revision));
        storage.release();
        assertThat(cache.awaitRevision(next, LONG)).isEqualTo(new AwaitResult.Reached(next));
    }

    @Test
    void waitsForTheStoreAtTheStart() {
        create("default", "a", "x", "");
        cache.close();
        storage.fail(1, 0);
        cache = WatchCache.start(storage, WatchCacheOptions.usual(), registry);
        cache.register(PODS, PREFIX, new PodDecoder(), Set.of());
        assertThat(cache.isReady()).isFalse();

        storage.fail(0, 0);

        await().atMost(LONG).until(cache::isReady);
        assertThat(cache.count(PODS)).isEqualTo(1);
    }

    @Test
    void leavesOutWhatIsNoObject() {
        written(storage.create(PREFIX + "default/broken", "{".getBytes(UTF_8), 0));
        long good = create("default", "good", "x", "");
        sync();

        assertThat(names(listed(ListRequest.all(PODS)))).containsExactly("good");
        assertThat(cache.revision()).isEqualTo(good);
    }

    @Test
    void endsItsThreadsAndWatches() {
        CacheWatch watch = started(request(new Start.StateNow()));

        cache.close();

        assertThat(watch.end()).isEqualTo(CacheWatch.End.CLOSED);
        assertThat(Thread.getAllStackTraces().keySet())
                .noneMatch(thread -> thread.getName().startsWith("cache-"));
    }

    private void churn(int writes, Random random) {
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

    private List<String> stored(long revision) {
        Page page = storage.list(PREFIX, null, 0, revision);
        return page.entries().stream()
                .map(entry -> entry.key() + "@" + entry.modRevision())
                .toList();
    }

    private static List<String> revisions(Listed listed) {
        return listed.items().stream()
                .map(object -> object.key() + "@" + object.revision())
                .toList();
    }

    private long create(String namespace, String name, String app, String node) {
        return written(storage.create(PREFIX + namespace + "/" + name, PodDecoder.pod(namespace, name, app, node), 0));
    }

    private long update(String namespace, String name, String app, String node, long revision) {
        return written(storage.update(
                PREFIX + namespace + "/" + name, PodDecoder.pod(namespace, name, app, node), revision, 0));
    }

    private long delete(String namespace, String name) {
        String key = PREFIX + namespace + "/" + name;
        return written(storage.delete(key, storage.get(key).modRevision()));
    }

    private static long written(WriteResult result) {
        return ((Written) result).revision();
    }

    private void sync() {
        try {
            assertThat(cache.awaitCurrent(LONG)).isInstanceOf(AwaitResult.Reached.class);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private Listed listed(ListRequest request) {
        return (Listed) cache.list(request);
    }

    private static List<String> names(Listed listed) {
        return listed.items().stream().map(CachedObject::name).toList();
    }

    private static WatchRequest request(Start start) {
        return watchRequest(ListRequest.EVERYTHING, null, start);
    }

    private static WatchRequest watchRequest(Predicate<CachedObject> filter, FieldMatch match, Start start) {
        return new WatchRequest(PODS, null, filter, match, start, false, "v1", "Pod", HOUR);
    }

    private CacheWatch started(WatchRequest request) {
        return ((WatchStart.Started) cache.watch(request, CacheListener.NONE)).watch();
    }

    private static List<CacheEvent> drainAll(CacheWatch watch) {
        List<CacheEvent> all = new ArrayList<>();
        List<CacheEvent> some;
        while (!(some = watch.drain(7)).isEmpty()) {
            all.addAll(some);
        }
        return all;
    }

    private static CacheEvent awaitEvent(CacheWatch watch) {
        List<CacheEvent> events = new ArrayList<>();
        await().atMost(LONG).until(() -> {
            events.addAll(watch.drain(10));
            return !events.isEmpty();
        });
        return events.getLast();
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
