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
import io.mizzen.kubelet.status.StatusInput.Verdict;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Composes {@code status} of a pod: what upstream's kubelet would write for the same containers (API page "Pod Lifecycle",
 * KEPs 753 sidecars, 3085 sandbox condition, 5067 observedGeneration). Pure.
 */
public final class PodStatusComposer {
    private PodStatusComposer() {}

    /** The status of a pod. Conditions that others own are left out; they stay as they are in the API. */
    public static PodStatus compose(StatusInput in) {
        if (in.verdict().filter(v -> v.kind() == Verdict.Kind.REFUSED).isPresent()) {
            return refused(in, in.verdict().get());
        }
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
        if (isTerminal(phase)) {
            in.verdict().ifPresent(v -> status.withReason(v.reason()).withMessage(v.message()));
        }
        if (in.verdict().isEmpty() && isTerminal(previous)) {
            status.withReason(previous.getReason()).withMessage(previous.getMessage());
        }
        addresses(in, previous).forEach(ip -> status.addToPodIPs(new PodIP(ip)));
        if (status.hasPodIPs()) {
            status.withPodIP(status.buildFirstPodIP().getIp());
        }
        return status.build();
    }

    /** A pod that was not let in has no containers to tell of. */
    private static PodStatus refused(StatusInput in, Verdict verdict) {
        PodStatus previous = in.previous();
        return new PodStatusBuilder()
                .withPhase("Failed")
                .withReason(verdict.reason())
                .withMessage(verdict.message())
                .withObservedGeneration(in.pod().getMetadata().getGeneration())
                .withQosClass(QosClass.of(in.pod()).apiName())
                .withStartTime(previous.getStartTime() == null ? Times.format(in.now()) : previous.getStartTime())
                .withConditions(previous.getConditions())
                .build();
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
        return isTerminal(status.getPhase());
    }

    private static boolean isTerminal(@Nullable String phase) {
        return "Succeeded".equals(phase) || "Failed".equals(phase);
    }

    private static String phase(StatusInput in, List<ContainerStatus> init, List<ContainerStatus> normal) {
        if (isTerminal(in.previous())) {
            // A pod never comes back from its end.
            return in.previous().getPhase();
        }
        boolean isAnyRunning = in.observed().isAnyRunning();
        String phase = in.verdict().isPresent()
                ? "Failed"
                : PodPhase.of(in.pod(), init, normal, in.isTerminating() && !isAnyRunning);
        if (isTerminal(phase) && isAnyRunning) {
            // Whoever reads of the end may use what the pod held: sidecars, too, must have ended before it is told.
            return in.previous().getPhase() == null ? "Pending" : in.previous().getPhase();
        }
        return phase;
    }
}
