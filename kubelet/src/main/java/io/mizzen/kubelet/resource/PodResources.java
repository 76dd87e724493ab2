// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.resource;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.ResourceRequirementsBuilder;
import java.math.BigDecimal;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What a pod asks for as a whole: the larger of the sum of its containers (with sidecars) and the most that any moment of its
 * initialisation needs, plus overhead; pod-level resources win where given. Pure.
 */
public final class PodResources {
    private PodResources() {}

    /** Requests and limits of the whole pod. */
    public static ResourceRequirements of(Pod pod) {
        return new ResourceRequirementsBuilder()
                .withRequests(total(pod, ResourceRequirements::getRequests))
                .withLimits(total(pod, ResourceRequirements::getLimits))
                .build();
    }

    /** Whether every container, or the pod itself, limits the resource. */
    public static boolean isLimited(Pod pod, String resource) {
        ResourceRequirements own = pod.getSpec().getResources();
        if (own != null && ResourceFigures.amount(own.getLimits(), resource).signum() > 0) {
            return true;
        }
        return Stream.concat(pod.getSpec().getContainers().stream(), pod.getSpec().getInitContainers().stream())
                .allMatch(c -> c.getResources() != null
                        && ResourceFigures.amount(c.getResources().getLimits(), resource)
                                        .signum()
                                > 0);
    }

    private static Map<String, Quantity> total(Pod pod, Function<ResourceRequirements, Map<String, Quantity>> which) {
        Map<String, BigDecimal> sum = new TreeMap<>();
        pod.getSpec().getContainers().forEach(c -> add(sum, list(c, which)));
        Map<String, BigDecimal> sidecars = new TreeMap<>();
        Map<String, BigDecimal> peak = new TreeMap<>();
        for (Container init : pod.getSpec().getInitContainers()) {
            if ("Always".equals(init.getRestartPolicy())) {
                add(sum, list(init, which));
                add(sidecars, list(init, which));
                raise(peak, sidecars);
            } else {
                Map<String, BigDecimal> now = new TreeMap<>(sidecars);
                add(now, list(init, which));
                raise(peak, now);
            }
        }
        raise(sum, peak);
        ResourceRequirements own = pod.getSpec().getResources();
        Map<String, Quantity> podLevel = own == null ? null : which.apply(own);
        if (podLevel != null) {
            podLevel.keySet().forEach(k -> sum.put(k, ResourceFigures.amount(podLevel, k)));
        }
        Map<String, Quantity> overhead = pod.getSpec().getOverhead();
        if (overhead != null && !sum.isEmpty()) {
            overhead.keySet().forEach(k -> sum.merge(k, ResourceFigures.amount(overhead, k), BigDecimal::add));
        }
        Map<String, Quantity> out = new TreeMap<>();
        sum.forEach((k, v) -> out.put(k, new Quantity(v.stripTrailingZeros().toPlainString())));
        return out;
    }

    private static Map<String, Quantity> list(
            Container container, Function<ResourceRequirements, Map<String, Quantity>> which) {
        Map<String, Quantity> list = container.getResources() == null ? null : which.apply(container.getResources());
        return list == null ? Map.of() : list;
    }

    private static void add(Map<String, BigDecimal> sum, Map<String, Quantity> list) {
        list.keySet().forEach(k -> sum.merge(k, ResourceFigures.amount(list, k), BigDecimal::add));
    }

    private static void raise(Map<String, BigDecimal> to, Map<String, BigDecimal> atLeast) {
        atLeast.forEach((k, v) -> to.merge(k, v, BigDecimal::max));
    }
}
