// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.eviction;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EmptyDirVolumeSource;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.Volume;
import io.mizzen.kubelet.admission.CriticalPods;
import io.mizzen.kubelet.resource.PodResources;
import io.mizzen.kubelet.resource.ResourceFigures;
import io.mizzen.kubelet.stats.PodUsage;
import io.mizzen.kubelet.stats.PodUsage.ContainerUsage;
import java.math.BigDecimal;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Which pod goes when the node runs short, or when a pod takes more local storage than its own limits; in upstream's words. Pure. */
final class EvictionRules {
    private EvictionRules() {}

    /**
     * A pod that is to go.
     *
     * @param pod which
     * @param message its status' message
     */
    record Victim(Pod pod, String message) {}

    /** Pods that may be evicted, first those that are to go first. */
    static List<PodUsage> ranked(Signal signal, List<PodUsage> pods) {
        Comparator<PodUsage> byPriority = Comparator.comparingInt(u -> CriticalPods.priority(u.pod()));
        ToLongFunction<PodUsage> excess = u -> use(signal, u) - request(signal, u.pod());
        Comparator<PodUsage> mostExcessFirst = Comparator.comparingLong(excess).reversed();
        Comparator<PodUsage> exceedingFirst = Comparator.comparing(u -> excess.applyAsLong(u) <= 0);
        Comparator<PodUsage> order = signal == Signal.PID_AVAILABLE
                ? byPriority.thenComparing(mostExcessFirst)
                : exceedingFirst.thenComparing(byPriority).thenComparing(mostExcessFirst);
        return pods.stream()
                .filter(u -> !CriticalPods.isCritical(u.pod()))
                .sorted(order)
                .toList();
    }

    /** Who goes for a crossed threshold; empty when nobody may. */
    static Optional<Victim> choose(Threshold threshold, NodeReading reading, List<PodUsage> pods) {
        return ranked(threshold.signal(), pods).stream()
                .findFirst()
                .map(u -> new Victim(u.pod(), message(threshold, reading, u)));
    }

    private static String message(Threshold threshold, NodeReading reading, PodUsage usage) {
        Signal signal = threshold.signal();
        StringBuilder out = new StringBuilder("The node was low on resource: " + signal.resource() + ". ");
        NodeReading.Level level = reading.levels().get(signal);
        if (level != null) {
            out.append("Threshold quantity: ")
                    .append(text(threshold.least(level.capacity())))
                    .append(", available: ")
                    .append(text(level.available()))
                    .append(". ");
        }
        for (Container container : containers(usage.pod())) {
            ContainerUsage use = usage.containers().get(container.getName());
            Optional<Long> used = use == null ? Optional.empty() : used(signal, use);
            if (used.isPresent() && used.get() > request(signal, container)) {
                out.append("Container ")
                        .append(container.getName())
                        .append(" was using ")
                        .append(text(used.get()))
                        .append(", request is ")
                        .append(requestText(signal, container))
                        .append(", has larger consumption of ")
                        .append(signal.resource())
                        .append(". ");
            }
        }
        return out.toString();
    }

    /** Pods that take more local storage than they allowed themselves: a volume, the pod as a whole, or a container. */
    static List<Victim> overOwnLimits(List<PodUsage> pods) {
        return pods.stream()
                .filter(u -> !CriticalPods.isCritical(u.pod()))
                .flatMap(u -> emptyDir(u)
                        .or(() -> wholePod(u))
                        .or(() -> oneContainer(u))
                        .map(message -> new Victim(u.pod(), message))
                        .stream())
                .toList();
    }

    private static Optional<String> emptyDir(PodUsage usage) {
        for (Volume volume : usage.pod().getSpec().getVolumes()) {
            EmptyDirVolumeSource source = volume.getEmptyDir();
            Quantity limit = source == null ? null : source.getSizeLimit();
            Long used = usage.emptyDirs().get(volume.getName());
            if (limit != null && limit.getNumericalAmount().signum() > 0 && used != null && isOver(used, limit)) {
                return Optional.of(
                        "Usage of EmptyDir volume \"" + volume.getName() + "\" exceeds the limit \"" + limit + "\". ");
            }
        }
        return Optional.empty();
    }

