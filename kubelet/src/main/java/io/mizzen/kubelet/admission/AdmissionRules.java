// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.admission;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.TaintBuilder;
import io.mizzen.client.selector.NodeMatcher;
import io.mizzen.client.selector.Taints;
import io.mizzen.kubelet.resource.PodResources;
import io.mizzen.kubelet.resource.QosClass;
import io.mizzen.kubelet.resource.ResourceFigures;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Whether a pod may run on the node it was bound to, in upstream's order and words: pressure, room, node affinity, node name, host
 * ports, taints that evict. Pure.
 */
public final class AdmissionRules {
    private static final Taint MEMORY_PRESSURE = new TaintBuilder()
            .withKey("node.kubernetes.io/memory-pressure")
            .withEffect("NoSchedule")
            .build();

    private AdmissionRules() {}

    /**
     * Checks.
     *
     * @param pod that wants in
     * @param active pods that are in and have not ended
     * @param node what is known of the node
     * @return why not; empty when it may run
     */
    public static Optional<Rejection> check(Pod pod, List<Pod> active, NodeView node) {
        return pressure(pod, node)
                .or(() -> SysctlRules.check(pod))
                .or(() -> room(pod, active, node))
                .or(() -> place(pod, active, node))
                .or(() -> taints(pod, node));
    }

    private static Optional<Rejection> pressure(Pod pod, NodeView node) {
        if (node.pressures().isEmpty() || CriticalPods.isCritical(pod)) {
            return Optional.empty();
        }
        boolean isMemoryAlone = node.pressures().equals(Set.of("MemoryPressure"));
        if (isMemoryAlone
                && (QosClass.of(pod) != QosClass.BEST_EFFORT
                        || Taints.isTolerated(MEMORY_PRESSURE, pod.getSpec().getTolerations()))) {
            return Optional.empty();
        }
        String list = "[" + String.join(" ", new TreeSet<>(node.pressures())) + "]";
        return Optional.of(new Rejection("Evicted", "The node had condition: " + list + ". "));
    }

    private static Optional<Rejection> room(Pod pod, List<Pod> active, NodeView node) {
        long maxPods = ResourceFigures.bytes(node.allocatable(), "pods");
        if (active.size() + 1 > maxPods) {
            return Optional.of(outOf("pods", 1, active.size(), maxPods));
        }
        Map<String, Quantity> wanted = PodResources.of(pod).getRequests();
        List<String> resources = new ArrayList<>(List.of("cpu", "memory", "ephemeral-storage"));
        wanted.keySet().stream().filter(r -> r.startsWith("hugepages-")).forEach(resources::add);
        for (String resource : resources) {
            long requested = amount(wanted, resource);
            long used = active.stream()
                    .mapToLong(p -> amount(PodResources.of(p).getRequests(), resource))
                    .sum();
            long capacity = amount(node.allocatable(), resource);
            if (requested > 0 && requested > capacity - used) {
                return Optional.of(outOf(resource, requested, used, capacity));
            }
        }
        return Optional.empty();
    }

    private static long amount(Map<String, Quantity> list, String resource) {
        return resource.equals("cpu") ? ResourceFigures.milliCpu(list) : ResourceFigures.bytes(list, resource);
    }

    private static Rejection outOf(String resource, long requested, long used, long capacity) {
        return new Rejection(
                "OutOf" + resource,
                "Node didn't have enough resource: " + resource + ", requested: " + requested + ", used: " + used
                        + ", capacity: " + capacity);
    }

    private static Optional<Rejection> place(Pod pod, List<Pod> active, NodeView node) {
        if (!NodeMatcher.of(pod.getSpec()).matches(node.name(), node.labels())) {
            return Optional.of(failed("NodeAffinity", "node(s) didn't match Pod's node affinity/selector"));
        }
        String wanted = pod.getSpec().getNodeName();
        if (wanted != null && !wanted.isEmpty() && !wanted.equals(node.name())) {
            return Optional.of(failed("NodeName", "node(s) didn't match the requested node name"));
        }
        boolean hasConflict = hostPorts(pod)
                .anyMatch(own ->
                        active.stream().flatMap(AdmissionRules::hostPorts).anyMatch(own::conflictsWith));
        return hasConflict
                ? Optional.of(failed("NodePorts", "node(s) didn't have free ports for the requested pod ports"))
                : Optional.empty();
    }

    private static Optional<Rejection> taints(Pod pod, NodeView node) {
        if (CriticalPods.isStatic(pod)) {
            return Optional.empty();
        }
        boolean isRepelled = node.taints().stream()
                .anyMatch(t -> "NoExecute".equals(t.getEffect())
                        && !Taints.isTolerated(t, pod.getSpec().getTolerations()));
        return isRepelled
                ? Optional.of(failed("TaintToleration", "node(s) had taints that the pod didn't tolerate"))
                : Optional.empty();
    }

    private static Rejection failed(String predicate, String text) {
        return new Rejection(predicate, "Predicate " + predicate + " failed: " + text);
    }

    private record HostPort(String ip, String protocol, int port) {
        boolean conflictsWith(HostPort other) {
            boolean sharesAddress = ip.equals(other.ip) || ip.equals("0.0.0.0") || other.ip.equals("0.0.0.0");
            return port == other.port && protocol.equals(other.protocol) && sharesAddress;
        }

        static HostPort of(ContainerPort port) {
            String ip = port.getHostIP() == null || port.getHostIP().isEmpty() ? "0.0.0.0" : port.getHostIP();
            return new HostPort(ip, Objects.requireNonNullElse(port.getProtocol(), "TCP"), port.getHostPort());
        }
    }

    private static Stream<HostPort> hostPorts(Pod pod) {
        Stream<Container> sidecars =
                pod.getSpec().getInitContainers().stream().filter(c -> "Always".equals(c.getRestartPolicy()));
        return Stream.concat(pod.getSpec().getContainers().stream(), sidecars)
                .flatMap(c -> c.getPorts().stream())
                .filter(p -> p.getHostPort() != null && p.getHostPort() > 0)
                .map(HostPort::of);
    }
}
