/**
 * Ways to the pods of other nodes. In: Nodes with their pod ranges and addresses, and what the kernel has. Out: routes, a VXLAN
 * device with its forwarding and neighbour entries where a node is not on the same link, an annotation on the own Node.
 *
 * <p>{@link io.mizzen.kubelet.route.RoutePlan} is pure; {@link io.mizzen.kubelet.route.PodRoutes} runs the one thread and asks
 * the programs {@code ip} and {@code bridge}. Only routes of an own protocol number and the own device are ever touched.
 */
@NullMarked
package io.mizzen.kubelet.route;

import org.jspecify.annotations.NullMarked;
