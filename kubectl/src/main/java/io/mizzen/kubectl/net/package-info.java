/**
 * Bytes to and from the API server: a small HTTP/1.1 client, TLS with client certificates, WebSockets. In: an
 * {@link io.mizzen.kubectl.net.Endpoint}. Out: answers whose bodies stream. Each connection belongs to one request at a time.
 */
@NullMarked
package io.mizzen.kubectl.net;

import org.jspecify.annotations.NullMarked;
