// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.log;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads one container's log file for one caller.
 *
 * <p>Following looks for new bytes every 100 ms, survives rotation (the old file is read to its end first), and ends when the
 * container has ended and all is read, when the caller's thread is interrupted, or when the limit is reached.
 */
public final class ContainerLogReader {
    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final int CHUNK = 64 * 1024;

    private final Path file;
    private final LogRequest request;
    private final BooleanSupplier isRunning;
    private long left;

    /**
     * @param file the log
     * @param request what of it is wanted
     * @param isRunning whether more may come
     */
    public ContainerLogReader(Path file, LogRequest request, BooleanSupplier isRunning) {
        this.file = file;
        this.request = request;
        this.isRunning = isRunning;
        this.left = request.limitBytes().orElse(Long.MAX_VALUE);
    }

    /** Where lines go; {@code stream} is stdout or stderr. */
    public interface Sink {
        /** Takes a piece of a line, its end included. */
        void write(String stream, byte[] bytes, int length) throws IOException;

        /** All that was written is to reach the reader now. */
        void flush() throws IOException;
    }

    /** Copies the wanted part into the sink. */
    public void copyTo(Sink sink) throws IOException {
        Object key = keyOf();
        RandomAccessFile open = new RandomAccessFile(file.toFile(), "r");
        try {
            open.seek(
                    request.tailLines().isPresent()
                            ? tailStart(open, request.tailLines().getAsLong())
                            : 0);
            Pending pending = new Pending();
            while (left > 0 && !Thread.currentThread().isInterrupted()) {
                boolean mayGrow = request.isFollowed() && isRunning.getAsBoolean();
                boolean hasRead = readAvailable(open, pending, sink);
                sink.flush();
                if (hasRead) {
                    continue;
                }
                Object now = request.isFollowed() ? keyOf() : null;
                if (now != null && !now.equals(key)) {
                    key = now;
                    open.close();
                    open = new RandomAccessFile(file.toFile(), "r");
                    continue;
                }
                if (!mayGrow) {
                    return;
                }
                LockSupport.parkNanos(POLL_NANOS);
            }
        } finally {
            open.close();
        }
    }

    /** Bytes of a line whose end has not been written yet. */
    private static final class Pending {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    }

    private boolean readAvailable(RandomAccessFile open, Pending pending, Sink sink) throws IOException {
        byte[] chunk = new byte[CHUNK];
        boolean hasRead = false;
        int n;
        while (left > 0 && (n = open.read(chunk)) > 0) {
            hasRead = true;
            int start = 0;
            for (int i = 0; i < n; i++) {
                if (chunk[i] != '\n') {
                    continue;
                }
                pending.bytes.write(chunk, start, i - start);
                emit(pending.bytes.toByteArray(), sink);
                pending.bytes.reset();
                start = i + 1;
            }
            pending.bytes.write(chunk, start, n - start);
        }
        return hasRead;
    }

    private void emit(byte[] raw, Sink sink) throws IOException {
        Optional<LogLine> parsed = LogLine.parse(raw, raw.length);
        if (parsed.isEmpty() || left <= 0) {
            return;
        }
        LogLine line = parsed.get();
        if (request.since().isPresent()
                && line.instant().map(t -> t.isBefore(request.since().get())).orElse(false)) {
            return;
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream(line.text().length + 40);
        if (request.hasTimestamps()) {
            out.writeBytes((line.time() + " ").getBytes(StandardCharsets.UTF_8));
        }
        out.writeBytes(line.text());
        if (!line.isPartial()) {
            out.write('\n');
        }
        byte[] bytes = out.toByteArray();
        int length = (int) Math.min(left, bytes.length);
        sink.write(line.stream(), bytes, length);
        left -= length;
    }

    private @Nullable Object keyOf() throws IOException {
        return Files.exists(file)
                ? Files.readAttributes(file, BasicFileAttributes.class).fileKey()
                : null;
    }

    /** Position of the first of the last {@code lines} lines. */
    static long tailStart(RandomAccessFile open, long lines) throws IOException {
        long end = open.length();
        if (lines <= 0) {
            return end;
        }
        long position = end;
        long found = 0;
        byte[] chunk = new byte[CHUNK];
        while (position > 0) {
            int size = (int) Math.min(CHUNK, position);
            position -= size;
            open.seek(position);
            open.readFully(chunk, 0, size);
            for (int i = size - 1; i >= 0; i--) {
                boolean isEndOfFile = position + i == end - 1;
                if (chunk[i] == '\n' && !isEndOfFile && ++found == lines) {
                    return position + i + 1;
                }
            }
        }
        return 0;
    }
}
