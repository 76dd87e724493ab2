// SPDX-License-Identifier: Apache-2.0
/**
 * Keeps the node from running out of memory, disk and processes by ending pods.
 *
 * <p>In come readings through {@link io.mizzen.kubelet.eviction.NodeSensors}; {@link io.mizzen.kubelet.eviction.PressureRules} and
 * {@link io.mizzen.kubelet.eviction.EvictionRules} (pure) decide; {@link io.mizzen.kubelet.eviction.NodePressure} performs on one
 * thread, {@code eviction}. Out go node conditions and evictions.
 */
@NullMarked
package io.mizzen.kubelet.eviction;

import org.jspecify.annotations.NullMarked;
