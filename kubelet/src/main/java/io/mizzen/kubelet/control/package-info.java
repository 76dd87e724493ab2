/**
 * The control plane as this node sees it: where pods come from and where status, events and requests go.
 *
 * <p>Small ports, so that the rest runs without an API server, and their only real implementation, {@link
 * io.mizzen.kubelet.control.ApiServerPort}, on the typed client. Call-backs come on the threads of the client and only hand over.
 */
@NullMarked
package io.mizzen.kubelet.control;

import org.jspecify.annotations.NullMarked;
