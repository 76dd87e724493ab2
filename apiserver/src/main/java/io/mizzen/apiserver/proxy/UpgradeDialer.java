// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.proxy;

import io.mizzen.apiserver.http.ApiRequest;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.ConnectOptions;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetSocket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks a server to change protocols and hands the raw socket over when it agrees. It speaks HTTP/1.1 itself: what follows a
 * 101 are not HTTP bytes, and none of them may be lost to a codec that is still in the way.
 */
final class UpgradeDialer {
    private static final Logger LOG = LoggerFactory.getLogger(UpgradeDialer.class);
    private static final int MAX_HEAD = 64 * 1024;
    private static final byte[] END_OF_HEAD = "\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private UpgradeDialer() {}

    /**
     * The other side's answer.
     *
     * @param code HTTP status
     * @param headers of the answer
     * @param socket the connection, paused; closed unless the code is 101
     * @param rest bytes after the head: the first of the new protocol, or the body of a refusal
     */
    record Answer(int code, Map<String, List<String>> headers, NetSocket socket, Buffer rest) {
        String header(String name) {
            List<String> values = headers.get(name);
            return values == null ? "" : values.getFirst();
        }
    }

    /**
     * Connects and sends the request; the future fails when the connection does. The socket lives on the event loop of
     * {@code context}: give that of the client it will be joined with. Then back-pressure between the two needs no thought of
     * threads, and a drained queue cannot be missed.
     */
    static CompletableFuture<Answer> dial(
            Context context,
            NetClient client,
            ConnectOptions where,
            String pathAndQuery,
            String method,
            Map<String, List<String>> headers) {
        CompletableFuture<Answer> answer = new CompletableFuture<>();
        String head = RequestHead.of(where, method, pathAndQuery, headers);
        context.runOnContext(run -> connect(client, where, head, answer));
        return answer;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the promise carries the outcome on
    private static void connect(NetClient client, ConnectOptions where, String head, CompletableFuture<Answer> answer) {
        client.connect(where)
                .onSuccess(socket -> {
                    new HeadReader(socket, answer).start();
                    send(socket, head);
                })
                .onFailure(answer::completeExceptionally);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // a broken write ends in the close handler
    private static void send(NetSocket socket, String head) {
        Future<Void> sent = socket.write(head);
        sent.onFailure(gone -> LOG.debug("the upgrade was not sent: {}", gone.getMessage()));
    }

    /** Collects the head of the answer, and the body of a refusal; runs on the socket's event loop. */
    private static final class HeadReader {
        private final NetSocket socket;
        private final CompletableFuture<Answer> answer;
        private final Buffer received = Buffer.buffer();
        private int bodyStart = -1;
        private int code;
        private final Map<String, List<String>> headers = ApiRequest.headerMap();

        HeadReader(NetSocket socket, CompletableFuture<Answer> answer) {
            this.socket = socket;
            this.answer = answer;
        }

        void start() {
            socket.handler(this::receive);
            socket.exceptionHandler(answer::completeExceptionally);
            socket.closeHandler(gone -> finishRefusal());
        }

        private void receive(Buffer bytes) {
            received.appendBuffer(bytes);
            if (bodyStart < 0) {
                readHead();
            }
            if (answer.isDone() || bodyStart < 0) {
                return;
            }
            String length = headers.containsKey("Content-Length")
                    ? headers.get("Content-Length").getFirst()
                    : "";
            boolean complete = !length.isEmpty() && received.length() - bodyStart >= Integer.parseInt(length);
            if (complete || received.length() > MAX_HEAD) {
                finishRefusal();
            }
        }

        private void readHead() {
            int end = endOfHead(received.getBytes());
            if (end < 0) {
                if (received.length() > MAX_HEAD) {
                    answer.completeExceptionally(new IllegalStateException("the answer's head is too long"));
                }
                return;
            }
            bodyStart = end + END_OF_HEAD.length;
            String[] lines = received.getString(0, end).split("\r\n");
            String[] status = lines[0].split(" ", 3);
            code = status.length > 1 && status[1].matches("[0-9]{3}") ? Integer.parseInt(status[1]) : 502;
            for (int i = 1; i < lines.length; i++) {
                int colon = lines[i].indexOf(':');
                if (colon > 0) {
                    headers.put(
                            lines[i].substring(0, colon).toLowerCase(Locale.ROOT),
                            List.of(lines[i].substring(colon + 1).strip()));
                }
            }
            if (code == 101) {
                socket.pause();
                socket.closeHandler(null);
                answer.complete(new Answer(code, headers, socket, received.getBuffer(bodyStart, received.length())));
            }
        }

        private static int endOfHead(byte[] bytes) {
            for (int i = 0; i + END_OF_HEAD.length <= bytes.length; i++) {
                if (java.util.Arrays.equals(bytes, i, i + END_OF_HEAD.length, END_OF_HEAD, 0, END_OF_HEAD.length)) {
                    return i;
                }
            }
            return -1;
        }

        @SuppressWarnings("FutureReturnValueIgnored") // nothing is left to be told
        private void finishRefusal() {
            if (bodyStart < 0) {
                answer.completeExceptionally(new IllegalStateException("the connection was closed before an answer"));
                return;
            }
            if (answer.complete(new Answer(code, headers, socket, received.getBuffer(bodyStart, received.length())))) {
                socket.close();
            }
        }
    }
}
