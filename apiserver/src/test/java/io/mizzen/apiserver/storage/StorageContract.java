// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.mizzen.apiserver.storage.Storage.Entry;
import io.mizzen.apiserver.storage.Storage.Page;
import io.mizzen.apiserver.storage.Storage.WriteResult;
import io.mizzen.apiserver.storage.Storage.WriteResult.Conflict;
import io.mizzen.apiserver.storage.Storage.WriteResult.Written;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** What every store promises. Each test works under a prefix of its own, so that a store may be shared by all of them. */
public abstract class StorageContract {
    private static final Duration LONG = Duration.ofSeconds(20);
    private static int count;

    /** A prefix that no other test uses. */
    protected final String prefix = "/registry/test" + ++count + "/";

    protected abstract Storage storage();

    @Test
    void readsBackWhatWasCreated() {
        long revision = create("a", "one");

        Entry entry = storage().get(prefix + "a");

        assertThat(entry.value()).isEqualTo(bytes("one"));
        assertThat(entry.modRevision()).isEqualTo(revision);
        assertThat(storage().currentRevision()).isGreaterThanOrEqualTo(revision);
    }

    @Test
    void hasNothingUnderAnUnknownKey() {
        assertThat(storage().get(prefix + "missing")).isNull();
        assertThat(storage().list(prefix, null, 0, 0).entries()).isEmpty();
        assertThat(storage().currentRevision()).isPositive();
    }

    @Test
    void refusesToCreateAnExistingKeyAndShowsIt() {
        long revision = create("a", "one");

        WriteResult second = storage().create(prefix + "a", bytes("two"), 0);

        assertThat(conflicting(second).modRevision()).isEqualTo(revision);
        assertThat(conflicting(second).value()).isEqualTo(bytes("one"));
        assertThat(text("a")).isEqualTo("one");
    }

    @Test
    void updatesOnlyAtTheExpectedRevision() {
        long first = create("a", "one");

        long second = written(storage().update(prefix + "a", bytes("two"), first, 0));
        WriteResult stale = storage().update(prefix + "a", bytes("three"), first, 0);

        assertThat(second).isGreaterThan(first);
        assertThat(conflicting(stale).modRevision()).isEqualTo(second);
        assertThat(text("a")).isEqualTo("two");
    }

    @Test
    void conflictsWithoutACurrentEntryWhenTheKeyIsGone() {
        long first = create("a", "one");
        written(storage().delete(prefix + "a", first));

        assertThat(storage().update(prefix + "a", bytes("two"), first, 0)).isEqualTo(new Conflict(null));
        assertThat(storage().delete(prefix + "a", first)).isEqualTo(new Conflict(null));
    }

    @Test
    void deletesOnlyAtTheExpectedRevision() {
        long first = create("a", "one");
        long second = written(storage().update(prefix + "a", bytes("two"), first, 0));

        assertThat(conflicting(storage().delete(prefix + "a", first)).modRevision())
                .isEqualTo(second);
        long third = written(storage().delete(prefix + "a", second));

        assertThat(third).isGreaterThan(second);
        assertThat(storage().get(prefix + "a")).isNull();
    }

    @Test
    void createsAgainWhatWasDeleted() {
        long first = create("a", "one");
        written(storage().delete(prefix + "a", first));

        long again = create("a", "two");

        assertThat(again).isGreaterThan(first);
        assertThat(storage().get(prefix + "a").modRevision()).isEqualTo(again);
    }

    @Test
    void keepsEmptyAndBinaryValues() {
        byte[] binary = new byte[256];
        for (int i = 0; i < binary.length; i++) {
            binary[i] = (byte) i;
        }

        written(storage().create(prefix + "empty", new byte[0], 0));
        written(storage().create(prefix + "binary", binary, 0));

        assertThat(storage().get(prefix + "empty").value()).isEmpty();
        assertThat(storage().get(prefix + "binary").value()).isEqualTo(binary);
    }

    @Test
    void keepsAValueOfAMebibyte() {
        byte[] large = new byte[1 << 20];
        java.util.Arrays.fill(large, (byte) 'x');

        written(storage().create(prefix + "large", large, 0));

        assertThat(storage().get(prefix + "large").value()).isEqualTo(large);
        assertThat(storage().list(prefix, null, 0, 0).entries()).hasSize(1);
    }

