// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.http;

import io.mizzen.api.status.StatusException;
import io.mizzen.api.status.StatusReason;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.Http2Error;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.internal.buffer.BufferInternal;
import io.vertx.core.internal.http.HttpServerRequestInternal;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.TrustOptions;
import io.vertx.ext.web.Router;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTPS server. Every request runs on a virtual thread of its own, named {@code request-N}; the event loops only
 * move bytes. Bodies are bounded by {@link #MAX_BODY_BYTES}.
 */
public final class HttpFrontend implements AutoCloseable {
    /** Upstream's limit for a request body. */
    public static final int MAX_BODY_BYTES = 3 * 1024 * 1024;

    private static final Logger LOG = LoggerFactory.getLogger(HttpFrontend.class);
    private static final long WRITE_TIMEOUT_SECONDS = 60;

    private final HttpServer server;
    private final ExecutorService workers = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("request-", 0).factory());

    /** Answers requests; may block. */
    @FunctionalInterface
    public interface Handler {
        /**
         * Answers a request. Failures are answered by the handler itself; an exception is a fault and closes the
         * connection.
         */
        ApiResponse handle(ApiRequest request) throws Exception;
    }

    private HttpFrontend(HttpServer server) {
        this.server = server;
    }

    /**
     * Listens.
     *
     * @param host address to bind
     * @param port port, 0 for any free one
     * @param certificate PEM file with the serving certificate
     * @param key PEM file with its key
     * @param pages what answers at paths that are no resources, by vertx-web route path
     * @param handler answers requests about resources
     * @throws Exception with one clear line when the address is taken or the files are unusable
     */
    public static HttpFrontend listen(
            Vertx vertx, String host, int port, Path certificate, Path key, Map<String, Handler> pages, Handler handler)
            throws Exception {
        HttpServerOptions options = new HttpServerOptions()
                .setSsl(true)
                .setKeyCertOptions(new PemKeyCertOptions()
                        .setCertPath(certificate.toString())
                        .setKeyPath(key.toString()))
                .setClientAuth(ClientAuth.REQUEST)
                // Certificates are verified by the authenticator, so that a bad one is a 401 and not a broken
                // handshake.
                .setTrustOptions(TrustOptions.wrap(new AcceptForLater()))
                .setUseAlpn(true)
                .setAlpnVersions(List.of(HttpVersion.HTTP_2, HttpVersion.HTTP_1_1))
                .setInitialSettings(new Http2Settings().setMaxConcurrentStreams(1000))
                .setHttp2ConnectionWindowSize(4 * 1024 * 1024)
                .setMaxHeaderSize(64 * 1024)
                .setMaxInitialLineLength(64 * 1024)
                .setCompressionSupported(false)
                .setTcpKeepAlive(true)
                .setTcpNoDelay(true)
                .setMaxWebSocketFrameSize(1 << 20)
                .setMaxWebSocketMessageSize(4 << 20)
                .setWebSocketSubProtocols(
                        List.of("v5.channel.k8s.io", "v4.channel.k8s.io", "SPDY/3.1+portforward.k8s.io"))
                .setIdleTimeout(0);
        HttpServer server = vertx.createHttpServer(options);
        HttpFrontend frontend = new HttpFrontend(server);
        Router router = Router.router(vertx);
        pages.forEach((path, page) -> router.route(path).handler(way -> frontend.accept(way.request(), page)));
        server.requestHandler(request -> {
            if (isResourcePath(pathOf(request))) {
                frontend.accept(request, handler);
            } else {
                router.handle(request);
            }
        });
        server.listen(port, host).toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
        return frontend;
    }

    private static String pathOf(HttpServerRequest request) {
        String path = request.path();
        return path == null ? "/" : path;
    }

    /** Undoes percent-encoding; a plus sign stays what it is in paths. */
    private static String decode(String path) {
        return path.indexOf('%') < 0 ? path : URLDecoder.decode(path.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    /** Resources do not pass the router: theirs is the hot path, and its shape is fixed. */
    private static boolean isResourcePath(String path) {
        boolean core = path.startsWith("/api/");
        if (!core && !path.startsWith("/apis/")) {
            return false;
        }
        int slashes = 0;
        for (int i = 0; i < path.length() - 1; i++) {
            slashes += path.charAt(i) == '/' ? 1 : 0;
        }
        return slashes >= (core ? 3 : 4);
    }

    /** The port in use. */
    public int port() {
        return server.actualPort();
    }

    private void accept(HttpServerRequest request, Handler handler) {
        Body body = new Body();
        boolean upgrade = request.getHeader("Upgrade") != null;
        if (upgrade) {
            request.pause();
            workers.execute(() -> serve(request, handler, new byte[0]));
            return;
        }
        request.handler(body::add);
        request.endHandler(end -> {
            if (body.overflown) {
                answer(
                        request,
                        statusResponse(StatusException.of(
                                StatusReason.RequestEntityTooLarge,
                                "Request entity is too large: limit is " + MAX_BODY_BYTES)));
            } else {
                byte[] bytes = body.buffer.getBytes();
                workers.execute(() -> serve(request, handler, bytes));
            }
        });
        request.exceptionHandler(gone -> LOG.debug("request ended early: {}", gone.getMessage()));
    }

    /** Collects a body up to the limit; used on the event loop only. */
    private static final class Body {
        private final Buffer buffer = Buffer.buffer();
        private boolean overflown;

        void add(Buffer piece) {
            if (buffer.length() + piece.length() > MAX_BODY_BYTES) {
                overflown = true;
            } else if (!overflown) {
                buffer.appendBuffer(piece);
            }
        }
    }

    private void serve(HttpServerRequest request, Handler handler, byte[] body) {
        try {
            switch (handler.handle(toRequest(request, body))) {
                case ApiResponse.Complete complete -> answer(request, complete);
                case ApiResponse.Streamed streamed -> stream(request, streamed);
                case ApiResponse.TakenOver taken -> LOG.trace("{} was taken over", request.path());
            }
        } catch (StatusException failure) {
            answer(request, statusResponse(failure));
        } catch (Exception fault) {
            LOG.error("{} {} failed", request.method(), request.path(), fault);
            answer(request, statusResponse(StatusException.internal(String.valueOf(fault.getMessage()))));
        }
    }

    /** A failure as an answer. */
    public static ApiResponse.Complete statusResponse(StatusException failure) {
        byte[] body = failure.toStatus().toString().getBytes(StandardCharsets.UTF_8);
        ApiResponse.Complete response = ApiResponse.Complete.of(failure.code(), MediaType.JSON, body);
        int retry = failure.retryAfterSeconds();
        if (retry > 0) {
            response = response.with("Retry-After", Integer.toString(retry));
        }
        return failure.reason() == StatusReason.Unauthorized
                ? response.with("WWW-Authenticate", "Bearer realm=\"mizzen\"")
                : response;
    }

    private static ApiRequest toRequest(HttpServerRequest request, byte[] body) {
        Map<String, List<String>> headers = ApiRequest.headerMap();
        request.headers()
                .forEach((name, value) ->
                        headers.computeIfAbsent(name, key -> new ArrayList<>()).add(value));
        String path = decode(pathOf(request));
        return new ApiRequest(
                request.method().name(),
                path,
                request.query(),
                Query.parse(request.query()),
                headers,
                body,
                peerCertificates(request),
                request.remoteAddress() == null
                        ? ""
                        : String.valueOf(request.remoteAddress().hostAddress()),
                request);
    }

    private static List<X509Certificate> peerCertificates(HttpServerRequest request) {
        SSLSession session = request.sslSession();
        if (session == null) {
            return List.of();
        }
        try {
            List<X509Certificate> certificates = new ArrayList<>();
            for (Certificate certificate : session.getPeerCertificates()) {
                if (certificate instanceof X509Certificate x509) {
                    certificates.add(x509);
                }
            }
            return certificates;
        } catch (SSLPeerUnverifiedException none) {
            return List.of();
        }
    }

    private static void answer(HttpServerRequest request, ApiResponse.Complete complete) {
        onContext(request, response -> {
            if (response.ended() || response.closed()) {
                return;
            }
            head(response, complete.code(), complete.contentType(), complete.headers());
            long length = 0;
            for (byte[] piece : complete.body()) {
                length += piece.length;
            }
            response.putHeader("Content-Length", Long.toString(length));
            if (request.method() == HttpMethod.HEAD) {
                sent(response.end());
                return;
            }
            byte[][] pieces = complete.body().toArray(new byte[0][]);
            sent(response.end(BufferInternal.buffer(Unpooled.wrappedBuffer(pieces))));
        });
    }

    /** Lets go of a write: when it fails the client is gone, and the close handler says so. */
    @SuppressWarnings("FutureReturnValueIgnored") // the outcome is told by the close handler
    private static void sent(Future<Void> write) {
        write.onFailure(gone -> LOG.trace("client gone: {}", gone.getMessage()));
    }

    private static void head(
            HttpServerResponse response, int code, String contentType, Map<String, List<String>> headers) {
        response.setStatusCode(code);
        if (!contentType.isEmpty()) {
            response.putHeader("Content-Type", contentType);
        }
        response.putHeader("Cache-Control", "no-cache, private");
        headers.forEach(response::putHeader);
    }

    private static void onContext(HttpServerRequest request, Consumer<HttpServerResponse> action) {
        Context context = ((HttpServerRequestInternal) request).context();
        context.runOnContext(run -> action.accept(request.response()));
    }

    private void stream(HttpServerRequest request, ApiResponse.Streamed streamed) throws Exception {
        ResponseSink sink = new ResponseSink(request);
        sink.start(streamed);
        try {
            streamed.producer().produce(sink);
            sink.finish();
        } catch (InterruptedException stop) {
            sink.cut();
            Thread.currentThread().interrupt();
        } catch (Exception fault) {
            LOG.debug("the stream of {} broke: {}", request.path(), fault.toString());
            sink.cut();
        }
    }

    /** Writes a streamed body with back-pressure; the producing virtual thread waits for a slow client. */
    private static final class ResponseSink implements ApiResponse.Sink {
        private final HttpServerRequest request;
        private final CompletableFuture<Void> closed = new CompletableFuture<>();

        /** The write that is waited for; one at a time, since one thread produces. */
        private volatile CompletableFuture<Boolean> inFlight = CompletableFuture.completedFuture(true);

        ResponseSink(HttpServerRequest request) {
            this.request = request;
        }

        void start(ApiResponse.Streamed streamed) {
            onContext(request, live -> {
                live.closeHandler(gone -> gone());
                live.exceptionHandler(gone -> gone());
                if (live.closed()) {
                    gone();
                    return;
                }
                head(live, streamed.code(), streamed.contentType(), streamed.headers());
                live.setChunked(true);
                sent(live.writeHead());
            });
        }

        private void gone() {
            closed.complete(null);
            inFlight.complete(false);
        }

        @Override
        public boolean write(byte[] bytes) throws InterruptedException {
            var sent = new CompletableFuture<Boolean>();
            inFlight = sent;
            // Looked at after the line above, so that a client that goes meanwhile is seen here or completes the
            // future.
            if (closed.isDone()) {
                return false;
            }
            onContext(request, live -> {
                if (live.closed() || live.ended()) {
                    sent.complete(false);
                    return;
                }
                Future<Void> written = live.write(Buffer.buffer(bytes));
                sent(written);
                if (live.writeQueueFull()) {
                    live.drainHandler(drained -> sent.complete(true));
                } else {
                    sent.complete(true);
                }
            });
            try {
                return sent.get(WRITE_TIMEOUT_SECONDS, TimeUnit.SECONDS);
            } catch (TimeoutException slow) {
                LOG.info("cut a client that took nothing for {} s", WRITE_TIMEOUT_SECONDS);
                cut();
                return false;
            } catch (ExecutionException impossible) {
                return false;
            }
        }

        @Override
        @SuppressWarnings("FutureReturnValueIgnored") // completes when the client goes, whoever waits
        public void onClose(Runnable action) {
            closed.thenRun(action);
        }

        void finish() {
            onContext(request, live -> {
                if (!live.ended() && !live.closed()) {
                    sent(live.end());
                }
            });
        }

        void cut() {
            onContext(request, live -> {
                if (!live.ended() && !live.closed()) {
                    sent(live.reset(Http2Error.INTERNAL_ERROR.code()));
                }
            });
        }
    }

    @Override
    public void close() {
        try {
            server.close().toCompletionStage().toCompletableFuture().get(5, TimeUnit.SECONDS);
        } catch (Exception slow) {
            LOG.warn("the HTTPS server did not close in time: {}", slow.toString());
        }
        workers.shutdownNow();
    }
}
