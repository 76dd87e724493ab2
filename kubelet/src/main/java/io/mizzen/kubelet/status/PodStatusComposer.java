// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.status;

import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.HostIP;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodIP;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import io.mizzen.kubelet.resource.QosClass;
import io.mizzen.kubelet.runtime.RuntimeSandbox;
import java.util.List;

/**
 * Composes {@code status} of a pod: what upstream's kubelet would write for the same containers (API page "Pod Lifecycle",
 * KEPs 753 sidecars, 3085 sandbox condition, 5067 observedGeneration). Pure.
 */
public final class PodStatusComposer {
    private PodStatusComposer() {}

    /** The status of a pod. Conditions that others own are left out; they stay as they are in the API. */
    public static PodStatus compose(StatusInput in) {
        Pod pod = in.pod();
        PodStatus previous = in.previous();
        ContainerStatuses statuses = new ContainerStatuses(in);
        List<ContainerStatus> init =
                statuses.of(pod.getSpec().getInitContainers(), true, previous.getInitContainerStatuses());
        List<ContainerStatus> normal =
                statuses.of(pod.getSpec().getContainers(), false, previous.getContainerStatuses());
        List<ContainerStatus> ephemeral =
                statuses.of(EphemeralContainers.of(pod), false, previous.getEphemeralContainerStatuses());
        String phase = phase(in, init, normal);
        PodStatusBuilder status = new PodStatusBuilder()
                .withPhase(phase)
                .withObservedGeneration(pod.getMetadata().getGeneration())
                .withQosClass(QosClass.of(pod).apiName())
                .withStartTime(previous.getStartTime() == null ? Times.format(in.now()) : previous.getStartTime())
                .withHostIP(in.hostIp())
                .withHostIPs(new HostIP(in.hostIp()))
                .withInitContainerStatuses(init)
                .withContainerStatuses(normal)
                .withEphemeralContainerStatuses(ephemeral)
                .withConditions(new Conditions(in, phase, init, normal).all());
        in.verdict().ifPresent(v -> status.withReason(v.reason()).withMessage(v.message()));
        if (in.verdict().isEmpty() && isTerminal(previous)) {
            status.withReason(previous.getReason()).withMessage(previous.getMessage());
        }
        addresses(in, previous).forEach(ip -> status.addToPodIPs(new PodIP(ip)));
        if (status.hasPodIPs()) {
            status.withPodIP(status.buildFirstPodIP().getIp());
        }
        return status.build();
    }

    /** The addresses of a pod: the node's for a host-network pod, else the sandbox's, else those known before. */
    public static List<String> addresses(StatusInput in, PodStatus previous) {
        if (Boolean.TRUE.equals(in.pod().getSpec().getHostNetwork())) {
            return in.observed().sandboxes().isEmpty() && previous.getPodIP() == null
                    ? List.of()
                    : List.of(in.hostIp());
        }
        List<String> now = in.observed().readySandbox().map(RuntimeSandbox::ips).orElse(List.of());
        return now.isEmpty() ? previous.getPodIPs().stream().map(PodIP::getIp).toList() : now;
    }

    /** Whether a pod has come to its end. */
    public static boolean isTerminal(PodStatus status) {
        return "Succeeded".equals(status.getPhase()) || "Failed".equals(status.getPhase());
    }

    private static String phase(StatusInput in, List<ContainerStatus> init, List<ContainerStatus> normal) {
        if (in.verdict().isPresent()) {
            return "Failed";
        }
        if (isTerminal(in.previous())) {
            // A pod never comes back from its end.
            return in.previous().getPhase();
        }
        boolean isTerminal = in.isTerminating() && !in.observed().isAnyRunning();
        return PodPhase.of(in.pod(), init, normal, isTerminal);
    }
}
