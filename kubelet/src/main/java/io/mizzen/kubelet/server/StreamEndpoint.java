// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.server;

import io.fabric8.kubernetes.api.model.Pod;
import io.mizzen.kubelet.cri.CriClient;
import io.mizzen.kubelet.cri.CriException;
import io.mizzen.kubelet.cri.v1.AttachRequest;
import io.mizzen.kubelet.cri.v1.ExecRequest;
import io.mizzen.kubelet.runtime.RuntimeContainer;
import io.mizzen.kubelet.runtime.RuntimePod;
import io.mizzen.kubelet.runtime.RuntimeReader;
import io.mizzen.kubelet.runtime.RuntimeSandbox;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.impl.http1.KubeletTunnelSocket;
import io.vertx.core.internal.http.HttpServerRequestInternal;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetSocket;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Joins a client that wants to upgrade (SPDY or WebSocket) to the streaming server of the runtime: asks CRI for a one-use URL,
 * sends the client's own upgrade request there, and after the 101 passes bytes both ways without looking at them.
 */
final class StreamEndpoint {
    private static final Logger LOG = LoggerFactory.getLogger(StreamEndpoint.class);
    private static final long TIMEOUT_SECONDS = 30;
    private static final int MAX_HEAD = 64 * 1024;
    private static final Set<String> PASSED_ON = Set.of(
            "connection",
            "upgrade",
            "x-stream-protocol-version",
            "sec-websocket-key",
            "sec-websocket-version",
            "sec-websocket-protocol",
            "sec-websocket-extensions",
            "origin");

    private final CriClient cri;
    private final RuntimeReader reader;
    private final BiFunction<String, String, Optional<Pod>> pods;
    private final NetClient client;

    StreamEndpoint(Vertx vertx, CriClient cri, RuntimeReader reader, BiFunction<String, String, Optional<Pod>> pods) {
        this.cri = cri;
        this.reader = reader;
        this.pods = pods;
        this.client = vertx.createNetClient();
    }

    /** Serves one stream; returns as soon as the two sides are joined. */
    void serve(HttpServerRequest request, MultiMap query, KubeletRoute.Stream route)
            throws ServerException, CriException, InterruptedException {
        if (request.getHeader("Upgrade") == null) {
            throw new ServerException(400, "you must use a client that upgrades the connection");
        }
        URI target = URI.create(url(route, query));
        try {
            NetSocket backend = await(connect(request, target));
            Head head = new Head();
            CompletableFuture<Answer> answered = new CompletableFuture<>();
            backend.closeHandler(v -> answered.completeExceptionally(new IOException("the runtime closed the stream")));
            backend.handler(bytes -> head.add(bytes).ifPresent(a -> {
                backend.pause();
                answered.complete(a);
            }));
            await(backend.write(requestHead(request, target)));
            Answer answer = answered.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
            if (answer.status() == 101) {
                join(request, backend, answer);
            } else {
                refuse(request, backend, answer);
            }
        } catch (ExecutionException | TimeoutException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new ServerException(500, "error dialing the container runtime: " + cause.getMessage());
        }
    }

    /** Connects on the event loop of the client: between two loops a drained queue could be missed, and the stream stall. */
    @SuppressWarnings("FutureReturnValueIgnored") // The promise carries the outcome on.
    private Future<NetSocket> connect(HttpServerRequest request, URI target) {
        Promise<NetSocket> dialled = Promise.promise();
        context(request)
                .runOnContext(
                        v -> client.connect(target.getPort(), target.getHost()).onComplete(dialled));
        return dialled.future();
    }

    private static Context context(HttpServerRequest request) {
        return ((HttpServerRequestInternal) request).context();
    }

    private String url(KubeletRoute.Stream route, MultiMap query) throws ServerException, CriException {
        Pod pod = pods.apply(route.namespace(), route.pod())
                .filter(p -> route.uid().isEmpty()
                        || route.uid().get().equals(p.getMetadata().getUid()))
                .orElseThrow(() -> new ServerException(404, "pod does not exist"));
        RuntimePod seen = reader.read(pod.getMetadata().getUid(), route.namespace(), route.pod());
        if (route.kind() == KubeletRoute.Stream.Kind.PORT_FORWARD) {
            String sandbox = seen.readySandbox()
                    .map(RuntimeSandbox::id)
                    .orElseThrow(() -> new ServerException(500, "pod is not running"));
            return cri.portForward(sandbox, ports(query));
        }
        RuntimeContainer container = seen.latest(route.container())
                .filter(RuntimeContainer::isRunning)
                .orElseThrow(() -> new ServerException(500, "container not found (\"" + route.container() + "\")"));
        boolean hasTerminal = flag(query, "tty");
        boolean hasInput = flag(query, "input") || flag(query, "stdin");
        boolean hasOutput = flag(query, "output") || flag(query, "stdout");
        // A terminal has one stream for both.
        boolean hasErrors = !hasTerminal && (flag(query, "error") || flag(query, "stderr"));
        if (route.kind() == KubeletRoute.Stream.Kind.ATTACH) {
            return cri.attach(AttachRequest.newBuilder()
                    .setContainerId(container.id())
                    .setStdin(hasInput)
                    .setStdout(hasOutput)
                    .setStderr(hasErrors)
                    .setTty(hasTerminal)
                    .build());
        }
        return cri.exec(ExecRequest.newBuilder()
                .setContainerId(container.id())
                .addAllCmd(query.getAll("command"))
                .setStdin(hasInput)
                .setStdout(hasOutput)
                .setStderr(hasErrors)
                .setTty(hasTerminal)
                .build());
    }

