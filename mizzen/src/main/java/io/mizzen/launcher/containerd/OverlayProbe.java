// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.containerd;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Finds out whether the folder's file system can carry overlay mounts, by mounting one. Stateless. */
final class OverlayProbe {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    private OverlayProbe() {}

    /** Name of the snapshotter to use below {@code folder}: {@code overlayfs}, or {@code native} where that fails. */
    static String snapshotter(Path folder) throws IOException, InterruptedException {
        Path probe = Files.createTempDirectory(folder, ".overlay-probe");
        Path lower = Files.createDirectory(probe.resolve("lower"));
        Path upper = Files.createDirectory(probe.resolve("upper"));
        Path work = Files.createDirectory(probe.resolve("work"));
        Path merged = Files.createDirectory(probe.resolve("merged"));
        try {
            CommandLine mount = CommandLine.run(
                    TIMEOUT,
                    List.of(
                            "mount",
                            "-t",
                            "overlay",
                            "overlay",
                            "-o",
                            "lowerdir=" + lower + ",upperdir=" + upper + ",workdir=" + work,
                            merged.toString()));
            if (mount.exitCode() != 0) {
                return "native";
            }
            CommandLine unmounted = CommandLine.run(TIMEOUT, List.of("umount", merged.toString()));
            if (unmounted.exitCode() != 0) {
                throw new IOException("cannot unmount " + merged + ": " + unmounted.output());
            }
            return "overlayfs";
        } finally {
            // The kernel leaves an empty folder "work" of its own in the work folder.
            for (Path path : List.of(work.resolve("work"), work, lower, upper, merged, probe)) {
                Files.deleteIfExists(path);
            }
        }
    }
}
