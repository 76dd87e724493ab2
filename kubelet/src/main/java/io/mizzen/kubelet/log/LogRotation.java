// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.log;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;

/**
 * Keeps a container's log small: renames it when it is too large, makes the runtime open a new one, compresses all rotated
 * files but the newest and removes the oldest.
 *
 * <p>A crash at any point leaves at most a {@code .tmp} file, which the next run removes, or a renamed file that the runtime
 * still writes to, which the next run makes it reopen.
 */
public final class LogRotation {
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneOffset.UTC);

    private final long maxBytes;
    private final int maxFiles;
    private final InstantSource clock;

    /**
     * @param maxBytes a log above it is rotated (upstream: 10 MiB)
     * @param maxFiles that may exist of one container run, the current one included (upstream: 5)
     */
    public LogRotation(long maxBytes, int maxFiles, InstantSource clock) {
        this.maxBytes = maxBytes;
        this.maxFiles = maxFiles;
        this.clock = clock;
    }

    /** Makes the runtime write to a new file. */
    public interface Reopen {
        /** Does it, or says why not. */
        void run() throws IOException;
    }

    /** Looks at one log and rotates it if it is due. Answers whether it was. */
    public boolean rotateIfDue(Path log, Reopen reopen) throws IOException {
        if (!Files.exists(log)) {
            // A former run renamed it and died before the runtime made the new one.
            reopen.run();
            return false;
        }
        if (Files.size(log) < maxBytes) {
            return false;
        }
        List<Path> rotated = rotatedFiles(log);
        for (Path old : expired(rotated, maxFiles)) {
            Files.deleteIfExists(old);
        }
        for (Path file : rotated) {
            if (Files.exists(file) && !file.toString().endsWith(".gz")) {
                compress(file);
            }
        }
        Path renamed = log.resolveSibling(log.getFileName() + "." + STAMP.format(clock.instant()));
        Files.move(log, renamed);
        try {
            reopen.run();
        } catch (IOException e) {
            Files.move(renamed, log);
            throw e;
        }
        return true;
    }

    /** Removes a log with all that was rotated of it; nothing when there is none. */
    public static void remove(Path log) throws IOException {
        Path folder = log.getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            return;
        }
        for (Path rotated : rotatedFiles(log)) {
            Files.deleteIfExists(rotated);
        }
        Files.deleteIfExists(log);
    }

    /** The rotated files to remove before one more is made: the newest {@code maxFiles - 2} stay. Pure. */
    static List<Path> expired(List<Path> rotatedOldestFirst, int maxFiles) {
        int stays = Math.max(0, maxFiles - 2);
        return rotatedOldestFirst.subList(0, Math.max(0, rotatedOldestFirst.size() - stays));
    }

    private static List<Path> rotatedFiles(Path log) throws IOException {
        String prefix = log.getFileName() + ".";
        List<Path> out = new ArrayList<>();
        try (Stream<Path> files = Files.list(log.getParent())) {
            for (Path file : files.sorted().toList()) {
                String name = file.getFileName().toString();
                if (!name.startsWith(prefix)) {
                    continue;
                }
                if (name.endsWith(".tmp")) {
                    Files.deleteIfExists(file);
                } else {
                    out.add(file);
                }
            }
        }
        return out;
    }

    private static void compress(Path file) throws IOException {
        Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(temporary))) {
            Files.copy(file, out);
        }
        Files.move(
                temporary,
                file.resolveSibling(file.getFileName() + ".gz"),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
        Files.delete(file);
    }
}
