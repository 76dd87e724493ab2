// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.net;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/** The two framings of a body. Each runs its {@code done} once when the last byte was read, so that the connection is reused. */
abstract class Body extends InputStream {
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
            left = Long.parseLong((semicolon < 0 ? size : size.substring(0, semicolon)).trim(), 16);
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
