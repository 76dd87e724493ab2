// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.stats;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** How much directories take on disk, as {@code du} counts it: blocks, each file once, one file system. Blocks. */
final class DiskUsage {
    private static final int LIMIT_SECONDS = 60;

    private DiskUsage() {}

    /** Bytes by directory; one that cannot be read is absent. */
    static Map<Path, Long> bytes(List<Path> directories) throws IOException {
        return run("--block-size=1", directories);
    }

    /** Inodes by directory. */
    static Map<Path, Long> inodes(List<Path> directories) throws IOException {
        return run("--inodes", directories);
    }

    private static Map<Path, Long> run(String unit, List<Path> directories) throws IOException {
        List<Path> present = directories.stream().filter(Files::isDirectory).toList();
        if (present.isEmpty()) {
            return Map.of();
        }
        List<String> command = new ArrayList<>(List.of("du", "-s", "-x", unit, "--"));
        present.forEach(d -> command.add(d.toString()));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            Map<Path, Long> out = new HashMap<>();
            Thread.ofVirtual().name("du-limit").start(() -> endInTime(process));
            process.inputReader().lines().forEach(line -> {
                String[] parts = line.split("\t", 2);
                out.put(Path.of(parts[1]), Long.parseLong(parts[0]));
            });
            return out;
        } catch (UncheckedIOException e) {
            throw e.getCause();
        } finally {
            process.destroyForcibly();
        }
    }

    private static void endInTime(Process process) {
        try {
            if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
        }
    }
}