    @Test
    void listsInKeyOrderAndOnlyUnderThePrefix() {
        create("b/2", "x");
        create("a/1", "x");
        create("b/10", "x");
        create("b", "x");
        create("b0", "x");

        assertThat(keys(storage().list(prefix, null, 0, 0))).containsExactly("a/1", "b", "b/10", "b/2", "b0");
        assertThat(keys(storage().list(prefix + "b/", null, 0, 0))).containsExactly("b/10", "b/2");
    }

    @Test
    void listsInPagesOfOneRevision() {
        for (int i = 0; i < 7; i++) {
            create("k" + i, "old");
        }

        Page first = storage().list(prefix, null, 3, 0);
        create("k25", "new");
        written(storage().delete(prefix + "k4", storage().get(prefix + "k4").modRevision()));
        Page second = storage().list(prefix, prefix + "k2", 3, first.revision());
        Page third = storage().list(prefix, prefix + "k5", 3, first.revision());

        assertThat(keys(first)).containsExactly("k0", "k1", "k2");
        assertThat(first.more()).isTrue();
        assertThat(first.remaining()).isIn(4L, -1L);
        assertThat(keys(second)).containsExactly("k3", "k4", "k5");
        assertThat(keys(third)).containsExactly("k6");
        assertThat(third.more()).isFalse();
        assertThat(third.revision()).isEqualTo(first.revision());
    }

    @Test
    void listsThePast() {
        long a1 = create("a", "a1");
        long b1 = create("b", "b1");
        long a2 = written(storage().update(prefix + "a", bytes("a2"), a1, 0));
        long bGone = written(storage().delete(prefix + "b", b1));
        long b2 = create("b", "b2");

        assertThat(state(a1)).isEqualTo("a=a1");
        assertThat(state(b1)).isEqualTo("a=a1 b=b1");
        assertThat(state(a2)).isEqualTo("a=a2 b=b1");
        assertThat(state(bGone)).isEqualTo("a=a2");
        assertThat(state(b2)).isEqualTo("a=a2 b=b2");
        assertThat(state(0)).isEqualTo("a=a2 b=b2");
    }

    @Test
    void refusesToListTheFuture() {
        long revision = create("a", "one");

        assertThatThrownBy(() -> storage().list(prefix, null, 0, revision + 1000))
                .isInstanceOf(FutureRevisionException.class);
    }

    @Test
    void forgetsThePastWhenCompactedButNoNewestValue() {
        long a1 = create("a", "a1");
        long b1 = create("b", "b1");
        written(storage().delete(prefix + "b", b1));
        long a2 = written(storage().update(prefix + "a", bytes("a2"), a1, 0));
        long c1 = create("c", "c1");

        storage().compact(a2);

        assertThat(storage().compactedRevision()).isEqualTo(a2);
        assertThat(state(a2)).isEqualTo("a=a2");
        assertThat(state(c1)).isEqualTo("a=a2 c=c1");
        assertThat(state(0)).isEqualTo("a=a2 c=c1");
        assertThatThrownBy(() -> storage().list(prefix, null, 0, a1)).isInstanceOf(CompactedException.class);
        storage().compact(a1);
        assertThat(storage().compactedRevision()).isEqualTo(a2);
        assertThatThrownBy(() -> storage().compact(c1 + 1000)).isInstanceOf(FutureRevisionException.class);
    }

    @Test
    void watchesNewChangesWithTheirPreviousValues() {
        long start = storage().currentRevision();
        RecordingListener listener = new RecordingListener();

        try (Subscription watch = storage().watch(prefix, start, listener)) {
            long a1 = create("a", "a1");
            storage().create("/registry/elsewhere" + prefix.hashCode() + a1, bytes("x"), 0);
            long a2 = written(storage().update(prefix + "a", bytes("a2"), a1, 0));
            long gone = written(storage().delete(prefix + "a", a2));

            await().atMost(LONG).until(() -> listener.events.size() == 3);
            assertThat(listener.revisions()).containsExactly(a1, a2, gone);
            assertThat(listener.events).allMatch(event -> event.key().equals(prefix + "a"));
            assertThat(listener.events.get(0).previousValue()).isNull();
            assertThat(listener.events.get(1).value()).isEqualTo(bytes("a2"));
            assertThat(listener.events.get(1).previousValue()).isEqualTo(bytes("a1"));
            assertThat(listener.events.get(2).isDeletion()).isTrue();
            assertThat(listener.events.get(2).previousValue()).isEqualTo(bytes("a2"));
        }
    }

