/**
 * The HTTPS server of the node: logs, exec, attach, port-forward, pods, statistics, metrics, health.
 *
 * <p>In come requests of the API server and of scrapers, each with a client certificate; out go answers and tunnels. Event loops
 * only move bytes; each request runs on a virtual thread {@code kubelet-http-<n>}.
 */
@NullMarked
package io.mizzen.kubelet.server;

import org.jspecify.annotations.NullMarked;
