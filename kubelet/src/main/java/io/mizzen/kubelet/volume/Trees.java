// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.volume;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/** Whole directory trees. Links are never followed. */
public final class Trees {
    private Trees() {}

    /** Removes a tree; an absent one is removed already. */
    public static void delete(Path root) throws IOException {
        if (!Files.exists(root, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.deleteIfExists(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path dir, @Nullable IOException failure) throws IOException {
                Files.deleteIfExists(dir);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /** Sets all permission bits, setgid and sticky included. */
    public static void chmod(Path path, int mode) throws IOException {
        Files.setAttribute(path, "unix:mode", mode);
    }

    /** Gives a tree to a group: readable and writable by it, new files inherit it. */
    public static void giveToGroup(Path root, int gid) throws IOException {
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) throws IOException {
                own(dir, 02770);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                if (attributes.isRegularFile()) {
                    own(file, 0660);
                }
                return FileVisitResult.CONTINUE;
            }

            private void own(Path path, int bits) throws IOException {
                int mode = (int) Files.getAttribute(path, "unix:mode") & 07777;
                if ((int) Files.getAttribute(path, "unix:gid") != gid) {
                    Files.setAttribute(path, "unix:gid", gid);
                }
                if ((mode | bits) != mode) {
                    chmod(path, mode | bits);
                }
            }
        });
    }
}