    @Test
    void watchesFromThePast() {
        long a1 = create("a", "a1");
        long b1 = create("b", "b1");
        long a2 = written(storage().update(prefix + "a", bytes("a2"), a1, 0));
        RecordingListener listener = new RecordingListener();

        try (Subscription watch = storage().watch(prefix, a1, listener)) {
            await().atMost(LONG).until(() -> listener.events.size() == 2);
            long c1 = create("c", "c1");
            await().atMost(LONG).until(() -> listener.events.size() == 3);
            assertThat(listener.revisions()).containsExactly(b1, a2, c1);
        }
    }

    @Test
    void tellsAWatchOfACompactedPastThatItIsOver() {
        long a1 = create("a", "a1");
        long a2 = written(storage().update(prefix + "a", bytes("a2"), a1, 0));
        written(storage().update(prefix + "a", bytes("a3"), a2, 0));
        long now = create("b", "b1");
        storage().compact(now);
        RecordingListener listener = new RecordingListener();

        try (Subscription watch = storage().watch(prefix, a1, listener)) {
            await().atMost(LONG).until(() -> listener.closed != null);
            assertThat(listener.closed).isInstanceOf(CompactedException.class);
            assertThat(listener.events).isEmpty();
        }
    }

    @Test
    void goesOnWatchingWhileThePastIsCompacted() {
        long start = create("a", "a1");
        RecordingListener listener = new RecordingListener();

        try (Subscription watch = storage().watch(prefix, start, listener)) {
            long revision = start;
            for (int i = 0; i < 20; i++) {
                revision = written(storage().update(prefix + "a", bytes("v" + i), revision, 0));
                int seen = i + 1;
                await().atMost(LONG).until(() -> listener.events.size() == seen);
                storage().compact(revision);
            }
            assertThat(listener.closed).isNull();
        }
    }

    @Test
    void reportsProgressWhenAskedEvenWithoutEvents() {
        RecordingListener listener = new RecordingListener();

        try (Subscription watch = storage().watch(prefix + "quiet/", storage().currentRevision(), listener)) {
            long elsewhere = create("loud", "x");

            await().atMost(LONG).until(() -> {
                storage().requestProgress();
                return listener.progress >= elsewhere;
            });
            assertThat(listener.events).isEmpty();
        }
    }

    @Test
    void hearsNothingAfterItsEnd() {
        RecordingListener listener = new RecordingListener();
        RecordingListener other = new RecordingListener();
        long start = storage().currentRevision();
        Subscription watch = storage().watch(prefix, start, listener);
        try (Subscription second = storage().watch(prefix, start, other)) {
            create("a", "a1");
            await().atMost(LONG).until(() -> listener.events.size() == 1);

            watch.close();
            watch.close();
            create("b", "b1");

            await().atMost(LONG).until(() -> other.events.size() == 2);
            assertThat(listener.events).hasSize(1);
            assertThat(listener.closed).isNull();
        }
    }

    @Test
    void deletesAKeyWhoseTimeToLiveEnds() {
        RecordingListener listener = new RecordingListener();
        try (Subscription watch = storage().watch(prefix, storage().currentRevision(), listener)) {
            written(storage().create(prefix + "short", bytes("x"), 1));
            written(storage().create(prefix + "long", bytes("x"), 3600));

            await().atMost(LONG).until(() -> storage().get(prefix + "short") == null);

            await().atMost(LONG).until(() -> listener.events.size() == 3);
            assertThat(listener.events.get(2).isDeletion()).isTrue();
            assertThat(listener.events.get(2).key()).isEqualTo(prefix + "short");
            assertThat(storage().get(prefix + "long")).isNotNull();
        }
    }

    @Test
    void anUpdateReplacesTheTimeToLive() {
        long kept = written(storage().create(prefix + "kept", bytes("x"), 1));
        written(storage().update(prefix + "kept", bytes("y"), kept, 0));
        written(storage().create(prefix + "witness", bytes("x"), 2));

        await().atMost(LONG).until(() -> storage().get(prefix + "witness") == null);

        assertThat(text("kept")).isEqualTo("y");
    }

