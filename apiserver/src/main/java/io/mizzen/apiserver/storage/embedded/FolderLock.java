// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.embedded;

import io.mizzen.apiserver.storage.StorageUnavailableException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;

/**
 * Makes the data folder and holds it for this process. The lock is the kernel's, so it ends with the process however that
 * dies; the process id in the file only serves the message.
 */
final class FolderLock implements AutoCloseable {
    private static final String NAME = "owner";

    private final FileChannel channel;

    private FolderLock(FileChannel channel) {
        this.channel = channel;
    }

    /**
     * @throws StorageUnavailableException with one line that says what to do
     */
    static FolderLock take(Path folder) {
        FileChannel channel = null;
        try {
            if (!Files.isDirectory(folder)) {
                Path parent = folder.getParent();
                if (parent != null) {
                    Files.createDirectories(parent);
                }
                Files.createDirectory(
                        folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            }
            channel = FileChannel.open(
                    folder.resolve(NAME), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            if (!tryLock(channel)) {
                String owner = readOwner(channel);
                channel.close();
                throw unavailable(
                        "Data folder " + folder + " is in use by another process" + owner
                                + ": stop it first or choose another folder",
                        null);
            }
            channel.truncate(0);
            channel.write(
                    ByteBuffer.wrap((ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII)), 0);
            return new FolderLock(channel);
        } catch (IOException e) {
            closeQuietly(channel);
            throw unavailable(
                    "Data folder " + folder + " cannot be written by user " + System.getProperty("user.name") + " ("
                            + e.getClass().getSimpleName() + ": " + e.getMessage() + ")",
                    e);
        }
    }

    private static boolean tryLock(FileChannel channel) throws IOException {
        try {
            FileLock lock = channel.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    private static String readOwner(FileChannel channel) throws IOException {
        ByteBuffer text = ByteBuffer.allocate(32);
        int length = channel.read(text, 0);
        String pid = length <= 0 ? "" : new String(text.array(), 0, length, StandardCharsets.US_ASCII).strip();
        return pid.isEmpty() ? "" : " (pid " + pid + ")";
    }

    private static StorageUnavailableException unavailable(String message, @Nullable Throwable cause) {
        return new StorageUnavailableException(message, false, cause);
    }

    private static void closeQuietly(@Nullable FileChannel channel) {
        if (channel != null) {
            try {
                channel.close();
            } catch (IOException e) {
                // The channel was never of use; the reason it was not is on its way to the caller.
            }
        }
    }

    @Override
    public void close() {
        closeQuietly(channel);
    }
}
