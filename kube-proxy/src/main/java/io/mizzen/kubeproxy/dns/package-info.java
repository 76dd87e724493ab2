/**
 * The cluster's DNS on a node: names of Services, headless pods and StatefulSet pods, and everything else from the node's own
 * name servers.
 *
 * <p>In: queries over UDP and TCP, Services and EndpointSlices from informers. Out: answers. {@link
 * io.mizzen.kubeproxy.dns.ClusterZone} decides and touches nothing; {@link io.mizzen.kubeproxy.dns.DnsServer} moves bytes, a
 * virtual thread a query.
 */
@NullMarked
package io.mizzen.kubeproxy.dns;

import org.jspecify.annotations.NullMarked;