    @Test
    void countsExactlyWhenManyThreadsIncrementOneKey() throws Exception {
        int threads = 8;
        int increments = 15;
        create("counter", "0");
        RecordingListener listener = new RecordingListener();
        try (Subscription watch = storage().watch(prefix, storage().currentRevision(), listener);
                var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> done = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                done.add(executor.submit(() -> increment(increments)));
            }
            for (Future<?> future : done) {
                future.get();
            }

            await().atMost(LONG).until(() -> listener.events.size() >= threads * increments);
            assertThat(text("counter")).isEqualTo(String.valueOf(threads * increments));
            assertThat(listener.revisions()).isSorted().doesNotHaveDuplicates();
            for (int i = 0; i < listener.events.size(); i++) {
                assertThat(new String(listener.events.get(i).value(), UTF_8)).isEqualTo(String.valueOf(i + 1));
            }
        }
    }

    private void increment(int times) {
        Entry entry = storage().get(prefix + "counter");
        for (int i = 0; i < times; ) {
            int next = Integer.parseInt(new String(entry.value(), UTF_8)) + 1;
            WriteResult result = storage().update(prefix + "counter", bytes("" + next), entry.modRevision(), 0);
            switch (result) {
                case Written(long revision) -> {
                    i++;
                    entry = new Entry(entry.key(), bytes("" + next), revision);
                }
                case Conflict(Entry current) -> {
                    assertThat(current.modRevision()).isGreaterThan(entry.modRevision());
                    entry = current;
                }
            }
        }
    }

    @Test
    void everyWatcherSeesEveryRevisionOnceInOrderWhileManyWrite() throws Exception {
        int threads = 8;
        int writes = 30;
        long start = storage().currentRevision();
        ConcurrentSkipListMap<Long, String> answered = new ConcurrentSkipListMap<>();
        List<RecordingListener> listeners = List.of(new RecordingListener(), new RecordingListener());
        List<Subscription> watches = new ArrayList<>();
        listeners.forEach(listener -> watches.add(storage().watch(prefix, start, listener)));
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> done = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                String mine = "t" + t + "/";
                done.add(executor.submit(() -> {
                    for (int i = 0; i < writes; i++) {
                        answered.put(create(mine + i, "v"), prefix + mine + i);
                    }
                }));
            }
            for (Future<?> future : done) {
                future.get();
            }
        }
        RecordingListener late = new RecordingListener();
        watches.add(storage().watch(prefix, start, late));

        for (RecordingListener listener : List.of(listeners.get(0), listeners.get(1), late)) {
            await().atMost(LONG).until(() -> listener.events.size() >= threads * writes);
            assertThat(listener.revisions()).containsExactlyElementsOf(answered.keySet());
            assertThat(listener.events.stream().map(StorageEvent::key)).containsExactlyElementsOf(answered.values());
        }
        watches.forEach(Subscription::close);
    }

    @Test
    void aListingAndAWatchAfterItMissNothing() throws Exception {
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<?> writer = executor.submit(() -> {
                for (int i = 0; i < 200; i++) {
                    create("k" + i, "v");
                }
            });
            await().atMost(LONG).until(() -> storage().get(prefix + "k20") != null);
            Page page = storage().list(prefix, null, 0, 0);
            RecordingListener listener = new RecordingListener();
            try (Subscription watch = storage().watch(prefix, page.revision(), listener)) {
                writer.get();
                await().atMost(LONG)
                        .until(() -> listener.events.size() + page.entries().size() >= 200);

                List<String> all = new ArrayList<>(keys(page));
                listener.events.forEach(event -> all.add(event.key().substring(prefix.length())));
                assertThat(all).hasSize(200).doesNotHaveDuplicates();
            }
        }
    }

    @Test
    void refusesArgumentsThatMakeNoSense() {
        assertThatThrownBy(() -> storage().update(prefix + "a", bytes("x"), 0, 0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> storage().delete(prefix + "a", 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> storage().create(prefix + "a", bytes("x"), -1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> storage().list(prefix, null, -1, 0)).isInstanceOf(IllegalArgumentException.class);
    }

    protected final long create(String name, String value) {
        return written(storage().create(prefix + name, bytes(value), 0));
    }

    protected static long written(WriteResult result) {
        assertThat(result).isInstanceOf(Written.class);
        return ((Written) result).revision();
    }

    protected static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    private static Entry conflicting(WriteResult result) {
        assertThat(result).isInstanceOf(Conflict.class);
        return ((Conflict) result).current();
    }

    private String text(String name) {
        return new String(storage().get(prefix + name).value(), UTF_8);
    }

    private List<String> keys(Page page) {
        return page.entries().stream()
                .map(entry -> entry.key().substring(prefix.length()))
                .toList();
    }

    private String state(long revision) {
        return storage().list(prefix, null, 0, revision).entries().stream()
                .map(entry -> entry.key().substring(prefix.length()) + "=" + new String(entry.value(), UTF_8))
                .reduce((a, b) -> a + " " + b)
                .orElse("");
    }
}
