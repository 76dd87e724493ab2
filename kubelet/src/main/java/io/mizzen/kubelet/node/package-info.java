/**
 * The Node object and its lease: who this node is, what it has, whether it is well.
 *
 * <p>In come figures of the machine and the health of the runtime; out go the Node's status and a heartbeat in
 * {@code kube-node-lease}. What is written is composed by pure functions; threads {@code node-status} and {@code node-lease}.
 */
@NullMarked
package io.mizzen.kubelet.node;

import org.jspecify.annotations.NullMarked;
