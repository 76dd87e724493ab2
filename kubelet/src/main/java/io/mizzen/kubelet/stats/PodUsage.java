// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.stats;

import io.fabric8.kubernetes.api.model.Pod;
import java.util.Map;

/**
 * What a pod uses at one moment.
 *
 * @param pod which
 * @param memoryBytes working set of all its processes
 * @param inodes of writable layers and of emptyDir volumes
 * @param processes how many
 * @param containers by name
 * @param emptyDirs bytes on disk by volume; volumes in memory are absent
 */
public record PodUsage(
        Pod pod,
        long memoryBytes,
        long inodes,
        long processes,
        Map<String, ContainerUsage> containers,
        Map<String, Long> emptyDirs) {
    /** Copies. */
    public PodUsage {
        containers = Map.copyOf(containers);
        emptyDirs = Map.copyOf(emptyDirs);
    }

    /** All local storage: writable layers, logs, emptyDir volumes. */
    public long diskBytes() {
        long ofContainers = containers.values().stream()
                .mapToLong(ContainerUsage::diskBytes)
                .sum();
        return ofContainers
                + emptyDirs.values().stream().mapToLong(Long::longValue).sum();
    }

    /**
     * What a container uses.
     *
     * @param memoryBytes working set
     * @param layerBytes its writable layer
     * @param logBytes its logs
     */
    public record ContainerUsage(long memoryBytes, long layerBytes, long logBytes) {
        /** Local storage of the container. */
        public long diskBytes() {
            return layerBytes + logBytes;
        }
    }
}
