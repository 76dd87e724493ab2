// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.etcd;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.mizzen.apiserver.storage.CompactedException;
import io.mizzen.apiserver.storage.RecordingListener;
import io.mizzen.apiserver.storage.Storage.Entry;
import io.mizzen.apiserver.storage.Storage.WriteResult.Written;
import io.mizzen.apiserver.storage.StorageReadOnlyException;
import io.mizzen.apiserver.storage.StorageUnavailableException;
import io.mizzen.apiserver.storage.Subscription;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What happens when etcd goes away and comes back. */
class EtcdOutageIT {
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final String PREFIX = "/registry/outage/";

    @TempDir
    Path folder;

    @Test
    void goesOnByItselfAfterEtcdWasKilledAndLosesNoEvent() throws Exception {
        try (EtcdProcess etcd = new EtcdProcess(folder.resolve("etcd"), null);
                EtcdStorage storage = EtcdStorage.connect(etcd.options().withRequestTimeout(Duration.ofSeconds(2)))) {
            losesNothingWhile(storage, listener -> {
                for (int i = 0; i < 3; i++) {
                    goesOn(listener);
                    etcd.kill();
                    assertThatThrownBy(storage::currentRevision).isInstanceOf(StorageUnavailableException.class);
                    etcd.start();
                }
            });
        }
    }

    @Test
    void goesOnWhileOneOfThreeMembersAfterTheOtherIsKilled() throws Exception {
        List<EtcdProcess> cluster = EtcdProcess.cluster(folder, 3);
        EtcdOptions options = EtcdOptions.of(
                        cluster.stream().map(EtcdProcess::endpoint).toList())
                .withRequestTimeout(Duration.ofSeconds(3));
        try (EtcdStorage storage = EtcdStorage.connect(options)) {
            losesNothingWhile(storage, listener -> {
                for (EtcdProcess member : cluster) {
                    member.kill();
                    goesOn(listener);
                    member.start();
                }
            });
        } finally {
            cluster.forEach(EtcdProcess::close);
        }
    }

    /** What befalls etcd, with the watcher that tells how far things have come. */
    private interface Outage {
        void happen(RecordingListener listener) throws Exception;
    }

    /** Writes and watches without a pause during an outage, and some time after it. */
    private static void losesNothingWhile(EtcdStorage storage, Outage outage) throws Exception {
        untilItAnswers(storage);
        RecordingListener listener = new RecordingListener();
        AtomicBoolean stop = new AtomicBoolean();
        List<Long> answered = new ArrayList<>();
        try (Subscription watch = storage.watch(PREFIX, storage.currentRevision(), listener)) {
            Thread writer = Thread.ofVirtual().start(() -> writeUntil(stop, storage, answered));
            outage.happen(listener);
            goesOn(listener);
            stop.set(true);
            writer.join(LONG);

            checkComplete(storage, listener, answered);
        }
    }

    private static void untilItAnswers(EtcdStorage storage) {
        await().atMost(LONG)
                .ignoreException(StorageUnavailableException.class)
                .until(() -> storage.currentRevision() > 0);
    }

    /** More events than can have been under way come to the watcher. */
    private static void goesOn(RecordingListener listener) {
        int seen = listener.events.size();
        await().atMost(LONG).until(() -> listener.events.size() > seen + 20);
    }

    /** The watcher saw every write that is stored, once and in order, and every acknowledged write is stored. */
    private static void checkComplete(EtcdStorage storage, RecordingListener listener, List<Long> answered) {
        List<Long> stored = new ArrayList<>();
        await().atMost(LONG)
                .ignoreException(StorageUnavailableException.class)
                .until(() -> stored.addAll(storage.list(PREFIX, null, 0, 0).entries().stream()
                        .map(Entry::modRevision)
                        .sorted()
                        .toList()));
        await().atMost(LONG).until(() -> listener.events.size() >= stored.size());
        assertThat(listener.revisions()).containsExactlyElementsOf(stored);
        assertThat(stored).containsAll(answered);
        assertThat(listener.closed).isNull();
    }

    private static void writeUntil(AtomicBoolean stop, EtcdStorage storage, List<Long> answered) {
        for (int i = 0; !stop.get(); i++) {
            try {
                if (storage.create(PREFIX + String.format("k%06d", i), "v".getBytes(UTF_8), 0)
                        instanceof Written(long revision)) {
                    answered.add(revision);
                }
            } catch (StorageUnavailableException e) {
                // An outage: the next key is tried; whether this one was written the listing will tell.
                LockSupport.parkNanos(1_000_000);
            }
        }
    }

    @Test
    void failsWithinItsTimeoutWhileEtcdHangsAndGoesOnAfterwards() throws Exception {
        try (EtcdProcess etcd = new EtcdProcess(folder.resolve("etcd"), null);
                EtcdStorage storage = EtcdStorage.connect(etcd.options().withRequestTimeout(Duration.ofMillis(700)))) {
            untilItAnswers(storage);
            etcd.freeze();
            try {
                long start = System.nanoTime();
                assertThatThrownBy(() -> storage.create(PREFIX + "a", new byte[1], 0))
                        .isInstanceOfSatisfying(
                                StorageUnavailableException.class,
                                e -> assertThat(e.outcomeUnknown()).isTrue())
                        .hasMessageContaining("did not answer within 700 ms");
                assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
            } finally {
                etcd.thaw();
            }

            await().atMost(LONG)
                    .ignoreException(StorageUnavailableException.class)
                    .until(() -> storage.create(PREFIX + "b", new byte[1], 0) instanceof Written);
        }
    }

    @Test
    void tellsAWatchThatMissedACompaction() throws Exception {
        try (EtcdProcess etcd = new EtcdProcess(folder.resolve("etcd"), null);
                EtcdStorage storage = EtcdStorage.connect(etcd.options())) {
            untilItAnswers(storage);
            Written first = (Written) storage.create(PREFIX + "a", new byte[1], 0);
            Written second = (Written) storage.update(PREFIX + "a", new byte[2], first.revision(), 0);
            Written third = (Written) storage.update(PREFIX + "a", new byte[3], second.revision(), 0);
            storage.compact(third.revision());
            RecordingListener listener = new RecordingListener();

            try (Subscription watch = storage.watch(PREFIX, first.revision(), listener)) {
                await().atMost(LONG).until(() -> listener.closed != null);
                assertThat(listener.closed)
                        .isInstanceOfSatisfying(
                                CompactedException.class,
                                e -> assertThat(e.revision()).isEqualTo(third.revision()));
            }
        }
    }

    @Test
    void isReadOnlyWhenEtcdIsOutOfSpace() throws Exception {
        try (EtcdProcess etcd = new EtcdProcess(folder.resolve("etcd"), null, "--quota-backend-bytes=2097152");
                EtcdStorage storage = EtcdStorage.connect(etcd.options())) {
            untilItAnswers(storage);

            assertThatThrownBy(() -> {
                        for (int i = 0; i < 100; i++) {
                            storage.create(PREFIX + i, new byte[200_000], 0);
                        }
                    })
                    .isInstanceOf(StorageReadOnlyException.class)
                    .hasMessageContaining("out of space");
            assertThat(storage.get(PREFIX + "0")).isNotNull();
        }
    }
}
