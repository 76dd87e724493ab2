// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.admission;

import io.fabric8.kubernetes.api.model.Pod;
import java.util.Map;

/** Which pods the node needs itself: they are neither refused for pressure nor evicted. Pure. */
public final class CriticalPods {
    private static final int SYSTEM_CRITICAL = 2_000_000_000;

    private CriticalPods() {}

    /** Whether the pod comes from this node (static or its mirror) or has a system priority. */
    public static boolean isCritical(Pod pod) {
        return isStatic(pod) || priority(pod) >= SYSTEM_CRITICAL;
    }

    /** The priority of a pod; 0 without one. */
    public static int priority(Pod pod) {
        Integer priority = pod.getSpec().getPriority();
        return priority == null ? 0 : priority;
    }

    /** Whether the pod comes from a file of this node, or mirrors one that does. */
    public static boolean isStatic(Pod pod) {
        Map<String, String> annotations = pod.getMetadata().getAnnotations();
        if (annotations == null) {
            return false;
        }
        String source = annotations.get("kubernetes.io/config.source");
        return annotations.containsKey("kubernetes.io/config.mirror") || source != null && !source.equals("api");
    }
}
