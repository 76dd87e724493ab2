// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.embedded;

import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Objects;

/**
 * How to run the embedded store.
 *
 * @param folder the data folder; made (mode 0700) when missing. One process at a time
 * @param nativeFolder where RocksDB's native library is unpacked once; nobody else may be able to write there
 * @param compactionInterval how often history is compacted to where it was one interval ago (upstream's API server: 5 min)
 * @param historyLimit the most revisions of history kept, whatever their age
 * @param reserveBytes free disk space below which writes are refused, so that RocksDB never meets a full disk
 * @param clock tells when a time to live ends
 */
public record EmbeddedOptions(
        Path folder,
        Path nativeFolder,
        Duration compactionInterval,
        long historyLimit,
        long reserveBytes,
        InstantSource clock) {
    public EmbeddedOptions {
        Objects.requireNonNull(clock);
        folder = folder.toAbsolutePath().normalize();
        nativeFolder = nativeFolder.toAbsolutePath().normalize();
        if (compactionInterval.isNegative() || compactionInterval.isZero()) {
            throw new IllegalArgumentException("The compaction interval must be positive");
        }
        if (historyLimit < 1 || reserveBytes < 0) {
            throw new IllegalArgumentException("The history limit must be positive and the reserve not negative");
        }
    }

    /** The usual: five minutes of history, at most 200 000 revisions of it, 128 MiB of disk in reserve. */
    public static EmbeddedOptions in(Path folder) {
        return new EmbeddedOptions(
                folder, folder.resolve("native"), Duration.ofMinutes(5), 200_000, 128L << 20, InstantSource.system());
    }

    /** The same with the native library elsewhere. */
    public EmbeddedOptions withNativeFolder(Path newFolder) {
        return new EmbeddedOptions(folder, newFolder, compactionInterval, historyLimit, reserveBytes, clock);
    }

    /** The same with another compaction interval. */
    public EmbeddedOptions withCompactionInterval(Duration newInterval) {
        return new EmbeddedOptions(folder, nativeFolder, newInterval, historyLimit, reserveBytes, clock);
    }

    /** The same with another bound on the number of revisions kept. */
    public EmbeddedOptions withHistoryLimit(long newLimit) {
        return new EmbeddedOptions(folder, nativeFolder, compactionInterval, newLimit, reserveBytes, clock);
    }

    /** The same with another disk reserve. */
    public EmbeddedOptions withReserveBytes(long newReserve) {
        return new EmbeddedOptions(folder, nativeFolder, compactionInterval, historyLimit, newReserve, clock);
    }

    /** The same with another clock. */
    public EmbeddedOptions withClock(InstantSource newClock) {
        return new EmbeddedOptions(folder, nativeFolder, compactionInterval, historyLimit, reserveBytes, newClock);
    }
}
