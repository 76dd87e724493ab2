/**
 * The node agent: keeps the pods that are bound to this node running in a container runtime.
 *
 * <p>In comes a client for the API server and {@link io.mizzen.kubelet.KubeletOptions}; out go running containers, pod
 * and node status, events, and an HTTPS server for logs, exec and statistics. This package only wires the rooms below it.
 * Threads: one virtual thread a pod, named {@code pod-<namespace>_<name>}; the rest is named after its room.
 */
@NullMarked
package io.mizzen.kubelet;

import org.jspecify.annotations.NullMarked;
