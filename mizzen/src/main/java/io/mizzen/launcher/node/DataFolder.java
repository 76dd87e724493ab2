// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.node;

import io.mizzen.launcher.LaunchException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;

/** The folder with everything a server keeps, locked as long as this object is open. The kernel frees a dead one's lock. */
public final class DataFolder implements AutoCloseable {
    private final Path path;
    private final FileChannel channel;

    private DataFolder(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    /**
     * Makes the folder where absent, and locks it.
     *
     * @throws LaunchException when it cannot be written or another process holds it
     */
    public static DataFolder lock(Path path) {
        Path file = path.resolve("lock");
        try {
            if (!Files.exists(path)) {
                Files.createDirectories(path);
                Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwx------"));
            }
            FileChannel channel = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            if (tryLock(channel) == null) {
                String holder = Files.readString(file).strip();
                channel.close();
                throw new LaunchException("data folder " + path + " is in use by another mizzen"
                        + (holder.isEmpty() ? "" : " (pid " + holder + ")")
                        + ": stop it first, or choose another --data-dir");
            }
            byte[] pid = (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII);
            channel.truncate(0);
            channel.write(ByteBuffer.wrap(pid));
            return new DataFolder(path, channel);
        } catch (AccessDeniedException e) {
            throw new LaunchException(
                    "data folder " + path + " is not writable: run as root, or choose another --data-dir", e);
        } catch (FileSystemException e) {
            String reason = e.getReason() == null ? e.getClass().getSimpleName() : e.getReason();
            throw new LaunchException(
                    "data folder " + path + " cannot be used (" + reason + "): choose another --data-dir", e);
        } catch (IOException e) {
            throw new LaunchException(
                    "data folder " + path + " cannot be used (" + e.getMessage() + "): choose another --data-dir", e);
        }
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }

    /** The folder. */
    public Path path() {
        return path;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
