// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.resource;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Conversions from Kubernetes quantities to the kernel's figures. Pure. */
public final class ResourceFigures {
    /** Length of a CFS period in microseconds. */
    public static final long CPU_PERIOD_MICROS = 100_000;

    private static final long MIN_SHARES = 2;
    private static final long MAX_SHARES = 262_144;
    private static final long MIN_QUOTA_MICROS = 1_000;
    private static final long NODE_CRITICAL_PRIORITY = 2_000_001_000L;

    private ResourceFigures() {}

    /** The amount of one resource in base units (cores, bytes); zero if it is not mentioned. */
    public static BigDecimal amount(@Nullable Map<String, Quantity> list, String resource) {
        Quantity quantity = list == null ? null : list.get(resource);
        return quantity == null ? BigDecimal.ZERO : quantity.getNumericalAmount();
    }

    /** CPU in thousandths of a core, rounded up. */
    public static long milliCpu(@Nullable Map<String, Quantity> list) {
        return amount(list, "cpu")
                .movePointRight(3)
                .setScale(0, RoundingMode.CEILING)
                .longValue();
    }

    /** Bytes of a resource, rounded up. */
    public static long bytes(@Nullable Map<String, Quantity> list, String resource) {
        return amount(list, resource).setScale(0, RoundingMode.CEILING).longValue();
    }

    /** CPU shares of a request. */
    public static long sharesOf(long milliCpu) {
        if (milliCpu == 0) {
            return MIN_SHARES;
        }
        return Math.clamp(milliCpu * 1024 / 1000, MIN_SHARES, MAX_SHARES);
    }

    /** CFS quota in microseconds a period of {@link #CPU_PERIOD_MICROS}; 0 (no limit) for no CPU limit. */
    public static long quotaOf(long milliCpu) {
        if (milliCpu == 0) {
            return 0;
        }
        return Math.max(MIN_QUOTA_MICROS, milliCpu * CPU_PERIOD_MICROS / 1000);
    }

    /** The cgroup v2 weight that stands for CPU shares. */
    public static long weightOf(long shares) {
        return 1 + (shares - 2) * 9999 / 262_142;
    }

    /**
     * How eagerly the kernel kills a container when memory runs out.
     *
     * @param pod the pod
     * @param container one of its containers
     * @param nodeMemoryBytes memory of the node
     */
    public static int oomScoreAdj(Pod pod, Container container, long nodeMemoryBytes) {
        Integer priority = pod.getSpec().getPriority();
        if (priority != null && priority >= NODE_CRITICAL_PRIORITY) {
            return -997;
        }
        return switch (QosClass.of(pod)) {
            case GUARANTEED -> -997;
            case BEST_EFFORT -> 1000;
            case BURSTABLE -> {
                int own = burstable(memoryRequest(container), nodeMemoryBytes);
                if (!"Always".equals(container.getRestartPolicy())) {
                    yield own;
                }
                // A sidecar must not be killed before the container that it serves.
                int cap = pod.getSpec().getContainers().stream()
                        .mapToInt(c -> burstable(memoryRequest(c), nodeMemoryBytes))
                        .max()
                        .orElse(own);
                yield Math.min(own, cap);
            }
        };
    }

    private static long memoryRequest(Container container) {
        return container.getResources() == null
                ? 0
                : bytes(container.getResources().getRequests(), "memory");
    }

    private static int burstable(long request, long nodeMemoryBytes) {
        long score = 1000 - 1000 * request / Math.max(1, nodeMemoryBytes);
        if (score < 3) {
            return 3;
        }
        return score == 1000 ? 999 : (int) score;
    }
}
