// SPDX-License-Identifier: Apache-2.0
package io.vertx.core.http.impl.http1;

import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.NetSocket;

/**
 * Takes the socket of a request over after "101 Switching Protocols". Vert.x does this for GET only; SPDY clients upgrade
 * with POST. It stands in Vert.x's package because the response's method is not public.
 */
public final class UpgradedSocket {
    private UpgradedSocket() {}

    /** Sends 101 with the headers set on the response and hands the raw socket over. */
    public static Future<NetSocket> of(HttpServerRequest request) {
        return ((Http1ServerResponse) request.response()).netSocket(HttpMethod.GET, request.headers());
    }
}
