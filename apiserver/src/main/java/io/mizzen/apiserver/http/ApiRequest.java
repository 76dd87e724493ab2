// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.http;

import io.vertx.core.http.HttpServerRequest;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A request as a value, with the whole body. Header names are case-insensitive.
 *
 * @param method HTTP method in upper case
 * @param path decoded path without query
 * @param rawQuery query as sent, or null
 * @param query parsed query
 * @param headers all headers
 * @param body whole body, empty if none
 * @param peerCertificates certificates the client presented, leaf first, <em>not verified</em>
 * @param remoteAddress address of the client
 * @param connection the live connection, for handlers that take it over
 */
public record ApiRequest(
        String method,
        String path,
        @Nullable String rawQuery,
        Query query,
        Map<String, List<String>> headers,
        byte[] body,
        List<X509Certificate> peerCertificates,
        String remoteAddress,
        HttpServerRequest connection) {

    /** An empty map for headers. */
    public static Map<String, List<String>> headerMap() {
        return new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    }

    /** First value of a header, or the empty string. */
    public String header(String name) {
        List<String> values = headers.get(name);
        return values == null || values.isEmpty() ? "" : values.getFirst();
    }

    /** All values of a header joined by commas. */
    public String headerList(String name) {
        List<String> values = headers.get(name);
        return values == null ? "" : String.join(",", values);
    }

    /** Whether the client asks to change protocols. */
    public boolean isUpgrade() {
        return headerList("Connection").toLowerCase(java.util.Locale.ROOT).contains("upgrade")
                && !header("Upgrade").isEmpty();
    }
}
