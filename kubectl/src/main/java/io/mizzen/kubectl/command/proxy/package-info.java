/**
 * {@code kubectl proxy}: a local HTTP server that passes requests on to the API server with the user's identity. In: connections on
 * a port or a socket file. Out: the API server's answers, files of a folder. {@link io.mizzen.kubectl.command.proxy.ProxyRules} decides what
 * may pass and is pure. One named virtual thread a connection, one more while an answer is streamed.
 */
@NullMarked
package io.mizzen.kubectl.command.proxy;

import org.jspecify.annotations.NullMarked;
