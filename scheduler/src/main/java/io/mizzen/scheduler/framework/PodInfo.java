// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.framework;

import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodAffinity;
import io.fabric8.kubernetes.api.model.PodAntiAffinity;
import io.fabric8.kubernetes.api.model.Toleration;
import io.mizzen.client.selector.NodeMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A pod with all that the plugins ask of it worked out once. Immutable; the pod inside must not be changed. */
public final class PodInfo {
    private final Pod pod;
    private final Resources requests;
    private final Resources nonZeroRequests;
    private final List<HostPort> hostPorts;
    private final NodeMatcher nodeMatcher;
    private final List<AffinityTerm> requiredAffinity;
    private final List<AffinityTerm> requiredAntiAffinity;
    private final List<AffinityTerm> preferredAffinity;
    private final List<AffinityTerm> preferredAntiAffinity;

    private PodInfo(Pod pod) {
        this.pod = pod;
        requests = PodRequests.requested(pod);
        nonZeroRequests = PodRequests.nonZero(pod, requests);
        hostPorts = hostPorts(pod);
        nodeMatcher = NodeMatcher.of(pod.getSpec());
        Affinity affinity = pod.getSpec().getAffinity();
        PodAffinity near = affinity == null ? null : affinity.getPodAffinity();
        PodAntiAffinity far = affinity == null ? null : affinity.getPodAntiAffinity();
        requiredAffinity = near == null
                ? List.of()
                : AffinityTerm.required(pod, near.getRequiredDuringSchedulingIgnoredDuringExecution());
        preferredAffinity = near == null
                ? List.of()
                : AffinityTerm.preferred(pod, near.getPreferredDuringSchedulingIgnoredDuringExecution());
        requiredAntiAffinity = far == null
                ? List.of()
                : AffinityTerm.required(pod, far.getRequiredDuringSchedulingIgnoredDuringExecution());
        preferredAntiAffinity = far == null
                ? List.of()
                : AffinityTerm.preferred(pod, far.getPreferredDuringSchedulingIgnoredDuringExecution());
    }

    /** Works a pod out. */
    public static PodInfo of(Pod pod) {
        return new PodInfo(pod);
    }

    /** The object itself. */
    public Pod pod() {
        return pod;
    }

    /** {@code metadata.uid}. */
    public String uid() {
        return pod.getMetadata().getUid();
    }

    /** {@code metadata.namespace}. */
    public String namespace() {
        return pod.getMetadata().getNamespace();
    }

    /** {@code metadata.name}. */
    public String name() {
        return pod.getMetadata().getName();
    }

    /** {@code namespace/name}. */
    public String key() {
        return namespace() + "/" + name();
    }

    /** Labels, empty where there are none. */
    public Map<String, String> labels() {
        Map<String, String> labels = pod.getMetadata().getLabels();
        return labels == null ? Map.of() : labels;
    }

    /** {@code spec.priority}, 0 where there is none. */
    public int priority() {
        Integer priority = pod.getSpec().getPriority();
        return priority == null ? 0 : priority;
    }

    /** {@code spec.nodeName}, null while the pod has no node. */
    public @Nullable String nodeName() {
        String name = pod.getSpec().getNodeName();
        return name == null || name.isEmpty() ? null : name;
    }

    /** {@code status.nominatedNodeName}, null where there is none. */
    public @Nullable String nominatedNodeName() {
        String name = pod.getStatus() == null ? null : pod.getStatus().getNominatedNodeName();
        return name == null || name.isEmpty() ? null : name;
    }

    /** Whether the pod is being deleted. */
    public boolean isTerminating() {
        return pod.getMetadata().getDeletionTimestamp() != null;
    }

    /** Tolerations, empty where there are none. */
    public List<Toleration> tolerations() {
        return pod.getSpec().getTolerations();
    }

    /** What the pod takes from its node. */
    public Resources requests() {
        return requests;
    }

    /** What the pod counts for when nodes are scored. */
    public Resources nonZeroRequests() {
        return nonZeroRequests;
    }

    /** The ports of the node that it takes. */
    public List<HostPort> hostPorts() {
        return hostPorts;
    }

    /** What it says about nodes. */
    public NodeMatcher nodeMatcher() {
        return nodeMatcher;
    }

    /** Required affinity to pods. */
    public List<AffinityTerm> requiredAffinity() {
        return requiredAffinity;
    }

    /** Required anti-affinity to pods. */
    public List<AffinityTerm> requiredAntiAffinity() {
        return requiredAntiAffinity;
    }

    /** Preferred affinity to pods. */
    public List<AffinityTerm> preferredAffinity() {
        return preferredAffinity;
    }

    /** Preferred anti-affinity to pods. */
    public List<AffinityTerm> preferredAntiAffinity() {
        return preferredAntiAffinity;
    }

    /** Whether the pod says anything about other pods. */
    public boolean hasPodAffinity() {
        return !requiredAffinity.isEmpty()
                || !requiredAntiAffinity.isEmpty()
                || !preferredAffinity.isEmpty()
                || !preferredAntiAffinity.isEmpty();
    }

    @Override
    public String toString() {
        return key();
    }

    private static List<HostPort> hostPorts(Pod pod) {
        List<HostPort> ports = new ArrayList<>();
        Stream.concat(
                        pod.getSpec().getContainers().stream(),
                        pod.getSpec().getInitContainers().stream()
                                .filter(init -> "Always".equals(init.getRestartPolicy())))
                .map(Container::getPorts)
                .flatMap(List::stream)
                .filter(port -> port.getHostPort() != null && port.getHostPort() > 0)
                .forEach(port -> ports.add(hostPort(port)));
        return List.copyOf(ports);
    }

    private static HostPort hostPort(ContainerPort port) {
        String ip = port.getHostIP() == null || port.getHostIP().isEmpty() ? HostPort.ANY : port.getHostIP();
        String protocol = port.getProtocol() == null || port.getProtocol().isEmpty() ? "TCP" : port.getProtocol();
        return new HostPort(ip, protocol, port.getHostPort());
    }
}
