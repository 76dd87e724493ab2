// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.mizzen.apiserver.storage.RecordingListener;
import io.mizzen.apiserver.storage.Storage;
import io.mizzen.apiserver.storage.StorageContract;
import io.mizzen.apiserver.storage.StorageUnavailableException;
import io.mizzen.apiserver.storage.Subscription;
import io.mizzen.apiserver.storage.ValueTooLargeException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract on a real etcd without TLS, and what only etcd has. */
class EtcdStorageIT extends StorageContract {
    @TempDir
    static Path folder;

    static EtcdProcess etcd;
    static EtcdStorage storage;

    @BeforeAll
    static void start() throws Exception {
        etcd = new EtcdProcess(folder.resolve("etcd"), null);
        storage = EtcdStorage.connect(etcd.options());
    }

    @AfterAll
    static void stop() {
        if (storage != null) {
            storage.close();
        }
        if (etcd != null) {
            etcd.close();
        }
    }

    @Override
    protected Storage storage() {
        return storage;
    }

    @Test
    void refusesAValueThatEtcdFindsTooLarge() {
        assertThatThrownBy(() -> storage.create(prefix + "huge", new byte[2 << 20], 0))
                .isInstanceOf(ValueTooLargeException.class)
                .hasMessageContaining("--max-request-bytes");
    }

    @Test
    void listsMoreThanOnePageOfEtcds() {
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 2500; i++) {
                String name = String.format("k%04d", i);
                executor.submit(() -> create(name, "v"));
            }
        }

        assertThat(storage.list(prefix, null, 0, 0).entries()).hasSize(2500);
        assertThat(storage.list(prefix, prefix + "k0099", 1500, 0).entries()).hasSize(1500);
        assertThat(storage.list(prefix, prefix + "k0099", 1500, 0).remaining()).isEqualTo(900);
    }

    @Test
    void usesWhicheverEndpointAnswers() throws Exception {
        EtcdOptions options = EtcdOptions.of(List.of(URI.create("http://127.0.0.1:1"), etcd.endpoint()));
        try (EtcdStorage other = EtcdStorage.connect(options)) {
            await().ignoreException(StorageUnavailableException.class).until(() -> other.currentRevision() > 0);
            for (int i = 0; i < 20; i++) {
                written(other.create(prefix + i, bytes("x"), 0));
            }
        }
    }

    @Test
    void compactsOnceAnIntervalWhateverTheNumberOfServers() {
        EtcdOptions options = etcd.options().withCompactionInterval(Duration.ofMillis(600));
        try (EtcdStorage one = EtcdStorage.connect(options);
                EtcdStorage two = EtcdStorage.connect(options)) {
            long revision = create("a", "x");

            await().atMost(Duration.ofSeconds(20))
                    .until(() -> one.compactedRevision() >= revision && two.compactedRevision() >= revision);
        }
        assertThat(storage.get(prefix + "a")).isNotNull();
    }

    @Test
    void failsQuicklyAndClearlyWhereNobodyListens() {
        EtcdOptions options = EtcdOptions.of(List.of(URI.create("http://127.0.0.1:1")));
        try (EtcdStorage nobody = EtcdStorage.connect(options)) {
            RecordingListener listener = new RecordingListener();
            Subscription watch = nobody.watch(prefix, 1, listener);
            long start = System.nanoTime();

            assertThatThrownBy(nobody::currentRevision)
                    .isInstanceOf(StorageUnavailableException.class)
                    .hasMessageContaining("http://127.0.0.1:1");
            assertThatThrownBy(() -> nobody.create(prefix + "a", bytes("x"), 0))
                    .isInstanceOf(StorageUnavailableException.class);

            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(6));
            assertThat(listener.events).isEmpty();
            watch.close();
        }
    }

    @Test
    void endsItsThreads() {
        EtcdStorage other = EtcdStorage.connect(etcd.options());
        RecordingListener listener = new RecordingListener();
        other.watch(prefix, other.currentRevision(), listener);
        other.close();

        await().until(() -> listener.closed instanceof StorageUnavailableException);
        assertThatThrownBy(() -> other.get(prefix + "a")).isInstanceOf(StorageUnavailableException.class);
        await().until(() -> Thread.getAllStackTraces().keySet().stream()
                        .filter(thread -> thread.getName().startsWith("etcd-")
                                || thread.getName().startsWith("vert.x-"))
                        .count()
                // the shared storage's own
                <= 4);
    }
}
