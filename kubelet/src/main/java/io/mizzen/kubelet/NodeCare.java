// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet;

import io.fabric8.kubernetes.api.model.Quantity;
import io.mizzen.kubelet.eviction.Signal;
import io.mizzen.kubelet.eviction.Threshold;
import io.mizzen.kubelet.image.ImageCollector;
import io.mizzen.kubelet.node.MachineFacts;
import io.mizzen.kubelet.node.Reserved;
import io.mizzen.kubelet.resource.ResourceFigures;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * What the kubelet keeps from pods, and when it acts against a shortage.
 *
 * @param kubeReserved cpu, memory and ephemeral-storage of the cluster's own daemons
 * @param systemReserved those of the system's
 * @param evictionHard thresholds below which pods are evicted
 * @param pressureTransition how long a condition of pressure stays after it was last true
 * @param evictionPeriod between two looks at the node's resources
 * @param images when unused images are removed
 */
public record NodeCare(
        Map<String, Quantity> kubeReserved,
        Map<String, Quantity> systemReserved,
        List<Threshold> evictionHard,
        Duration pressureTransition,
        Duration evictionPeriod,
        ImageCollector.Policy images) {

    /** Copies. */
    public NodeCare {
        kubeReserved = Map.copyOf(kubeReserved);
        systemReserved = Map.copyOf(systemReserved);
        evictionHard = List.copyOf(evictionHard);
    }

    /** Upstream's figures. */
    public static NodeCare defaults() {
        return new NodeCare(
                Map.of(),
                Map.of(),
                Threshold.parse(Threshold.DEFAULTS),
                Duration.ofMinutes(5),
                Duration.ofSeconds(10),
                ImageCollector.Policy.defaults());
    }

    /** What of a machine is not for pods. */
    Reserved reserved(MachineFacts machine) {
        return new Reserved(
                ResourceFigures.milliCpu(kubeReserved) + ResourceFigures.milliCpu(systemReserved),
                both("memory"),
                both("ephemeral-storage"),
                keptFree(Signal.MEMORY_AVAILABLE, machine.memoryBytes()),
                keptFree(Signal.NODEFS_AVAILABLE, machine.diskBytes()));
    }

    private long both(String resource) {
        return ResourceFigures.bytes(kubeReserved, resource) + ResourceFigures.bytes(systemReserved, resource);
    }

    private long keptFree(Signal signal, long capacity) {
        return evictionHard.stream()
                .filter(t -> t.signal() == signal)
                .mapToLong(t -> t.least(capacity))
                .sum();
    }
}
