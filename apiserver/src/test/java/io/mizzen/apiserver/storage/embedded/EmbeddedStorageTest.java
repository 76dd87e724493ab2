// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.mizzen.apiserver.storage.CompactedException;
import io.mizzen.apiserver.storage.RecordingListener;
import io.mizzen.apiserver.storage.Storage;
import io.mizzen.apiserver.storage.StorageContract;
import io.mizzen.apiserver.storage.StorageReadOnlyException;
import io.mizzen.apiserver.storage.StorageUnavailableException;
import io.mizzen.apiserver.storage.Subscription;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedStorageTest extends StorageContract {
    static final Path NATIVE = Path.of("target", "native");

    @TempDir
    Path folder;

    private EmbeddedStorage storage;

    @BeforeEach
    void open() {
        storage = EmbeddedStorage.open(options());
    }

    @AfterEach
    void close() {
        storage.close();
    }

    @Override
    protected Storage storage() {
        return storage;
    }

    private EmbeddedOptions options() {
        return EmbeddedOptions.in(folder.resolve("store"))
                .withNativeFolder(NATIVE)
                .withReserveBytes(0);
    }

    private void reopen(EmbeddedOptions options) {
        storage.close();
        storage = EmbeddedStorage.open(options);
    }

    @Test
    void beginsAtRevisionOne() {
        assertThat(storage.currentRevision()).isEqualTo(1);
        assertThat(create("a", "x")).isEqualTo(2);
    }

    @Test
    void findsEverythingAgainAfterARestart() {
        long a1 = create("a", "a1");
        long b1 = create("b", "b1");
        long a2 = written(storage.update(prefix + "a", bytes("a2"), a1, 0));

        reopen(options());

        assertThat(storage.currentRevision()).isEqualTo(a2);
        assertThat(storage.get(prefix + "a").value()).isEqualTo(bytes("a2"));
        assertThat(storage.list(prefix, null, 0, b1).entries().getFirst().value())
                .isEqualTo(bytes("a1"));
        RecordingListener listener = new RecordingListener();
        try (Subscription watch = storage.watch(prefix, a1, listener)) {
            await().until(() -> listener.events.size() == 2);
            assertThat(listener.revisions()).containsExactly(b1, a2);
            assertThat(listener.events.get(1).previousValue()).isEqualTo(bytes("a1"));
        }
        assertThat(create("c", "x")).isEqualTo(a2 + 1);
    }

    @Test
    void remembersACompactionAcrossARestart() {
        long a1 = create("a", "a1");
        long a2 = written(storage.update(prefix + "a", bytes("a2"), a1, 0));
        storage.compact(a2);

        reopen(options());

        assertThat(storage.compactedRevision()).isEqualTo(a2);
        assertThatThrownBy(() -> storage.list(prefix, null, 0, a1)).isInstanceOf(CompactedException.class);
        assertThat(storage.get(prefix + "a").value()).isEqualTo(bytes("a2"));
    }

    @Test
    void compactsByItselfWhenTheIntervalPasses() {
        AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));
        reopen(options().withClock(now::get).withCompactionInterval(Duration.ofMinutes(5)));
        long a1 = create("a", "a1");

        now.set(now.get().plus(Duration.ofMinutes(5)));
        await().until(() -> {
            // The first interval only notes where history was.
            now.set(now.get().plus(Duration.ofMinutes(5)));
            return storage.compactedRevision() >= a1;
        });

        assertThat(storage.get(prefix + "a").value()).isEqualTo(bytes("a1"));
    }

    @Test
    void keepsNoMoreThanTwiceTheHistoryLimit() {
        reopen(options().withHistoryLimit(100));
        long revision = create("a", "0");
        for (int i = 0; i < 400; i++) {
            revision = written(storage.update(prefix + "a", bytes("v" + i), revision, 0));
        }

        long newest = revision;
        await().until(() -> newest - storage.compactedRevision() <= 200);

        assertThat(storage.get(prefix + "a").modRevision()).isEqualTo(newest);
    }

    @Test
    void timesToLiveSurviveARestart() {
        AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));
        EmbeddedOptions options = options().withClock(now::get);
        reopen(options);
        written(storage.create(prefix + "event", bytes("x"), 3600));

        reopen(options);
        assertThat(storage.get(prefix + "event")).isNotNull();
        now.set(now.get().plusSeconds(3601));

        await().until(() -> storage.get(prefix + "event") == null);
    }

    @Test
    void tellsWhichFolderIsInUseAndByWhom() {
        assertThatThrownBy(() -> EmbeddedStorage.open(options()))
                .isInstanceOf(StorageUnavailableException.class)
                .hasMessageContaining(options().folder().toString())
                .hasMessageContaining("in use by another process")
                .hasMessageContaining("pid " + ProcessHandle.current().pid());
    }

    @Test
    void tellsThatAFolderCannotBeWritten() throws Exception {
        Path file = Files.createFile(folder.resolve("file"));

        assertThatThrownBy(() -> EmbeddedStorage.open(EmbeddedOptions.in(file.resolve("store"))))
                .isInstanceOf(StorageUnavailableException.class)
                .hasMessageContaining(file.resolve("store").toString())
                .hasMessageContaining("cannot be written by user");
    }

    @Test
    void tellsThatTheStoreIsDamaged() throws Exception {
        create("a", "x");
        storage.close();
        Files.writeString(options().folder().resolve("db").resolve("CURRENT"), "nonsense\n");

        assertThatThrownBy(() -> EmbeddedStorage.open(options()))
                .isInstanceOf(StorageUnavailableException.class)
                .hasMessageContaining("cannot be opened");
    }

    @Test
    void isReadOnlyWhileTheDiskIsFullAndGoesOnWhenThereIsSpace() {
        long a1 = create("a", "a1");
        reopen(options().withReserveBytes(Long.MAX_VALUE));

        assertThatThrownBy(() -> storage.update(prefix + "a", bytes("a2"), a1, 0))
                .isInstanceOf(StorageReadOnlyException.class)
                .hasMessageContaining(options().folder().toString())
                .hasMessageContaining("is full");
        assertThat(storage.get(prefix + "a").value()).isEqualTo(bytes("a1"));

        reopen(options());
        assertThat(written(storage.update(prefix + "a", bytes("a2"), a1, 0))).isEqualTo(a1 + 1);
    }

    @Test
    void aBackupOpensAsAStore() {
        for (int i = 0; i < 100; i++) {
            create("k" + i, "v" + i);
        }
        long revision = storage.currentRevision();
        Path copy = folder.resolve("copy");

        storage.backup(copy);
        create("later", "x");

        try (EmbeddedStorage restored =
                EmbeddedStorage.open(EmbeddedOptions.in(copy).withNativeFolder(NATIVE))) {
            assertThat(restored.currentRevision()).isEqualTo(revision);
            assertThat(restored.list(prefix, null, 0, 0).entries()).hasSize(100);
            assertThat(new String(restored.get(prefix + "k42").value(), UTF_8)).isEqualTo("v42");
        }
    }

    @Test
    void failsClearlyOnceClosed() {
        RecordingListener listener = new RecordingListener();
        storage.watch(prefix, 1, listener);

        storage.close();

        await().until(() -> listener.closed instanceof StorageUnavailableException);
        assertThatThrownBy(() -> storage.create(prefix + "a", bytes("x"), 0))
                .isInstanceOf(StorageUnavailableException.class);
        assertThatThrownBy(() -> storage.get(prefix + "a")).isInstanceOf(StorageUnavailableException.class);
        assertThatThrownBy(() -> storage.currentRevision()).isInstanceOf(StorageUnavailableException.class);
        assertThat(Thread.getAllStackTraces().keySet())
                .noneMatch(thread -> thread.getName().startsWith("storage-"));
    }

    @Test
    void unpacksNoLibraryIntoTheTemporaryFolder() throws Exception {
        try (var files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            assertThat(files.filter(file -> file.getFileName().toString().startsWith("librocksdbjni"))
                            .filter(this::isMine))
                    .isEmpty();
        }
        assertThat(NATIVE.resolve("librocksdbjnijni-linux64.so")).exists();
    }

    private boolean isMine(Path file) {
        try {
            return Files.getLastModifiedTime(file)
                    .toInstant()
                    .isAfter(ProcessHandle.current().info().startInstant().orElse(Instant.MAX));
        } catch (java.io.IOException e) {
            return false;
        }
    }
}
