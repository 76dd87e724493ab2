// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.proxy;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.net.NetSocket;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Passes bytes between a WebSocket's binary messages and a socket, with back-pressure both ways (KEP-4006). */
final class WebSocketTunnel {
    private static final Logger LOG = LoggerFactory.getLogger(WebSocketTunnel.class);

    private WebSocketTunnel() {}

    /** Joins the two; {@code first} are bytes of the other side that were read already. */
    static void join(ServerWebSocket client, NetSocket other, Buffer first) {
        if (first.length() > 0) {
            sent(client.writeBinaryMessage(first));
        }
        client.handler(bytes -> {
            sent(other.write(bytes));
            if (other.writeQueueFull()) {
                client.pause();
                other.drainHandler(drained -> client.resume());
            }
        });
        other.handler(bytes -> {
            sent(client.writeBinaryMessage(bytes));
            if (client.writeQueueFull()) {
                other.pause();
                client.drainHandler(drained -> other.resume());
            }
        });
        client.exceptionHandler(gone -> LOG.debug("tunnel client broke: {}", gone.getMessage()));
        other.exceptionHandler(gone -> LOG.debug("tunnel broke: {}", gone.getMessage()));
        // Ends, not closings: what was read before may still wait here for a slow reader.
        client.endHandler(read -> sent(other.close()));
        other.endHandler(read -> sent(client.close()));
        other.resume();
        client.resume();
    }

    @SuppressWarnings("FutureReturnValueIgnored") // a side that is gone is noticed by its close handler
    private static void sent(Future<Void> write) {
        write.onFailure(gone -> LOG.trace("peer gone: {}", gone.getMessage()));
    }
}
