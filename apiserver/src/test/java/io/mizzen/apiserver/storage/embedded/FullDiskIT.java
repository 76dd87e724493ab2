// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.mizzen.apiserver.storage.Storage.WriteResult.Written;
import io.mizzen.apiserver.storage.StorageException;
import io.mizzen.apiserver.storage.StorageReadOnlyException;
import io.mizzen.apiserver.storage.StorageUnavailableException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk that really runs full: a small tmpfs, which only root can mount. */
class FullDiskIT {
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final int MIB = 1 << 20;

    @TempDir
    Path folder;

    private Path disk;
    private boolean mounted;

    @BeforeEach
    void mount() throws Exception {
        disk = Files.createDirectory(folder.resolve("disk"));
        mounted = run("mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", disk.toString());
        assumeTrue(mounted, "a tmpfs can be mounted (as root)");
    }

    @AfterEach
    void unmount() throws Exception {
        if (mounted) {
            assertThat(run("umount", disk.toString())).isTrue();
        }
    }

    private static boolean run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getInputStream().readAllBytes();
        return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0;
    }

    private EmbeddedStorage open(long reserve) {
        return EmbeddedStorage.open(EmbeddedOptions.in(disk.resolve("store"))
                .withNativeFolder(EmbeddedStorageTest.NATIVE)
                .withReserveBytes(reserve));
    }

    @Test
    void isReadOnlyBeforeTheDiskIsFullAndGoesOnWhenThereIsSpace() throws Exception {
        try (EmbeddedStorage storage = open(16 * MIB)) {
            List<Long> written = fill(storage);

            assertThatThrownBy(() -> storage.create("/registry/more", value(1), 0))
                    .isInstanceOf(StorageReadOnlyException.class)
                    .hasMessageContaining(disk.resolve("store").toString())
                    .hasMessageContaining("is full");
            assertThat(storage.list("/registry/", null, 0, 0).entries()).hasSize(written.size());

            grow();
            assertThat(storage.create("/registry/more", value(1), 0)).isInstanceOf(Written.class);
        }
    }

    @Test
    void recoversByItselfFromADiskThatRanFullUnderIt() throws Exception {
        List<Long> written;
        try (EmbeddedStorage storage = open(0)) {
            // Refused at its end; whether the next write is too depends on what the store has given back since.
            written = fill(storage);

            grow();
            await().atMost(LONG)
                    .ignoreExceptionsInstanceOf(StorageException.class)
                    .until(() -> storage.create("/registry/again" + System.nanoTime(), value(1), 0) instanceof Written);
            check(storage, written);
        }
        try (EmbeddedStorage storage = open(0)) {
            check(storage, written);
        }
    }

    private static void check(EmbeddedStorage storage, List<Long> written) {
        assertThat(storage.list("/registry/full/", null, 0, 0).entries().stream()
                        .map(entry -> entry.modRevision()))
                .containsAll(written);
    }

    private void grow() throws Exception {
        assertThat(run("mount", "-o", "remount,size=200m", disk.toString())).isTrue();
    }

    /** Writes until it is refused; returns the revisions that were acknowledged. */
    private static List<Long> fill(EmbeddedStorage storage) {
        List<Long> written = new ArrayList<>();
        try {
            for (int i = 0; i < 10_000; i++) {
                written.add(
                        ((Written) storage.create(String.format("/registry/full/%05d", i), value(i), 0)).revision());
            }
        } catch (StorageReadOnlyException | StorageUnavailableException e) {
            assertThat(written).isNotEmpty();
            return written;
        }
        throw new AssertionError("the disk never ran full");
    }

    private static byte[] value(int seed) {
        byte[] value = new byte[100_000];
        new Random(seed).nextBytes(value);
        return value;
    }
}
