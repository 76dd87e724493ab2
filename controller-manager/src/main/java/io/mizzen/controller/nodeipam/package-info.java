/**
 * Gives every node a part of the cluster's pod range. In: nodes. Out: {@code spec.podCIDR} and {@code spec.podCIDRs}. One
 * worker, so that no two nodes are given the same part.
 */
@NullMarked
package io.mizzen.controller.nodeipam;

import org.jspecify.annotations.NullMarked;
