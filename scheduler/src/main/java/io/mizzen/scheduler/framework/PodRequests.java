// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.framework;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * How much a pod takes from its node.
 *
 * <p>Containers and sidecars (restartable init containers, KEP-753) add up; an ordinary init container runs alone beside the
 * sidecars started before it, so the greatest of those sums counts if it is more. Requests of the pod itself (KEP-2837) stand in
 * for the sum, resource by resource. A running container whose resize is under way counts with the larger of what is wanted and
 * what it has (KEP-1287). Overhead comes on top.
 */
final class PodRequests {
    /** What a container without a CPU request counts for when nodes are scored. */
    static final long DEFAULT_MILLI_CPU = 100;
    /** What a container without a memory request counts for when nodes are scored, bytes. */
    static final long DEFAULT_MEMORY = 200L << 20;

    private PodRequests() {}

    /** What is really asked for. */
    static Resources requested(Pod pod) {
        return total(pod, UnaryOperator.identity());
    }

    /** What counts when nodes are scored: missing CPU and memory requests are replaced by small defaults. */
    static Resources nonZero(Pod pod, Resources requested) {
        boolean podLevel = podLevel(pod) != null;
        boolean defaultCpu = !podLevel || requested.milliCpu() == 0;
        boolean defaultMemory = !podLevel || requested.memory() == 0;
        return total(pod, requests -> {
            Map<String, Quantity> filled = new HashMap<>(requests);
            if (defaultCpu) {
                filled.putIfAbsent("cpu", new Quantity(String.valueOf(DEFAULT_MILLI_CPU), "m"));
            }
            if (defaultMemory) {
                filled.putIfAbsent("memory", new Quantity(String.valueOf(DEFAULT_MEMORY)));
            }
            return filled;
        });
    }

    private static Resources total(Pod pod, UnaryOperator<Map<String, Quantity>> fill) {
        Map<String, ContainerStatus> statuses = statuses(pod);
        boolean infeasible = isResizeInfeasible(pod);
        Resources running = Resources.ZERO;
        for (Container container : pod.getSpec().getContainers()) {
            running = running.plus(ofContainer(container, statuses.get(container.getName()), infeasible, fill));
        }
        Resources sidecars = Resources.ZERO;
        Resources starting = Resources.ZERO;
        for (Container init : pod.getSpec().getInitContainers()) {
            Resources one = ofContainer(init, statuses.get(init.getName()), infeasible, fill);
            if ("Always".equals(init.getRestartPolicy())) {
                sidecars = sidecars.plus(one);
                starting = starting.max(sidecars);
            } else {
                starting = starting.max(sidecars.plus(one));
            }
        }
        Resources total = running.plus(sidecars).max(starting);
        Map<String, Quantity> podLevel = podLevel(pod);
        if (podLevel != null) {
            total = override(total, podLevel);
        }
        return total.plus(Resources.of(pod.getSpec().getOverhead()));
    }

    private static Resources ofContainer(
            Container container,
            @Nullable ContainerStatus status,
            boolean infeasible,
            UnaryOperator<Map<String, Quantity>> fill) {
        Map<String, Quantity> requests = requests(container.getResources());
        Resources wanted = Resources.of(fill.apply(requests));
        if (status == null) {
            return wanted;
        }
        Map<String, Quantity> actual = requests(status.getResources());
        Map<String, Quantity> allocated = status.getAllocatedResources();
        boolean hasAllocated = allocated != null && !allocated.isEmpty();
        if (actual.isEmpty() && !hasAllocated) {
            return wanted;
        }
        Resources held = Resources.of(actual.isEmpty() ? Map.of() : fill.apply(actual));
        if (hasAllocated) {
            held = held.max(Resources.of(fill.apply(allocated)));
        }
        return infeasible ? held : wanted.max(held);
    }

    private static Map<String, Quantity> requests(@Nullable ResourceRequirements resources) {
        return resources == null || resources.getRequests() == null ? Map.of() : resources.getRequests();
    }

    private static @Nullable Map<String, Quantity> podLevel(Pod pod) {
        Map<String, Quantity> requests = requests(pod.getSpec().getResources());
        return requests.isEmpty() ? null : requests;
    }

    private static Resources override(Resources total, Map<String, Quantity> podLevel) {
        Resources own = Resources.of(podLevel);
        Map<String, Long> scalars = new HashMap<>(total.scalars());
        own.scalars().forEach((name, amount) -> {
            if (name.startsWith("hugepages-")) {
                scalars.put(name, amount);
            }
        });
        return new Resources(
                podLevel.containsKey("cpu") ? own.milliCpu() : total.milliCpu(),
                podLevel.containsKey("memory") ? own.memory() : total.memory(),
                total.ephemeralStorage(),
                scalars);
    }

    private static Map<String, ContainerStatus> statuses(Pod pod) {
        if (pod.getStatus() == null) {
            return Map.of();
        }
        Map<String, ContainerStatus> byName = new HashMap<>();
        for (List<ContainerStatus> list :
                List.of(pod.getStatus().getContainerStatuses(), pod.getStatus().getInitContainerStatuses())) {
            list.forEach(status -> byName.put(status.getName(), status));
        }
        return byName;
    }

    private static boolean isResizeInfeasible(Pod pod) {
        return pod.getStatus() != null
                && pod.getStatus().getConditions().stream()
                        .anyMatch(condition -> "PodResizePending".equals(condition.getType())
                                && "Infeasible".equals(condition.getReason()));
    }
}
