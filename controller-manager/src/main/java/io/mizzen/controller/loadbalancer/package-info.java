/**
 * Gives Services of type LoadBalancer an address: one of a pool, or those of the nodes.
 *
 * <p>In: Services and nodes. Out: {@code status.loadBalancer} and events. {@link io.mizzen.controller.loadbalancer.AddressPool}
 * and {@link io.mizzen.controller.loadbalancer.LoadBalancerPlan} are pure. One worker, which owns the table of given addresses.
 */
@NullMarked
package io.mizzen.controller.loadbalancer;

import org.jspecify.annotations.NullMarked;
