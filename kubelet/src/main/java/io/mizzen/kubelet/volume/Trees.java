// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.volume;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whole directory trees. Links are never followed. */
public final class Trees {
    private static final Logger LOG = LoggerFactory.getLogger(Trees.class);
    private static final int MAX_OPEN = 64;

    private Trees() {}

    /**
     * Removes a tree; an absent one is removed already. Every step goes from an open directory to a name in it, so that nobody
     * who swaps a directory for a link meanwhile can lead it elsewhere.
     */
    public static void delete(Path root) throws IOException {
        Path absolute = root.toAbsolutePath().normalize();
        if (!Files.exists(absolute, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (SecureDirectoryStream<Path> parent = opened(Files.newDirectoryStream(absolute.getParent()))) {
            Path name = absolute.getFileName();
            if (!isDirectory(parent, name)) {
                deleteFile(parent, name);
                return;
            }
            boolean isDeep = true;
            while (isDeep) {
                try (SecureDirectoryStream<Path> top =
                        opened(parent.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS))) {
                    isDeep = empty(top, top, 0);
                }
            }
            deleteDirectory(parent, name);
        }
    }

    /**
     * Removes what is in a directory. What lies too deep, so that it would take too many open directories, is moved to the top.
     *
     * @return whether anything was moved
     */
    private static boolean empty(SecureDirectoryStream<Path> top, SecureDirectoryStream<Path> dir, int depth)
            throws IOException {
        boolean isDeep = false;
        for (Path entry : dir) {
            Path name = entry.getFileName();
            if (!isDirectory(dir, name)) {
                deleteFile(dir, name);
            } else if (depth >= MAX_OPEN) {
                dir.move(name, top, Path.of(".deep-" + UUID.randomUUID()));
                isDeep = true;
            } else {
                try (SecureDirectoryStream<Path> child =
                        opened(dir.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS))) {
                    isDeep |= empty(top, child, depth + 1);
                }
                deleteDirectory(dir, name);
            }
        }
        return isDeep;
    }

    private static SecureDirectoryStream<Path> opened(DirectoryStream<Path> stream) throws IOException {
        if (stream instanceof SecureDirectoryStream<Path> secure) {
            return secure;
        }
        stream.close();
        throw new IOException("this file system offers no safe deletion");
    }

    private static boolean isDirectory(SecureDirectoryStream<Path> dir, Path name) throws IOException {
        try {
            return dir.getFileAttributeView(name, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                    .readAttributes()
                    .isDirectory();
        } catch (NoSuchFileException gone) {
            return false;
        }
    }

    private static void deleteFile(SecureDirectoryStream<Path> dir, Path name) throws IOException {
        try {
            dir.deleteFile(name);
        } catch (NoSuchFileException gone) {
            LOG.trace("{} has gone by itself", name);
        }
    }

    private static void deleteDirectory(SecureDirectoryStream<Path> dir, Path name) throws IOException {
        try {
            dir.deleteDirectory(name);
        } catch (NoSuchFileException gone) {
            LOG.trace("{} has gone by itself", name);
        }
    }

    /** Sets all permission bits, setgid and sticky included. */
    public static void chmod(Path path, int mode) throws IOException {
        Files.setAttribute(path, "unix:mode", mode);
    }

    /** Whether the top of a tree is a group's already, so that the rest is taken to be too. */
    public static boolean isOfGroup(Path root, int gid) throws IOException {
        int mode = (int) Files.getAttribute(root, "unix:mode");
        return (int) Files.getAttribute(root, "unix:gid") == gid && (mode & 02770) == 02770;
    }

    /**
     * Gives a tree to a group: readable and writable by it, new files inherit it. What is changed is opened without following
     * links first, so that nobody who swaps a file for a link meanwhile gets a file of the host changed.
     */
    public static void giveToGroup(Path root, int gid) throws IOException {
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) throws IOException {
                return give(dir);
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                return give(file);
            }

            private FileVisitResult give(Path path) throws IOException {
                Mounts.withoutLinks(root, root.relativize(path), opened -> own(opened, gid));
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private static void own(Path opened, int gid) throws IOException {
        boolean isDirectory = Files.isDirectory(opened);
        if (!isDirectory && !Files.isRegularFile(opened)) {
            return;
        }
        int bits = isDirectory ? 02770 : 0660;
        int mode = (int) Files.getAttribute(opened, "unix:mode") & 07777;
        if ((int) Files.getAttribute(opened, "unix:gid") != gid) {
            Files.setAttribute(opened, "unix:gid", gid);
        }
        if ((mode | bits) != mode) {
            chmod(opened, mode | bits);
        }
    }
}
