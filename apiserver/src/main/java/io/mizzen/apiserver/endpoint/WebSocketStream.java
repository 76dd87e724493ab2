// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.endpoint;

import io.mizzen.apiserver.http.ApiRequest;
import io.mizzen.apiserver.http.ApiResponse;
import io.vertx.core.http.ServerWebSocket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends a produced stream over a WebSocket, one text message a line. Runs on the request's virtual thread. */
final class WebSocketStream {
    private static final Logger LOG = LoggerFactory.getLogger(WebSocketStream.class);
    private static final long TIMEOUT_SECONDS = 60;

    private WebSocketStream() {}

    /** Answers the upgrade and produces until done. */
    static ApiResponse open(ApiRequest request, ApiResponse.Producer producer) {
        try {
            ServerWebSocket socket =
                    await(request.connection().toWebSocket().toCompletionStage().toCompletableFuture());
            CompletableFuture<Void> closed = new CompletableFuture<>();
            socket.closeHandler(gone -> closed.complete(null));
            socket.exceptionHandler(gone -> closed.complete(null));
            producer.produce(new MessageSink(socket, closed));
            await(socket.close().toCompletionStage().toCompletableFuture());
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        } catch (Exception broken) {
            LOG.debug("the WebSocket of {} broke: {}", request.path(), broken.toString());
        }
        return new ApiResponse.TakenOver();
    }

    private static <T> T await(CompletableFuture<T> future)
            throws InterruptedException, ExecutionException, TimeoutException {
        return future.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }

    private record MessageSink(ServerWebSocket socket, CompletableFuture<Void> closed) implements ApiResponse.Sink {
        @Override
        public boolean write(byte[] bytes) throws InterruptedException {
            for (String line : new String(bytes, StandardCharsets.UTF_8).split("\n")) {
                if (closed.isDone()) {
                    return false;
                }
                try {
                    await(socket.writeTextMessage(line).toCompletionStage().toCompletableFuture());
                } catch (ExecutionException | TimeoutException gone) {
                    return false;
                }
            }
            return true;
        }

        @Override
        @SuppressWarnings("FutureReturnValueIgnored") // completes when the client goes, whoever waits
        public void onClose(Runnable action) {
            closed.thenRun(action);
        }
    }
}
