// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.resource;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

/** Quality-of-service classes of pods, in Kubernetes' own names (status.qosClass). */
public enum QosClass {
    GUARANTEED("Guaranteed", ""),
    BURSTABLE("Burstable", "burstable"),
    BEST_EFFORT("BestEffort", "besteffort");

    private final String apiName;
    private final String cgroupName;

    QosClass(String apiName, String cgroupName) {
        this.apiName = apiName;
        this.cgroupName = cgroupName;
    }

    /** The value of {@code status.qosClass}. */
    public String apiName() {
        return apiName;
    }

    /** The cgroup of the class below {@code kubepods}; empty for guaranteed pods, which lie directly there. */
    public String cgroupName() {
        return cgroupName;
    }

    /**
     * Classifies a pod: guaranteed when every container limits CPU and memory to just what it requests, best effort when none
     * mentions either, burstable otherwise. Pod-level resources, where given, decide alone.
     */
    public static QosClass of(Pod pod) {
        if (pod.getSpec().getResources() != null) {
            return ofAll(List.of(pod.getSpec().getResources()));
        }
        List<ResourceRequirements> all = new ArrayList<>();
        for (Container container : pod.getSpec().getContainers()) {
            all.add(orEmpty(container));
        }
        for (Container container : pod.getSpec().getInitContainers()) {
            all.add(orEmpty(container));
        }
        return ofAll(all);
    }

    private static ResourceRequirements orEmpty(Container container) {
        return container.getResources() == null ? new ResourceRequirements() : container.getResources();
    }

    private static QosClass ofAll(List<ResourceRequirements> all) {
        boolean isAnySet = false;
        boolean isGuaranteed = true;
        for (ResourceRequirements requirements : all) {
            for (String resource : List.of("cpu", "memory")) {
                BigDecimal limit = ResourceFigures.amount(requirements.getLimits(), resource);
                BigDecimal request = ResourceFigures.amount(requirements.getRequests(), resource);
                isAnySet |= limit.signum() > 0 || request.signum() > 0;
                boolean requestFits = request.signum() == 0 || request.compareTo(limit) == 0;
                isGuaranteed &= limit.signum() > 0 && requestFits;
            }
        }
        if (!isAnySet) {
            return BEST_EFFORT;
        }
        return isGuaranteed ? GUARANTEED : BURSTABLE;
    }
}
