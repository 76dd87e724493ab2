// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.cache;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.mizzen.apiserver.storage.cache.ListResult.Listed;
import io.mizzen.apiserver.storage.cache.WatchRequest.Start;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

class WatchCacheTest extends CacheFixture {
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
        Thread writer = Thread.ofVirtual().start(() -> churn(1000, new Random(7)));
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
}
