// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.volume;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;

/**
 * Parts of volumes ({@code subPath}), shown to containers so that no link inside the volume can lead out of it.
 *
 * <p>The part is opened, checked by its descriptor, and bound to a place of the kubelet's own, which is what the runtime gets.
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
        Path wanted = base.resolve(subPath);
        makeInside(base, subPath);
        Path real = wanted.toRealPath();
        if (!real.startsWith(base.toRealPath())) {
            throw new IOException("subPath " + subPath + " leads out of volume " + volume);
        }
        Path target = folders.subPath(uid, volume, container, index).toAbsolutePath();
        if (Files.exists(target) && Mounts.isMountPoint(target)) {
            Mounts.detach(target);
        }
        Files.createDirectories(target.getParent());
        if (Files.isDirectory(real)) {
            Files.createDirectories(target);
        } else if (!Files.exists(target)) {
            Files.createFile(target);
        }
        Mounts.bindInside(base, real, target);
        return target;
    }

    /** Makes missing directories, checking before each that what is there so far is still inside. */
    private static void makeInside(Path base, String subPath) throws IOException {
        Path at = base.toRealPath();
        Path root = at;
        int mode = (int) Files.getAttribute(root, "unix:mode") & 07777;
        for (String part : subPath.split("/")) {
            if (part.isEmpty() || part.equals(".")) {
                continue;
            }
            Path next = at.resolve(part);
            if (!Files.exists(next, LinkOption.NOFOLLOW_LINKS)) {
                Files.createDirectory(next);
                Trees.chmod(next, mode);
                Files.setAttribute(next, "unix:gid", Files.getAttribute(root, "unix:gid"));
            }
            at = next.toRealPath();
            if (!at.startsWith(root)) {
                throw new IOException("subPath " + subPath + " leads out of its volume");
            }
        }
    }
}
