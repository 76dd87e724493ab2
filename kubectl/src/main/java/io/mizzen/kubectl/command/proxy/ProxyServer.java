// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.proxy;

import io.mizzen.kubectl.net.Http;
import io.mizzen.kubectl.net.Incoming;
import io.mizzen.kubectl.net.Outgoing;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;

/**
 * Serves the proxy's connections. Each has a named virtual thread and a connection of its own to the API server; while an answer is
 * streamed, a second thread waits for the client's next request, so that a client that has gone ends the answer. At most
 * {@value #MAX_CONNECTIONS} connections at a time; more wait to be accepted.
 */
final class ProxyServer implements AutoCloseable {
    private static final int MAX_CONNECTIONS = 1024;
    private static final int BUFFER = 16 * 1024;
    /** Headers that concern one connection only (RFC 9110, 7.6.1). */
    private static final List<String> HOP_BY_HOP = List.of(
            "Connection",
            "Proxy-Connection",
            "Keep-Alive",
            "Proxy-Authenticate",
            "Proxy-Authorization",
            "Te",
            "Trailer",
            "Transfer-Encoding",
            "Upgrade");

    private final Listener listener;
    private final ApiSource apis;
    private final ProxyRules rules;
    private final Optional<StaticFiles> files;
    private final Consumer<String> complaints;
    private final Semaphore places = new Semaphore(MAX_CONNECTIONS);

    /** @param complaints is told what went wrong on the way to the API server; called from several threads */
    ProxyServer(
            Listener listener,
            ApiSource apis,
            ProxyRules rules,
            Optional<StaticFiles> files,
            Consumer<String> complaints) {
        this.listener = listener;
        this.apis = apis;
        this.rules = rules;
        this.files = files;
        this.complaints = complaints;
    }

    /** Accepts connections until closed. */
    void serve() throws InterruptedException {
        while (true) {
            places.acquire();
            try {
                Listener.Client client = listener.accept();
                Thread.ofVirtual().name("proxy-" + client.name()).start(() -> {
                    try {
                        converse(client);
                    } finally {
                        places.release();
                    }
                });
            } catch (IOException e) {
                places.release();
                if (!listener.isOpen()) {
                    return;
                }
                complaints.accept("error accepting a connection: " + e.getMessage());
                // Most likely there are no file descriptors left; some will be.
                Thread.sleep(50);
            }
        }
    }

    private void converse(Listener.Client client) {
        try (client;
                Exchange exchange = new Exchange(client, apis)) {
            boolean more = true;
            while (more) {
                Incoming request;
                try {
                    request = Incoming.read(exchange.in);
                } catch (Incoming.Malformed e) {
                    Answers.text(exchange.out, 400, "400 Bad Request: " + e.getMessage(), false);
                    return;
                }
                more = request != null && answer(exchange, request);
            }
        } catch (IOException | UncheckedIOException e) {
            // The client has gone, or its answer broke off, which it sees by the connection's end.
            return;
        }
    }

    /** What belongs to one conversation. Used by its thread. */
    private static final class Exchange implements AutoCloseable {
        final Listener.Client client;
        final InputStream in;
        final OutputStream out;
        private final ApiSource apis;
        private Http source;
        private Http own;

        Exchange(Listener.Client client, ApiSource apis) {
            this.client = client;
            this.apis = apis;
            in = new BufferedInputStream(client.in(), BUFFER);
            out = new BufferedOutputStream(client.out(), BUFFER);
            source = apis.current();
            own = source.another();
        }

        /** The conversation's own connection to the server, with the identity of now. */
        Http api() {
            Http now = apis.current();
            if (now != source) {
                own.close();
                source = now;
                own = now.another();
            }
            return own;
        }

        @Override
        public void close() {
            own.close();
        }
    }

    /** Answers one request; whether another may follow. */
    private boolean answer(Exchange exchange, Incoming request) throws IOException {
        boolean bodiless = request.method().equals("HEAD");
        OutputStream out = exchange.out;
        switch (rules.route(request.method(), request.target(), request.header("Host"))) {
            case ProxyRules.Api to -> {
                return relay(exchange, request, to.target());
            }
            case ProxyRules.File file -> {
                if (files.isPresent()) {
                    files.get().answer(out, file.path(), bodiless);
                }
            }
            case ProxyRules.Elsewhere to -> Answers.elsewhere(out, to.location(), request.method());
            case ProxyRules.Forbidden _ -> Answers.text(out, 403, "Forbidden", bodiless);
            case ProxyRules.NotFound _ -> Answers.text(out, 404, "404 page not found", bodiless);
            case ProxyRules.Malformed _ -> Answers.text(out, 400, "400 Bad Request", bodiless);
        }
        // A body that nobody read would be taken for the next request.
        return request.body() == null && keeps(request);
    }

    private static boolean keeps(Incoming request) {
        return request.minor() == 1 && !request.has("Connection", "close");
    }

