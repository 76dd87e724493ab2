/**
 * The HTTP door: TLS, request bodies with a bound, the request as a value, the answer as a value.
 *
 * <p>In come bytes from sockets; out go {@link io.mizzen.apiserver.http.ApiRequest} to the one handler and its
 * {@link io.mizzen.apiserver.http.ApiResponse} back to the client. Threading: event loops only move bytes; the handler
 * runs on a virtual thread of its own and may block.
 */
@NullMarked
package io.mizzen.apiserver.http;

import org.jspecify.annotations.NullMarked;
