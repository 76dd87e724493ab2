// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.proxy;

import io.vertx.core.net.ConnectOptions;
import java.util.List;
import java.util.Map;

/** The head of an HTTP/1.1 request, as it is written to a socket; pure. */
final class RequestHead {
    private RequestHead() {}

    /** All but {@code Host} is in the headers, also how long the body is and what becomes of the connection. */
    static String of(
            ConnectOptions where, String method, String pathAndQuery, Map<String, ? extends List<String>> headers) {
        StringBuilder head = new StringBuilder(method).append(' ').append(pathAndQuery);
        head.append(" HTTP/1.1\r\nHost: ").append(where.getHost()).append(':').append(where.getPort());
        head.append("\r\n");
        headers.forEach((name, values) -> values.forEach(
                value -> head.append(name).append(": ").append(value).append("\r\n")));
        return head.append("\r\n").toString();
    }
}
