/**
 * Notices nodes that stopped reporting and moves their pods away.
 *
 * <p>In: nodes, their leases, pods. Out: node conditions Unknown, taints, pods not ready, pods deleted when no toleration
 * keeps them. The rules are in {@link io.mizzen.controller.node.NodeRules}, {@link io.mizzen.controller.node.Zones} and
 * {@link io.mizzen.controller.node.Tolerations}, all pure. One worker watches nodes; several evict pods.
 */
@NullMarked
package io.mizzen.controller.node;

import org.jspecify.annotations.NullMarked;
