// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.resource;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.ResourceRequirements;

/**
 * Where a pod's cgroup lies and what it is limited to. Pure.
 *
 * @param path from the root of the hierarchy, e.g. {@code /kubepods/burstable/pod<uid>}
 * @param cpuShares relative weight
 * @param cpuQuotaMicros a period; 0 for none
 * @param memoryLimitBytes 0 for none
 */
public record PodCgroup(String path, long cpuShares, long cpuQuotaMicros, long memoryLimitBytes) {

    /** Derives it from a pod: limits only where every container has them (or the pod itself). */
    public static PodCgroup of(Pod pod, String root) {
        QosClass qos = QosClass.of(pod);
        ResourceRequirements total = PodResources.of(pod);
        long quota = PodResources.isLimited(pod, "cpu")
                ? ResourceFigures.quotaOf(ResourceFigures.milliCpu(total.getLimits()))
                : 0;
        long memory = PodResources.isLimited(pod, "memory") ? ResourceFigures.bytes(total.getLimits(), "memory") : 0;
        long shares = qos == QosClass.BEST_EFFORT
                ? 2
                : ResourceFigures.sharesOf(ResourceFigures.milliCpu(total.getRequests()));
        return new PodCgroup(parentOf(root, qos) + "/pod" + pod.getMetadata().getUid(), shares, quota, memory);
    }

    /** The cgroup of a quality-of-service class. */
    public static String parentOf(String root, QosClass qos) {
        String base = kubepods(root);
        return qos.cgroupName().isEmpty() ? base : base + "/" + qos.cgroupName();
    }

    /** The cgroup of all pods. */
    public static String kubepods(String root) {
        return root.endsWith("/") ? root + "kubepods" : root + "/kubepods";
    }
}
