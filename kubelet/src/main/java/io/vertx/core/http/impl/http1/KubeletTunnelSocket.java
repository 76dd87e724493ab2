// SPDX-License-Identifier: Apache-2.0
package io.vertx.core.http.impl.http1;

import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.NetSocket;
import org.jspecify.annotations.NullMarked;

/**
 * Takes a request's socket over after "101 Switching Protocols". Vert.x offers that for GET alone, while SPDY clients upgrade
 * with POST; it stands in Vert.x's package because the method of the response is not public.
 */
@NullMarked
public final class KubeletTunnelSocket {
    private KubeletTunnelSocket() {}

    /** Sends 101 with the response's headers and hands the raw socket over; call it on the request's context. */
    public static Future<NetSocket> of(HttpServerRequest request) {
        return ((Http1ServerResponse) request.response()).netSocket(HttpMethod.GET, request.headers());
    }
}
