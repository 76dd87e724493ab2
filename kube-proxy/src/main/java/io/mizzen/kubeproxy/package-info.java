/**
 * Makes Services reachable on a node.
 *
 * <p>In: Services and EndpointSlices from informers. Out: an nftables table of its own and the removal of stale UDP flows. One
 * thread, {@code kube-proxy}, computes and applies; informers only wake it.
 */
@NullMarked
package io.mizzen.kubeproxy;

import org.jspecify.annotations.NullMarked;
