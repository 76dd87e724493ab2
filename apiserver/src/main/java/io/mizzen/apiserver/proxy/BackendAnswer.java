// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.proxy;

import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.ConnectOptions;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetSocket;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The answer of another server, read from a socket of its own. Vert.x's HTTP client is not used, for it loses what a slow reader
 * has not taken yet when the other side closes, and gives connections on while somebody may still cut them off.
 *
 * <p>Confined to the event loop of the context it was asked on, which is to be that of whoever reads the answer: back-pressure
 * then needs no thought of threads. The socket is closed with the answer, whether that was read to its end or not.
 */
final class BackendAnswer {
    private static final Logger LOG = LoggerFactory.getLogger(BackendAnswer.class);
    private static final int MAX_HEAD = 64 * 1024;
    private static final int MAX_PIECE = 64 * 1024;

    private final NetSocket socket;
    private final EmbeddedChannel decoder;
    private final CompletableFuture<BackendAnswer> begun;
    private final Deque<Buffer> pieces = new ArrayDeque<>();
    private @Nullable HttpResponse head;
    private boolean isWhole;
    private @Nullable IOException broken;
    private @Nullable Reader reader;

    /** Who takes an answer's body. */
    interface Reader {
        /** Takes a piece; answers whether more may follow at once, if not {@link #resume} is called later. */
        boolean take(Buffer piece);

        /** That was all. */
        void end();

        /** The rest will not come. */
        void cutOff(IOException why);
    }

    private BackendAnswer(NetSocket socket, boolean isBodiless, CompletableFuture<BackendAnswer> begun) {
        this.socket = socket;
        this.begun = begun;
        HttpDecoderConfig bounds =
                new HttpDecoderConfig().setMaxHeaderSize(MAX_HEAD).setMaxChunkSize(MAX_PIECE);
        this.decoder = new EmbeddedChannel(new HttpResponseDecoder(bounds) {
            @Override
            protected boolean isContentAlwaysEmpty(HttpMessage message) {
                return isBodiless || super.isContentAlwaysEmpty(message);
            }
        });
    }

    /**
     * Sends a request; completes when the head of its answer is there, and fails when the connection does. Whoever waits no longer
     * cancels it.
     *
     * @param headers all but {@code Host}; they are to ask for the connection to be closed
     */
    static CompletableFuture<BackendAnswer> ask(
            Context context,
            NetClient client,
            ConnectOptions where,
            String method,
            String pathAndQuery,
            Map<String, List<String>> headers,
            byte[] body) {
        CompletableFuture<BackendAnswer> begun = new CompletableFuture<>();
        Buffer request = Buffer.buffer(RequestHead.of(where, method, pathAndQuery, headers))
                .appendBytes(body);
        context.runOnContext(run -> connect(client, where, method.equals("HEAD"), request, begun));
        return begun;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the promise carries the outcome on
    private static void connect(
            NetClient client,
            ConnectOptions where,
            boolean isBodiless,
            Buffer request,
            CompletableFuture<BackendAnswer> begun) {
        client.connect(where)
                .onSuccess(socket -> {
                    BackendAnswer answer = new BackendAnswer(socket, isBodiless, begun);
                    begun.whenComplete((there, failed) -> {
                        if (failed != null) {
                            answer.close();
                        }
                    });
                    answer.listen();
                    sent(socket.write(request));
                })
                .onFailure(begun::completeExceptionally);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // a broken write ends in the socket's end
    private static void sent(Future<Void> write) {
        write.onFailure(gone -> LOG.debug("the request was not sent: {}", gone.getMessage()));
    }

    private void listen() {
        socket.exceptionHandler(gone -> LOG.debug("a backend broke: {}", gone.getMessage()));
        socket.handler(bytes -> {
            decoder.writeInbound(Unpooled.wrappedBuffer(bytes.getBytes()));
            decode();
        });
        socket.endHandler(read -> {
            // An answer of unknown length ends here.
            decoder.finish();
            decode();
            if (!isWhole) {
                fail(new EOFException("the connection was closed before the answer's end"));
            }
        });
    }

    private void decode() {
        for (HttpObject object = decoder.readInbound(); object != null; object = decoder.readInbound()) {
            try {
                accept(object);
            } finally {
                ReferenceCountUtil.release(object);
            }
        }
        deliver();
    }

    private void accept(HttpObject object) {
        if (isWhole || broken != null) {
            return;
        }
        if (object.decoderResult().isFailure()) {
            fail(new IOException(
                    "no valid answer: " + object.decoderResult().cause().getMessage()));
            return;
        }
        if (object instanceof HttpResponse response) {
            if (response.status().codeClass() != HttpStatusClass.INFORMATIONAL) {
                head = response;
                // What follows waits for its reader.
                socket.pause();
                begun.complete(this);
            }
        } else if (object instanceof HttpContent content && head != null) {
            if (content.content().isReadable()) {
                pieces.add(Buffer.buffer(ByteBufUtil.getBytes(content.content())));
            }
            isWhole = content instanceof LastHttpContent;
        }
    }

    private void fail(IOException why) {
        if (broken == null) {
            broken = why;
            begun.completeExceptionally(why);
            deliver();
        }
    }

    /** Gives the reader what is there, as far as he takes it. */
    private void deliver() {
        Reader taker = reader;
        if (taker == null) {
            return;
        }
        while (!pieces.isEmpty()) {
            if (!taker.take(pieces.remove())) {
                socket.pause();
                return;
            }
        }
        if (isWhole) {
            reader = null;
            close();
            taker.end();
        } else if (broken != null) {
            reader = null;
            close();
            taker.cutOff(broken);
        } else {
            socket.resume();
        }
    }

    int code() {
        return Objects.requireNonNull(head).status().code();
    }

    HttpHeaders headers() {
        return Objects.requireNonNull(head).headers();
    }

    /** Begins to hand the body on; on the event loop. */
    void readBy(Reader taker) {
        reader = taker;
        deliver();
    }

    /** The reader takes more; on the event loop. */
    void resume() {
        deliver();
    }

    /** All of a short answer, at most so many bytes of it; to be called from elsewhere than the event loop. */
    CompletableFuture<String> text(Context context, int most) {
        CompletableFuture<String> whole = new CompletableFuture<>();
        Buffer all = Buffer.buffer();
        context.runOnContext(run -> readBy(new Reader() {
            @Override
            public boolean take(Buffer piece) {
                all.appendBuffer(piece.slice(0, Math.min(piece.length(), most - all.length())));
                return true;
            }

            @Override
            public void end() {
                whole.complete(all.toString(StandardCharsets.UTF_8));
            }

            @Override
            public void cutOff(IOException why) {
                whole.completeExceptionally(why);
            }
        }));
        return whole;
    }

    /** Nobody reads on. */
    @SuppressWarnings("FutureReturnValueIgnored") // nothing is left to be told
    void close() {
        reader = null;
        socket.close();
    }
}
