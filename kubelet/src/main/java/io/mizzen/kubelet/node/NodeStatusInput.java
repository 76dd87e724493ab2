// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.node;

import io.mizzen.kubelet.cri.v1.Image;
import java.time.Instant;
import java.util.List;
import java.util.Set;

/**
 * All that a node's status is composed from.
 *
 * @param nodeName name of the node
 * @param nodeIp its address
 * @param machine what it is
 * @param maxPods how many pods it takes
 * @param reserved what is not for pods
 * @param kubeletPort of the HTTPS server; 0 for none
 * @param runtimeVersion e.g. {@code containerd://1.6.20}; empty while unknown
 * @param images on the node
 * @param problems why the node is not ready; empty when it is
 * @param pressures kinds of pressure: MemoryPressure, DiskPressure, PIDPressure
 * @param now the time
 */
public record NodeStatusInput(
        String nodeName,
        String nodeIp,
        MachineFacts machine,
        int maxPods,
        Reserved reserved,
        int kubeletPort,
        String runtimeVersion,
        List<Image> images,
        List<String> problems,
        Set<String> pressures,
        Instant now) {
    /** Copies. */
    public NodeStatusInput {
        images = List.copyOf(images);
        problems = List.copyOf(problems);
        pressures = Set.copyOf(pressures);
    }
}
