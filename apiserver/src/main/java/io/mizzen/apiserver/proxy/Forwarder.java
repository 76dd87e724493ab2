// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.proxy;

import io.mizzen.api.status.StatusException;
import io.mizzen.api.status.StatusReason;
import io.mizzen.apiserver.http.ApiRequest;
import io.mizzen.apiserver.http.ApiResponse;
import io.mizzen.apiserver.http.Query;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http2.Http2Error;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.impl.http1.UpgradedSocket;
import io.vertx.core.internal.http.HttpServerRequestInternal;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.ConnectOptions;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes requests on to another server and its answer back. Called on a request's virtual thread; once the answer has
 * begun, event loops move the bytes and the thread is free.
 */
public final class Forwarder implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Forwarder.class);
    private static final int CONNECT_TIMEOUT_MILLIS = 10_000;
    private static final long ANSWER_TIMEOUT_SECONDS = 30;
    private static final int MAX_REFUSAL_BYTES = 64 * 1024;

    /**
     * What may wait here, read but not taken on, for a client that reads slowly. Left alone, one burst of reads takes up
     * to a megabyte a connection, and a hundred slow readers all the memory there is outside the heap.
     */
    private static final int RECEIVE_BUFFER_BYTES = 64 * 1024;

    private static final Set<String> HOP_BY_HOP = Set.of(
            "connection",
            "keep-alive",
            "proxy-authenticate",
            "proxy-authorization",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "host",
            "content-length",
            "authorization",
            "impersonate-user",
            "impersonate-group",
            "impersonate-uid");

    private static final Set<String> BODILESS = Set.of("GET", "HEAD", "DELETE", "OPTIONS");

    private final HttpClient pages;
    private final NetClient kubeletSockets;
    private final NetClient otherSockets;

    /**
     * @param certificate client certificate for kubelets, PEM
     * @param key its key, PEM
     * @param authority CA of the kubelets' serving certificates, PEM
     */
    public Forwarder(Vertx vertx, Path certificate, Path key, Path authority) {
        this.pages = vertx.createHttpClient(new HttpClientOptions()
                .setConnectTimeout(CONNECT_TIMEOUT_MILLIS)
                .setSsl(true)
                .setVerifyHost(true)
                .setKeyCertOptions(new PemKeyCertOptions()
                        .setCertPath(certificate.toString())
                        .setKeyPath(key.toString()))
                .setTrustOptions(new PemTrustOptions().addCertPath(authority.toString())));
        this.kubeletSockets = vertx.createNetClient(new NetClientOptions()
                .setConnectTimeout(CONNECT_TIMEOUT_MILLIS)
                .setReceiveBufferSize(RECEIVE_BUFFER_BYTES)
                .setSsl(true)
                .setHostnameVerificationAlgorithm("HTTPS")
                .setKeyCertOptions(new PemKeyCertOptions()
                        .setCertPath(certificate.toString())
                        .setKeyPath(key.toString()))
                .setTrustOptions(new PemTrustOptions().addCertPath(authority.toString())));
        this.otherSockets = vertx.createNetClient(new NetClientOptions()
                .setConnectTimeout(CONNECT_TIMEOUT_MILLIS)
                .setReceiveBufferSize(RECEIVE_BUFFER_BYTES));
    }

    /** Passes a request on; answers the client itself. */
    public ApiResponse forward(ApiRequest request, Target target) throws InterruptedException {
        try {
            return request.isUpgrade() ? upgrade(request, target) : pass(request, target);
        } catch (ExecutionException failed) {
            Throwable cause = failed.getCause() == null ? failed : failed.getCause();
            throw unreachable(target, String.valueOf(cause.getMessage()));
        } catch (TimeoutException slow) {
            throw unreachable(target, "no answer within " + ANSWER_TIMEOUT_SECONDS + " s");
        }
    }

    /**
     * Passes a request for a log on. A kubelet says in plain text what is wrong; the client is told the same as a Status.
     */
    public ApiResponse forwardLog(ApiRequest request, Target target) throws InterruptedException {
        try {
            BackendAnswer answer = ask(request, target);
            if (answer.code() < HttpResponseStatus.BAD_REQUEST.code()) {
                relay(request, answer);
                return new ApiResponse.TakenOver();
            }
            String text = refusal(request, answer);
            throw answer.code() == HttpResponseStatus.BAD_REQUEST.code()
                    ? StatusException.badRequest(text)
                    : StatusException.internal(text).withCode(answer.code());
        } catch (ExecutionException failed) {
            throw unreachable(target, String.valueOf(failed.getCause()));
        } catch (TimeoutException slow) {
            throw unreachable(target, "no answer within " + ANSWER_TIMEOUT_SECONDS + " s");
        }
    }

    private static String refusal(ApiRequest request, BackendAnswer answer)
            throws InterruptedException, ExecutionException, TimeoutException {
        try {
            return answer.text(context(request), MAX_REFUSAL_BYTES)
                    .get(ANSWER_TIMEOUT_SECONDS, TimeUnit.SECONDS)
                    .strip();
        } finally {
            answer.close();
        }
    }

    /**
     * Reads a page of a kubelet as the server itself.
     *
     * @throws StatusException when there is no good answer of at most {@code mostBytes} within the time
     */
    public byte[] fetch(Target target, int timeoutSeconds, int mostBytes) throws InterruptedException {
        Future<byte[]> body = pages.request(new RequestOptions()
                        .setHost(target.host())
                        .setPort(target.port())
                        .setSsl(target.tls())
                        .setURI(target.pathAndQuery())
                        .setTimeout(TimeUnit.SECONDS.toMillis(timeoutSeconds))
                        .setMethod(HttpMethod.GET))
                .compose(HttpClientRequest::send)
                .compose(answer -> collected(answer, mostBytes));
        try {
            return body.toCompletionStage().toCompletableFuture().get(timeoutSeconds, TimeUnit.SECONDS);
        } catch (ExecutionException failed) {
            throw unreachable(target, String.valueOf(failed.getCause()));
        } catch (TimeoutException slow) {
            throw unreachable(target, "no answer within " + timeoutSeconds + " s");
        }
    }

    /** The body of a good answer; a longer one ends its connection. */
    private static Future<byte[]> collected(HttpClientResponse answer, int mostBytes) {
        Promise<byte[]> done = Promise.promise();
        Buffer body = Buffer.buffer();
        answer.exceptionHandler(done::tryFail);
        answer.handler(piece -> {
            body.appendBuffer(piece);
            if (body.length() > mostBytes) {
                cut(answer);
                done.tryFail("more than " + mostBytes + " bytes");
            }
        });
        answer.endHandler(end -> {
            if (answer.statusCode() == HttpResponseStatus.OK.code()) {
                done.tryComplete(body.getBytes());
            } else {
                done.tryFail("status " + answer.statusCode());
            }
        });
        return done.future();
    }

    private ApiResponse pass(ApiRequest request, Target target)
            throws InterruptedException, ExecutionException, TimeoutException {
        relay(request, ask(request, target));
        return new ApiResponse.TakenOver();
    }

    /** Sends a request on; the answer waits for its reader. */
    private BackendAnswer ask(ApiRequest request, Target target)
            throws InterruptedException, ExecutionException, TimeoutException {
        Map<String, List<String>> headers = passedOn(request);
        headers.put("Connection", List.of("close"));
        int length = request.body().length;
        if (length > 0 || !BODILESS.contains(request.method())) {
            headers.put("Content-Length", List.of(Integer.toString(length)));
        }
        NetClient client = target.asKubeletClient() ? kubeletSockets : otherSockets;
        CompletableFuture<BackendAnswer> begun = BackendAnswer.ask(
                context(request),
                client,
                where(target),
                request.method(),
                target.pathAndQuery(),
                headers,
                request.body());
        try {
            return begun.get(ANSWER_TIMEOUT_SECONDS, TimeUnit.SECONDS);
        } finally {
            begun.cancel(false);
        }
    }

    private static ConnectOptions where(Target target) {
        ConnectOptions where = new ConnectOptions()
                .setHost(target.host())
                .setPort(target.port())
                .setSsl(target.tls());
        if (!target.asKubeletClient()) {
            // Pods and services are proxied to without checking certificates, as upstream does.
            where.setSslOptions(new ClientSSLOptions().setTrustAll(true).setHostnameVerificationAlgorithm(""));
        }
        return where;
    }

    private ApiResponse upgrade(ApiRequest request, Target target)
            throws InterruptedException, ExecutionException, TimeoutException {
        Translation translation = Translation.of(request, target);
        boolean translates = translation != Translation.NONE;
        Map<String, List<String>> headers = passedOn(request);
        headers.keySet()
                .removeIf(name -> translates && name.toLowerCase(Locale.ROOT).startsWith("sec-websocket"));
        headers.put("Content-Length", List.of("0"));
        headers.put("Connection", List.of("Upgrade"));
        headers.put("Upgrade", List.of(translates ? "SPDY/3.1" : request.header("Upgrade")));
        if (translates) {
            headers.put("X-Stream-Protocol-Version", List.of(translation.streamProtocol()));
        }
        NetClient client = target.asKubeletClient() ? kubeletSockets : otherSockets;
        String method = translates ? "POST" : request.method();
        UpgradeDialer.Answer answer = UpgradeDialer.dial(
                        context(request), client, where(target), target.pathAndQuery(), method, headers)
                .get(ANSWER_TIMEOUT_SECONDS, TimeUnit.SECONDS);
        if (answer.code() != HttpResponseStatus.SWITCHING_PROTOCOLS.code()) {
            return ApiResponse.Complete.of(
                    answer.code(), answer.header("Content-Type"), answer.rest().getBytes());
        }
        if (translates) {
            translate(request, answer, translation);
        } else {
            tunnel(request, answer);
        }
        return new ApiResponse.TakenOver();
    }

    /** The headers that concern the other side too. */
    private static Map<String, List<String>> passedOn(ApiRequest request) {
        Map<String, List<String>> headers = ApiRequest.headerMap();
        request.headers().forEach((name, values) -> {
            String lower = name.toLowerCase(Locale.ROOT);
            if (!HOP_BY_HOP.contains(lower) && !lower.startsWith("impersonate-extra-")) {
                headers.put(name, values);
            }
        });
        headers.put("X-Forwarded-For", List.of(request.remoteAddress()));
        return headers;
    }

    private static StatusException unreachable(Target target, String why) {
        return StatusException.of(
                        StatusReason.InternalError,
                        "error dialing backend: " + target.host() + ":" + target.port() + ": " + why)
                .withCode(500);
    }

    /** How a WebSocket is turned into the SPDY connection that kubelets take. */
    private enum Translation {
        NONE(""),
        /** Channels to streams, for exec and attach. */
        CHANNELS("v4.channel.k8s.io"),
        /** SPDY's own bytes inside binary messages, for port-forward. */
        TUNNEL("portforward.k8s.io");

        private final String streamProtocol;

        Translation(String streamProtocol) {
            this.streamProtocol = streamProtocol;
        }

        String streamProtocol() {
            return streamProtocol;
        }

        static Translation of(ApiRequest request, Target target) {
            if (!target.asKubeletClient() || !request.header("Upgrade").equalsIgnoreCase("websocket")) {
                return NONE;
            }
            List<String> offered =
                    List.of(request.headerList("Sec-WebSocket-Protocol").split(" *, *"));
            if (offered.contains("SPDY/3.1+portforward.k8s.io")) {
                return TUNNEL;
            }
            // The runtime itself speaks the older form of port-forward, a channel pair a port, under the same name.
            boolean channels = offered.contains("v5.channel.k8s.io") || offered.contains("v4.channel.k8s.io");
            return channels && !target.pathAndQuery().startsWith("/portForward/") ? CHANNELS : NONE;
        }
    }

    private static void translate(ApiRequest request, UpgradeDialer.Answer answer, Translation translation)
            throws InterruptedException, ExecutionException, TimeoutException {
        NetSocket kubelet = answer.socket();
        CompletableFuture<ServerWebSocket> taken = new CompletableFuture<>();
        onContext(request, response -> accept(request, taken));
        ServerWebSocket client = taken.get(ANSWER_TIMEOUT_SECONDS, TimeUnit.SECONDS);
        if (translation == Translation.TUNNEL) {
            onContext(request, response -> WebSocketTunnel.join(client, kubelet, answer.rest()));
            return;
        }
        Query query = request.query();
        WebSocketExec.Wanted wanted = new WebSocketExec.Wanted(
                query.flag("stdin"),
                !query.has("stdout") || query.flag("stdout"),
                !query.has("stderr") || query.flag("stderr"),
                query.flag("tty"));
        onContext(request, response -> WebSocketExec.start(client, kubelet, answer.rest(), wanted));
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the promise carries the outcome on
    private static void accept(ApiRequest request, CompletableFuture<ServerWebSocket> taken) {
        request.connection()
                .toWebSocket()
                .onSuccess(open -> {
                    open.pause();
                    taken.complete(open);
                })
                .onFailure(taken::completeExceptionally);
    }

    /** Joins the two sockets until either side ends. */
    private static void tunnel(ApiRequest request, UpgradeDialer.Answer answer)
            throws InterruptedException, ExecutionException, TimeoutException {
        NetSocket backend = answer.socket();
        CompletableFuture<NetSocket> taken = new CompletableFuture<>();
        onContext(request, response -> {
            response.putHeader("Connection", "Upgrade");
            answer.headers().forEach((name, values) -> {
                String lower = name.toLowerCase(Locale.ROOT);
                if (lower.equals("upgrade")
                        || lower.startsWith("sec-websocket-")
                        || lower.startsWith("x-stream-protocol")) {
                    response.putHeader(name, values);
                }
            });
            settle(UpgradedSocket.of(request.connection()), taken);
        });
        NetSocket client = taken.get(ANSWER_TIMEOUT_SECONDS, TimeUnit.SECONDS);
        onContext(request, response -> {
            if (answer.rest().length() > 0) {
                settle(client.write(answer.rest()));
            }
            pipe(client, backend);
            pipe(backend, client);
        });
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the promise carries the outcome on
    private static void settle(Future<NetSocket> socket, CompletableFuture<NetSocket> taken) {
        socket.onSuccess(open -> {
                    open.pause();
                    taken.complete(open);
                })
                .onFailure(taken::completeExceptionally);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // a client that is gone is noticed by the pipe
    private static void settle(Future<Void> write) {
        write.onFailure(gone -> LOG.debug("tunnel broke: {}", gone.getMessage()));
    }

    /**
     * Passes on what comes from one side; its end closes the other. A side that takes no more is not the end of what it has
     * still to say: that comes with its own closing, on the way back.
     */
    @SuppressWarnings("FutureReturnValueIgnored") // a side that is gone is noticed by the pipe that reads from it
    private static void pipe(NetSocket from, NetSocket to) {
        from.pipeTo(to).onFailure(gone -> LOG.debug("tunnel broke: {}", gone.getMessage()));
    }

    private static void relay(ApiRequest request, BackendAnswer answer) {
        onContext(request, response -> {
            if (response.closed()) {
                answer.close();
                return;
            }
            response.setStatusCode(answer.code());
            answer.headers().forEach(header -> {
                if (!HOP_BY_HOP.contains(header.getKey().toLowerCase(Locale.ROOT))) {
                    response.headers().add(header.getKey(), header.getValue());
                }
            });
            String length = answer.headers().get("Content-Length");
            if (length != null) {
                response.putHeader("Content-Length", length);
            } else {
                response.setChunked(true);
            }
            response.closeHandler(gone -> answer.close());
            response.drainHandler(drained -> answer.resume());
            settle(response.writeHead());
            answer.readBy(new Relay(response));
        });
    }

    /** Writes an answer to a client; half an answer is cut off, never ended as if it were whole. */
    private record Relay(HttpServerResponse response) implements BackendAnswer.Reader {
        @Override
        public boolean take(Buffer piece) {
            settle(response.write(piece));
            return !response.writeQueueFull();
        }

        @Override
        public void end() {
            settle(response.end());
        }

        @Override
        public void cutOff(IOException why) {
            LOG.debug("relay ended: {}", why.getMessage());
            settle(response.reset(Http2Error.INTERNAL_ERROR.code()));
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // nothing is left to be told
    private static void cut(HttpClientResponse answer) {
        answer.request().reset();
    }

    private static void onContext(ApiRequest request, java.util.function.Consumer<HttpServerResponse> action) {
        context(request).runOnContext(run -> action.accept(request.connection().response()));
    }

    private static Context context(ApiRequest request) {
        return ((HttpServerRequestInternal) request.connection()).context();
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // closing a client cannot fail in a way that matters
    public void close() {
        pages.close();
        List.of(kubeletSockets, otherSockets).forEach(NetClient::close);
    }
}
