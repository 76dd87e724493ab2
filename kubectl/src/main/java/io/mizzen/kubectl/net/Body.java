// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.net;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** The two framings of a body. Each runs its {@code done} once when the last byte was read, so that the connection is reused. */
abstract class Body extends InputStream {
    private static final int BUFFER = 32 * 1024;

    final InputStream in;
    private final Runnable done;
    private boolean finished;

    Body(InputStream in, Runnable done) {
        this.in = in;
        this.done = done;
    }

    final int end() {
        if (!finished) {
            finished = true;
            done.run();
        }
        return -1;
    }

    final boolean ended() {
        return finished;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        int n = read(one, 0, 1);
        return n < 0 ? -1 : one[0] & 0xff;
    }

    /** Writes all of {@code in}, each piece as it comes, in chunks with the last one when {@code chunked}. */
    static void copy(InputStream in, OutputStream out, boolean chunked) throws IOException {
        byte[] buffer = new byte[BUFFER];
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            if (n == 0) {
                continue;
            }
            if (chunked) {
                out.write((Integer.toHexString(n) + "\r\n").getBytes(StandardCharsets.US_ASCII));
            }
            out.write(buffer, 0, n);
            if (chunked) {
                out.write('\r');
                out.write('\n');
            }
            out.flush();
        }
        if (chunked) {
            out.write("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        }
    }

    /** A body of known length. */
    static final class Fixed extends Body {
        private long left;

        Fixed(InputStream in, long length, Runnable done) {
            super(in, done);
            left = length;
            if (length == 0) {
                end();
            }
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            if (left == 0) {
                return end();
            }
            int n = in.read(target, offset, (int) Math.min(left, length));
            if (n < 0) {
                throw new EOFException("unexpected EOF");
            }
            left -= n;
            if (left == 0) {
                end();
            }
            return n;
        }
    }

    /** A body in chunks, as watches and logs come. */
    static final class Chunked extends Body {
        private long left;
        private boolean first = true;

        Chunked(InputStream in, Runnable done) {
            super(in, done);
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            if (ended()) {
                return -1;
            }
            if (left == 0 && !nextChunk()) {
                return end();
            }
            int n = in.read(target, offset, (int) Math.min(left, length));
            if (n < 0) {
                throw new EOFException("unexpected EOF");
            }
            left -= n;
            return n;
        }

        private static long length(String size) throws IOException {
            try {
                if (!size.isEmpty() && Character.digit(size.charAt(0), 16) >= 0) {
                    return Long.parseLong(size, 16);
                }
                throw new IOException("malformed chunked encoding");
            } catch (NumberFormatException e) {
                throw new IOException("malformed chunked encoding", e);
            }
        }

        private boolean nextChunk() throws IOException {
            if (!first) {
                Http.line(in);
            }
            first = false;
            String size = Http.line(in);
            if (size.isEmpty()) {
                throw new EOFException("unexpected EOF");
            }
            int semicolon = size.indexOf(';');
            left = length((semicolon < 0 ? size : size.substring(0, semicolon)).trim());
            if (left == 0) {
                while (!Http.line(in).isEmpty()) {
                    // Trailers carry nothing that is used.
                    continue;
                }
                return false;
            }
            return true;
        }
    }
}