    private static boolean flag(MultiMap query, String name) {
        return LogsEndpoint.isTrue(query.get(name));
    }

    private static List<Integer> ports(MultiMap query) throws ServerException {
        List<Integer> out = new ArrayList<>();
        for (String name : List.of("port", "ports")) {
            for (String value : query.getAll(name)) {
                for (String each : value.split(",")) {
                    try {
                        out.add(Integer.parseInt(each));
                    } catch (NumberFormatException e) {
                        throw new ServerException(400, "port is not a number: " + each);
                    }
                }
            }
        }
        return out;
    }

    private static Buffer requestHead(HttpServerRequest request, URI target) {
        StringBuilder head = new StringBuilder(
                request.method() + " " + target.getRawPath() + " HTTP/1.1\r\nHost: " + target.getAuthority() + "\r\n");
        request.headers().forEach((name, value) -> {
            if (PASSED_ON.contains(name.toLowerCase(Locale.ROOT))) {
                head.append(name).append(": ").append(value).append("\r\n");
            }
        });
        if (!request.method().name().equals("GET")) {
            head.append("Content-Length: 0\r\n");
        }
        return Buffer.buffer(head.append("\r\n").toString());
    }

    /** The runtime's answer: status, headers, and what came after them. */
    private record Answer(int status, List<Map.Entry<String, String>> headers, Buffer rest) {}

    /** Collects bytes until the end of the headers; confined to the socket's event loop. */
    private static final class Head {
        private Buffer bytes = Buffer.buffer();
        private boolean isDone;

        Optional<Answer> add(Buffer more) {
            if (isDone) {
                return Optional.empty();
            }
            bytes.appendBuffer(more);
            String text = bytes.toString(StandardCharsets.ISO_8859_1);
            int end = text.indexOf("\r\n\r\n");
            if (end < 0 && text.length() < MAX_HEAD) {
                return Optional.empty();
            }
            isDone = true;
            String[] lines = text.substring(0, Math.max(0, end)).split("\r\n");
            List<Map.Entry<String, String>> headers = new ArrayList<>();
            for (int i = 1; i < lines.length; i++) {
                int colon = lines[i].indexOf(':');
                if (colon > 0) {
                    headers.add(Map.entry(
                            lines[i].substring(0, colon),
                            lines[i].substring(colon + 1).strip()));
                }
            }
            String[] words = lines[0].split(" ");
            int status = words.length > 1 ? Integer.parseInt(words[1]) : 502;
            return Optional.of(new Answer(status, headers, bytes.getBuffer(end + 4, bytes.length())));
        }
    }

    private static void join(HttpServerRequest request, NetSocket backend, Answer answer)
            throws InterruptedException, ExecutionException, TimeoutException {
        CompletableFuture<NetSocket> taken = new CompletableFuture<>();
        Context context = context(request);
        context.runOnContext(v -> {
            request.response().putHeader("Connection", "Upgrade");
            answer.headers().stream()
                    .filter(h -> {
                        String name = h.getKey().toLowerCase(Locale.ROOT);
                        return name.equals("upgrade")
                                || name.startsWith("sec-websocket-")
                                || name.startsWith("x-stream-protocol");
                    })
                    .forEach(h -> request.response().putHeader(h.getKey(), h.getValue()));
            take(request, taken);
        });
        NetSocket client;
        try {
            client = taken.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            close(backend);
            throw e;
        }
        if (answer.rest().length() > 0) {
            await(client.write(answer.rest()));
        }
        context.runOnContext(v -> {
            pipe(client, backend);
            pipe(backend, client);
        });
    }

    @SuppressWarnings("FutureReturnValueIgnored") // The promise carries the outcome on.
    private static void take(HttpServerRequest request, CompletableFuture<NetSocket> taken) {
        KubeletTunnelSocket.of(request)
                .onSuccess(socket -> {
                    socket.pause();
                    taken.complete(socket);
                })
                .onFailure(taken::completeExceptionally);
    }

    /**
     * Passes on what comes from one side; its end closes the other. A side that takes no more is not the end of what it has
     * still to say: that comes with its own closing, on the way back.
     */
    @SuppressWarnings("FutureReturnValueIgnored") // A side that is gone is noticed by the pipe that reads from it.
    private static void pipe(NetSocket from, NetSocket to) {
        from.pipeTo(to).onFailure(gone -> LOG.debug("stream broke: {}", gone.getMessage()));
    }

    @SuppressWarnings("FutureReturnValueIgnored") // Nothing is left to be told to a closed socket.
    private static void close(NetSocket socket) {
        socket.close();
    }

    private static void refuse(HttpServerRequest request, NetSocket backend, Answer answer) throws ServerException {
        close(backend);
        answer.headers().stream()
                .filter(h -> h.getKey().equalsIgnoreCase("X-Accepted-Stream-Protocol-Versions"))
                .forEach(h -> request.response().putHeader(h.getKey(), h.getValue()));
        throw new ServerException(answer.status(), answer.rest().toString());
    }

    private static <T> T await(Future<T> future) throws InterruptedException, ExecutionException, TimeoutException {
        return future.toCompletionStage().toCompletableFuture().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }
}