    private static Optional<String> wholePod(PodUsage usage) {
        Quantity limit = PodResources.of(usage.pod()).getLimits().get("ephemeral-storage");
        return limit != null && limit.getNumericalAmount().signum() > 0 && isOver(usage.diskBytes(), limit)
                ? Optional.of("Pod ephemeral local storage usage exceeds the total limit of containers "
                        + text(limit.getNumericalAmount().longValue()) + ". ")
                : Optional.empty();
    }

    private static Optional<String> oneContainer(PodUsage usage) {
        for (Container container : containers(usage.pod())) {
            Quantity limit = limit(container);
            ContainerUsage used = usage.containers().get(container.getName());
            if (limit != null
                    && limit.getNumericalAmount().signum() > 0
                    && used != null
                    && isOver(used.diskBytes(), limit)) {
                return Optional.of("Container " + container.getName() + " exceeded its local ephemeral storage limit \""
                        + limit + "\". ");
            }
        }
        return Optional.empty();
    }

    private static @Nullable Quantity limit(Container container) {
        ResourceRequirements resources = container.getResources();
        Map<String, Quantity> limits = resources == null ? null : resources.getLimits();
        return limits == null ? null : limits.get("ephemeral-storage");
    }

    private static boolean isOver(long used, Quantity limit) {
        return BigDecimal.valueOf(used).compareTo(limit.getNumericalAmount()) > 0;
    }

    private static List<Container> containers(Pod pod) {
        return Stream.concat(
                        pod.getSpec().getContainers().stream(),
                        pod.getSpec().getInitContainers().stream().filter(c -> "Always".equals(c.getRestartPolicy())))
                .toList();
    }

    private static long use(Signal signal, PodUsage usage) {
        return switch (signal) {
            case MEMORY_AVAILABLE -> usage.memoryBytes();
            case NODEFS_AVAILABLE, IMAGEFS_AVAILABLE -> usage.diskBytes();
            case NODEFS_INODES_FREE, IMAGEFS_INODES_FREE -> usage.inodes();
            case PID_AVAILABLE -> usage.processes();
        };
    }

    private static Optional<Long> used(Signal signal, ContainerUsage usage) {
        return switch (signal) {
            case MEMORY_AVAILABLE -> Optional.of(usage.memoryBytes());
            case NODEFS_AVAILABLE, IMAGEFS_AVAILABLE -> Optional.of(usage.diskBytes());
            case NODEFS_INODES_FREE, IMAGEFS_INODES_FREE, PID_AVAILABLE -> Optional.empty();
        };
    }

    private static long request(Signal signal, Pod pod) {
        return switch (signal) {
            case MEMORY_AVAILABLE, NODEFS_AVAILABLE, IMAGEFS_AVAILABLE ->
                ResourceFigures.bytes(PodResources.of(pod).getRequests(), signal.resource());
            case NODEFS_INODES_FREE, IMAGEFS_INODES_FREE, PID_AVAILABLE -> 0;
        };
    }

    private static long request(Signal signal, Container container) {
        ResourceRequirements resources = container.getResources();
        return resources == null ? 0 : ResourceFigures.bytes(resources.getRequests(), signal.resource());
    }

    private static String requestText(Signal signal, Container container) {
        ResourceRequirements resources = container.getResources();
        Map<String, Quantity> requests = resources == null ? null : resources.getRequests();
        Quantity request = requests == null ? null : requests.get(signal.resource());
        return request == null ? "0" : request.toString();
    }

    /** A number of bytes in the canonical form of a quantity. */
    static String text(long bytes) {
        return io.mizzen.api.quantity.Quantity.of(bytes, io.mizzen.api.quantity.Quantity.Format.BINARY_SI)
                .toString();
    }
}
