// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.volume;

import io.fabric8.kubernetes.api.model.HostPathVolumeSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Volumes that are a path of the host. */
final class HostPath {
    private HostPath() {}

    /** The path, after its {@code type} was checked and, where it says so, created. */
    static Path checked(HostPathVolumeSource source) throws IOException, Projection.Missing {
        Path path = Path.of(source.getPath());
        String type = source.getType() == null ? "" : source.getType();
        switch (type) {
            case "" -> {
                // Anything goes; the runtime makes a missing directory.
            }
            case "DirectoryOrCreate" -> {
                if (!Files.exists(path)) {
                    Files.createDirectories(path);
                    Trees.chmod(path, 0755);
                }
                require(Files.isDirectory(path), path, "directory");
            }
            case "FileOrCreate" -> {
                if (!Files.exists(path)) {
                    Files.createFile(path);
                    Trees.chmod(path, 0644);
                }
                require(Files.isRegularFile(path), path, "file");
            }
            case "Directory" -> require(Files.isDirectory(path), path, "directory");
            case "File" -> require(Files.isRegularFile(path), path, "file");
            case "Socket" -> require(isOfType(path, 0140000), path, "socket");
            case "CharDevice" -> require(isOfType(path, 0020000), path, "character device");
            case "BlockDevice" -> require(isOfType(path, 0060000), path, "block device");
            default -> throw new Projection.Missing("hostPath type " + type + " is unknown");
        }
        return path;
    }

    private static boolean isOfType(Path path, int type) throws IOException {
        return Files.exists(path) && ((int) Files.getAttribute(path, "unix:mode") & 0170000) == type;
    }

    private static void require(boolean isRight, Path path, String what) throws Projection.Missing {
        if (!isRight) {
            throw new Projection.Missing("hostPath type check failed: " + path + " is not a " + what);
        }
    }
}
