// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.volume;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Parts of volumes ({@code subPath}), shown to containers so that no link inside the volume can lead out of it.
 *
 * <p>The kernel opens the part beneath its volume, and what was opened is bound to a place of the kubelet's own, which is what
 * the runtime gets.
 */
public final class SubPaths {
    private final VolumeFolders folders;

    /** Binds below the given folders. */
    public SubPaths(VolumeFolders folders) {
        this.folders = folders;
    }

    /**
     * The path to mount for a part of a volume; a missing directory is made.
     *
     * @param uid of the pod
     * @param volume name of the volume
     * @param base the volume on the host
     * @param subPath relative path in it
     * @param container name of the container
     * @param index of the mount in the container
     * @throws IOException when the part leads out of its volume or cannot be bound
     */
    public Path bind(String uid, String volume, Path base, String subPath, String container, int index)
            throws IOException {
        if (subPath.startsWith("/") || List.of(subPath.split("/")).contains("..")) {
            throw new IOException("subPath must be a relative path without ..: " + subPath);
        }
        List<String> parts = Stream.of(subPath.split("/"))
                .filter(part -> !part.isEmpty() && !part.equals("."))
                .toList();
        Path target = folders.subPath(uid, volume, container, index).toAbsolutePath();
        if (Files.exists(target) && Mounts.isMountPoint(target)) {
            Mounts.detach(target);
        }
        try {
            Mounts.bindBeneath(base, parts, isDirectory -> {
                Files.createDirectories(target.getParent());
                if (isDirectory) {
                    Files.createDirectories(target);
                } else if (!Files.exists(target)) {
                    Files.createFile(target);
                }
                return target;
            });
        } catch (IOException e) {
            throw new IOException("subPath " + subPath + " of volume " + volume + ": " + e.getMessage(), e);
        }
        return target;
    }
}
