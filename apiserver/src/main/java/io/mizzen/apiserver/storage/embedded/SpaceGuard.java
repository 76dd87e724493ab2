// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.embedded;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Refuses writes while the disk is nearly full, before RocksDB meets an error that it cannot go on from. Owned by the
 * writer thread.
 */
final class SpaceGuard {
    private static final Logger LOG = LoggerFactory.getLogger(SpaceGuard.class);
    private static final long MIB = 1 << 20;

    private final Path folder;
    private final long reserve;
    private final FileStore disk;
    private boolean refusing;

    SpaceGuard(Path folder, long reserve) throws IOException {
        this.folder = folder;
        this.reserve = reserve;
        this.disk = Files.getFileStore(folder);
    }

    /** Why a write of so many bytes must be refused, or null when there is space. */
    @Nullable
    String refusal(long bytes) {
        long free;
        try {
            free = disk.getUsableSpace();
        } catch (IOException e) {
            return "The disk of data folder " + folder + " does not answer: " + e.getMessage();
        }
        if (free - bytes >= reserve) {
            if (refusing) {
                refusing = false;
                LOG.info("The disk of data folder {} has {} MiB free again: writes are taken", folder, free / MIB);
            }
            return null;
        }
        String reason = "The disk of data folder " + folder + " is full (" + free / MIB + " MiB free, " + reserve / MIB
                + " MiB are kept in reserve): free some space, until then the store is read-only";
        if (!refusing) {
            refusing = true;
            LOG.error("{}", reason);
        }
        return reason;
    }
}
