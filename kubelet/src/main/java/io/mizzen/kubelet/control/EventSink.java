// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.control;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;

/** Where events go. Never blocks and never fails: an event that cannot be kept is dropped. */
public interface EventSink {
    /**
     * Records an event about a pod.
     *
     * @param pod what it is about
     * @param fieldPath part of the pod, e.g. {@code spec.containers{web}}; empty for the whole
     * @param isWarning its type: Warning or Normal
     * @param reason in upstream's words
     * @param message in upstream's form
     */
    void podEvent(Pod pod, String fieldPath, boolean isWarning, String reason, String message);

    /** Records an event about the node. */
    void nodeEvent(boolean isWarning, String reason, String message);

    /** Where a container stands in its pod, as events say it. */
    static String fieldPath(Pod pod, Container container) {
        boolean isInit = pod.getSpec().getInitContainers().stream()
                .anyMatch(c -> c.getName().equals(container.getName()));
        boolean isNormal =
                pod.getSpec().getContainers().stream().anyMatch(c -> c.getName().equals(container.getName()));
        String list = isInit ? "initContainers" : isNormal ? "containers" : "ephemeralContainers";
        return "spec." + list + "{" + container.getName() + "}";
    }
}
