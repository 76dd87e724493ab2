// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.proxy;

import io.netty.handler.codec.spdy.SpdyDataFrame;
import io.netty.handler.codec.spdy.SpdyPingFrame;
import io.netty.handler.codec.spdy.SpdyRstStreamFrame;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.net.NetSocket;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Translates between the channels of a WebSocket ({@code v4.channel.k8s.io}, {@code v5.channel.k8s.io}) and the streams of
 * a SPDY connection to a kubelet, so that runtimes need to know SPDY only (KEP-4006). Version 5 adds a message that closes
 * a channel, which is how the end of standard input reaches the process.
 *
 * <p>Confined to one event loop: that of the WebSocket, on which the kubelet's socket was opened too.
 */
final class WebSocketExec {
    private static final Logger LOG = LoggerFactory.getLogger(WebSocketExec.class);
    private static final byte STDIN = 0;
    private static final byte STDOUT = 1;
    private static final byte STDERR = 2;
    private static final byte ERROR = 3;
    private static final byte RESIZE = 4;
    private static final byte CLOSE = (byte) 255;

    private final ServerWebSocket client;
    private final NetSocket kubelet;
    private final SpdyFrames frames = new SpdyFrames();
    private final Map<Byte, Integer> streams = new HashMap<>();
    private final Map<Integer, Byte> channels = new HashMap<>();
    private final Set<Integer> open = new HashSet<>();
    private int nextStream = 1;
    private boolean ended;

    /** Which streams the client asked for. */
    record Wanted(boolean stdin, boolean stdout, boolean stderr, boolean tty) {}

    private WebSocketExec(ServerWebSocket client, NetSocket kubelet) {
        this.client = client;
        this.kubelet = kubelet;
    }

    /** Begins to translate; both sides are closed when either ends. {@code first} was read from the kubelet already. */
    static void start(ServerWebSocket client, NetSocket kubelet, Buffer first, Wanted wanted) {
        WebSocketExec exec = new WebSocketExec(client, kubelet);
        exec.openStream(ERROR, "error");
        if (wanted.stdin()) {
            exec.openStream(STDIN, "stdin");
        }
        if (wanted.stdout()) {
            exec.openStream(STDOUT, "stdout");
        }
        if (wanted.stderr() && !wanted.tty()) {
            exec.openStream(STDERR, "stderr");
        }
        if (wanted.tty()) {
            exec.openStream(RESIZE, "resize");
        }
        if (first.length() > 0) {
            exec.fromKubelet(first);
        }
        exec.join();
    }

    private void openStream(byte channel, String type) {
        int stream = nextStream;
        nextStream += 2;
        streams.put(channel, stream);
        channels.put(stream, channel);
        if (channel == STDOUT || channel == STDERR || channel == ERROR) {
            open.add(stream);
        }
        send(frames.open(stream, "streamtype", type));
    }

    private void join() {
        client.binaryMessageHandler(this::fromClient);
        client.textMessageHandler(text -> fromClient(Buffer.buffer(text)));
        client.exceptionHandler(gone -> LOG.debug("exec client broke: {}", gone.getMessage()));
        client.closeHandler(gone -> end());
        client.drainHandler(drained -> kubelet.resume());
        kubelet.handler(this::fromKubelet);
        kubelet.exceptionHandler(gone -> LOG.debug("exec kubelet broke: {}", gone.getMessage()));
        // Its end, not its closing: what was read before may still wait here for a slow client.
        kubelet.endHandler(read -> end());
        kubelet.drainHandler(drained -> client.resume());
        kubelet.resume();
        client.resume();
    }

    private void fromClient(Buffer message) {
        if (message.length() == 0 || ended) {
            return;
        }
        byte[] bytes = message.getBytes();
        boolean closes = bytes[0] == CLOSE && bytes.length > 1;
        Integer stream = streams.get(closes ? bytes[1] : bytes[0]);
        if (stream == null) {
            return;
        }
        if (closes) {
            send(frames.data(stream, new byte[0], 0, true));
        } else if (bytes.length > 1) {
            send(frames.data(stream, bytes, 1, false));
        }
        if (kubelet.writeQueueFull()) {
            client.pause();
        }
    }

    private void fromKubelet(Buffer bytes) {
        if (ended) {
            return;
        }
        for (Object frame : frames.decode(bytes.getBytes())) {
            if (ended) {
                ReferenceCountUtil.release(frame);
                continue;
            }
            switch (frame) {
                case SpdyDataFrame data -> fromStream(data);
                case SpdyPingFrame ping -> send(frames.encode(ping));
                case SpdyRstStreamFrame reset -> closed(reset.streamId());
                default -> LOG.trace("frame {}", frame);
            }
        }
        if (client.writeQueueFull()) {
            kubelet.pause();
        }
    }

    private void fromStream(SpdyDataFrame data) {
        Byte channel = channels.get(data.streamId());
        int length = data.content().readableBytes();
        if (channel != null && length > 0) {
            byte[] message = new byte[length + 1];
            message[0] = channel;
            data.content().getBytes(data.content().readerIndex(), message, 1, length);
            sent(client.writeBinaryMessage(Buffer.buffer(message)));
        }
        boolean last = data.isLast();
        int stream = data.streamId();
        ReferenceCountUtil.release(data);
        if (last) {
            closed(stream);
        }
    }

    private void closed(int stream) {
        open.remove(stream);
        if (open.isEmpty()) {
            end();
        }
    }

    private void end() {
        if (ended) {
            return;
        }
        ended = true;
        frames.close();
        sent(client.close());
        sent(kubelet.close());
    }

    private void send(byte[] bytes) {
        sent(kubelet.write(Buffer.buffer(bytes)));
    }

    @SuppressWarnings("FutureReturnValueIgnored") // a side that is gone is noticed by its close handler
    private static void sent(Future<Void> write) {
        write.onFailure(gone -> LOG.trace("peer gone: {}", gone.getMessage()));
    }
}