    private boolean relay(Exchange exchange, Incoming request, String target) throws IOException {
        Http.Response response;
        Http api = exchange.api();
        try {
            if (request.body() != null && request.has("Expect", "100-continue")) {
                new Outgoing(100, "Continue", Map.of()).send(exchange.out);
            }
            response =
                    api.relay(request.method(), target, headers(exchange, request), request.body(), request.length());
        } catch (IOException e) {
            String reason = reason(api, e);
            complaints.accept("Error while proxying request: " + reason);
            Answers.text(exchange.out, 500, reason, request.method().equals("HEAD"));
            return request.body() == null && keeps(request);
        }
        try {
            if (response.code() == 101) {
                upgrade(exchange, response);
                return false;
            }
            return pass(exchange, request, response);
        } catch (IOException | UncheckedIOException e) {
            response.abort();
            throw e;
        }
    }

    private static String reason(Http api, IOException e) {
        String message = String.valueOf(e.getMessage());
        boolean refused = e instanceof ConnectException && message.contains("refused");
        return refused ? "dial tcp " + api.endpoint().authority() + ": connect: connection refused" : message;
    }

    private static Map<String, String> headers(Exchange exchange, Incoming request) {
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        headers.putAll(request.headers());
        boolean trailers = request.has("Te", "trailers");
        boolean upgrade = request.has("Connection", "upgrade");
        removeHopByHop(headers, request.header("Connection"));
        // The body is framed anew, and the client has been told to go on.
        for (String name : List.of("Host", "Content-Length", "Expect")) {
            headers.remove(name);
        }
        if (trailers) {
            headers.put("Te", "trailers");
        }
        if (upgrade) {
            headers.put("Connection", "Upgrade");
            headers.put("Upgrade", request.header("Upgrade"));
        }
        String from = exchange.client.address();
        if (!from.isEmpty()) {
            headers.merge("X-Forwarded-For", from, (before, last) -> before.replace("\n", ", ") + ", " + last);
        }
        return headers;
    }

    private static void removeHopByHop(Map<String, String> headers, String connection) {
        for (String named : connection.split("[,\n]", -1)) {
            headers.remove(named.strip());
        }
        HOP_BY_HOP.forEach(headers::remove);
    }

    /** Passes the answer on while a second thread waits for what the client does next. */
    private boolean pass(Exchange exchange, Incoming request, Http.Response response) throws IOException {
        boolean keeps = keeps(request);
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        headers.putAll(response.headers());
        removeHopByHop(headers, response.header("Connection"));
        if (!keeps) {
            headers.put("Connection", "close");
        }
        Outgoing answer = new Outgoing(response.code(), response.reason(), headers);
        if (request.method().equals("HEAD") || response.code() == 204 || response.code() == 304) {
            answer.send(exchange.out);
            return keeps;
        }
        boolean known = !response.header("Content-Length").isEmpty()
                && response.header("Transfer-Encoding").isEmpty();
        if (known) {
            long length = length(response);
            headers.remove("Content-Length");
            answer.send(exchange.out, response.body(), length, false);
            return keeps;
        }
        headers.remove("Content-Length");
        CompletableFuture<Boolean> next = new CompletableFuture<>();
        Thread.ofVirtual()
                .name("proxy-next-" + exchange.client.name())
                .start(() -> next.complete(hasNext(exchange.in, response)));
        answer.send(exchange.out, response.body(), -1, request.minor() == 1);
        if (response.header("Transfer-Encoding").isEmpty()) {
            // The end of the connection was the end of the body.
            response.abort();
        }
        try {
            return keeps && next.join();
        } catch (CompletionException e) {
            return false;
        }
    }

    private static long length(Http.Response response) throws IOException {
        try {
            return Long.parseLong(response.header("Content-Length"));
        } catch (NumberFormatException e) {
            throw new IOException("bad Content-Length", e);
        }
    }

    /** Waits for the client's next request, without reading it. One that hangs up meanwhile does not want its answer any more. */
    private static boolean hasNext(InputStream in, Http.Response response) {
        try {
            in.mark(1);
            if (in.read() >= 0) {
                in.reset();
                return true;
            }
        } catch (IOException e) {
            // It has gone as well.
        }
        response.abort();
        return false;
    }

    /** Carries bytes both ways until one side ends. */
    private static void upgrade(Exchange exchange, Http.Response response) throws IOException {
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        headers.putAll(response.headers());
        new Outgoing(101, response.reason(), headers).send(exchange.out);
        response.readTimeoutMillis(0);
        Thread.ofVirtual().name("proxy-up-" + exchange.client.name()).start(() -> {
            try {
                copy(exchange.in, response.upgradedOut());
            } catch (IOException e) {
                // One side hung up: the other direction ends by the close of the server's.
                exchange.client.close();
            } finally {
                response.abort();
            }
        });
        try {
            copy(response.upgradedIn(), exchange.out);
        } finally {
            response.abort();
        }
    }

    private static void copy(InputStream in, OutputStream out) throws IOException {
        byte[] buffer = new byte[BUFFER];
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            out.write(buffer, 0, n);
            out.flush();
        }
    }

    @Override
    public void close() {
        listener.close();
    }
}
