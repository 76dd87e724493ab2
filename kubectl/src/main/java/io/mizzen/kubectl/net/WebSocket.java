// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.net;

import java.io.EOFException;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The client's end of a WebSocket (RFC 6455) with binary messages whose first byte is a channel, as Kubernetes streams them. One
 * thread reads; any thread may send, messages never mix.
 */
public final class WebSocket implements AutoCloseable {
    private static final int MAX_MESSAGE = 32 * 1024 * 1024;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final Http.Wire wire;
    private final String protocol;
    private final ReentrantLock sending = new ReentrantLock();
    private boolean closed;

    private WebSocket(Http.Wire wire, String protocol) {
        this.wire = wire;
        this.protocol = protocol;
    }

    /** The server answered something else than an upgrade. */
    public static final class Refused extends IOException {
        private static final long serialVersionUID = 1L;

        private final int code;
        private final transient byte[] body;

        Refused(int code, byte[] body) {
            super("unable to upgrade streaming request: HTTP " + code);
            this.code = code;
            this.body = body;
        }

        /** HTTP status of the answer. */
        public int code() {
            return code;
        }

        /** Its body, often a Status object. */
        public byte[] body() {
            return body;
        }
    }

    /**
     * One message.
     *
     * @param channel its first byte, or -1 for an empty message
     * @param data what follows
     */
    public record Message(int channel, byte[] data) {}

    /** Connects and upgrades. @throws Refused when the server answers with a plain response */
    public static WebSocket connect(Http http, String path, String protocols) throws IOException {
        Http.Wire wire = http.open();
        try {
            byte[] nonce = new byte[16];
            RANDOM.nextBytes(nonce);
            Map<String, String> headers = new HashMap<>();
            headers.put("Connection", "Upgrade");
            headers.put("Upgrade", "websocket");
            headers.put("Sec-WebSocket-Version", "13");
            headers.put("Sec-WebSocket-Key", Base64.getEncoder().encodeToString(nonce));
            headers.put("Sec-WebSocket-Protocol", protocols);
            http.writeHead(wire, "GET", path, headers, -1);
            wire.out.flush();
            Http.Response response = http.readResponse(wire, "GET", true);
            if (response.code() != 101) {
                throw new Refused(response.code(), response.bytes());
            }
            wire.socket.setSoTimeout(0);
            return new WebSocket(wire, response.header("Sec-WebSocket-Protocol"));
        } catch (IOException e) {
            wire.close();
            throw e;
        }
    }

    /** The sub-protocol that the server chose. */
    public String protocol() {
        return protocol;
    }

    /** Sends {@code length} bytes on a channel. */
    public void send(int channel, byte[] data, int offset, int length) throws IOException {
        byte[] message = new byte[length + 1];
        message[0] = (byte) channel;
        System.arraycopy(data, offset, message, 1, length);
        frame(2, message);
    }

    private void frame(int opcode, byte[] payload) throws IOException {
        byte[] mask = new byte[4];
        RANDOM.nextBytes(mask);
        byte[] masked = new byte[payload.length];
        for (int i = 0; i < payload.length; i++) {
            masked[i] = (byte) (payload[i] ^ mask[i & 3]);
        }
        sending.lock();
        try {
            wire.out.write(0x80 | opcode);
            if (payload.length < 126) {
                wire.out.write(0x80 | payload.length);
            } else if (payload.length < 65_536) {
                wire.out.write(0x80 | 126);
                wire.out.write(payload.length >> 8);
                wire.out.write(payload.length);
            } else {
                wire.out.write(0x80 | 127);
                for (int shift = 56; shift >= 0; shift -= 8) {
                    wire.out.write((int) ((long) payload.length >> shift));
                }
            }
            wire.out.write(mask);
            wire.out.write(masked);
            wire.out.flush();
        } finally {
            sending.unlock();
        }
    }

    /** The next message, or null when the server has closed. */
    public @Nullable Message receive() throws IOException {
        byte[] whole = new byte[0];
        while (true) {
            int head = wire.in.read();
            if (head < 0) {
                return null;
            }
            byte[] payload = payload();
            switch (head & 0x0f) {
                case 8 -> {
                    answerClose(payload);
                    return null;
                }
                case 9 -> frame(10, payload);
                case 10 -> {}
                default -> {
                    whole = whole.length == 0 ? payload : join(whole, payload);
                    if ((head & 0x80) != 0) {
                        return message(whole);
                    }
                }
            }
        }
    }

    private void answerClose(byte[] payload) {
        try {
            if (!closed) {
                closed = true;
                frame(8, payload);
            }
        } catch (IOException e) {
            // The server is gone already; there is nobody to answer.
            closed = true;
        }
    }

    private byte[] payload() throws IOException {
        int second = wire.in.read();
        if (second < 0) {
            throw new EOFException("unexpected EOF");
        }
        long length = second & 0x7f;
        if (length == 126) {
            length = number(2);
        } else if (length == 127) {
            length = number(8);
        }
        if (length < 0 || length > MAX_MESSAGE) {
            throw new IOException("message of " + length + " bytes is too large");
        }
        byte[] data = wire.in.readNBytes((int) length);
        if (data.length < length) {
            throw new EOFException("unexpected EOF");
        }
        return data;
    }

    private long number(int bytes) throws IOException {
        long value = 0;
        for (byte part : wire.in.readNBytes(bytes)) {
            value = value << 8 | part & 0xff;
        }
        return value;
    }

    private static byte[] join(byte[] a, byte[] b) {
        byte[] all = new byte[a.length + b.length];
        System.arraycopy(a, 0, all, 0, a.length);
        System.arraycopy(b, 0, all, a.length, b.length);
        return all;
    }

    private static Message message(byte[] whole) {
        if (whole.length == 0) {
            return new Message(-1, whole);
        }
        byte[] data = new byte[whole.length - 1];
        System.arraycopy(whole, 1, data, 0, data.length);
        return new Message(whole[0] & 0xff, data);
    }

    @Override
    public void close() {
        try {
            if (!closed) {
                closed = true;
                frame(8, new byte[] {0x03, (byte) 0xe8});
            }
        } catch (IOException e) {
            // Closing a dead connection is no news.
            closed = true;
        }
        wire.close();
    }
}
