// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.node;

/**
 * What of the machine is not for pods.
 *
 * @param milliCpu of the system and the kubelet
 * @param memoryBytes of the system and the kubelet
 * @param diskBytes of the system and the kubelet
 * @param unusedMemoryBytes kept free by eviction
 * @param unusedDiskBytes kept free by eviction
 */
public record Reserved(long milliCpu, long memoryBytes, long diskBytes, long unusedMemoryBytes, long unusedDiskBytes) {}
