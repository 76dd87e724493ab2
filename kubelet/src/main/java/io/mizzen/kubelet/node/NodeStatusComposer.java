// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.node;

import io.fabric8.kubernetes.api.model.ContainerImage;
import io.fabric8.kubernetes.api.model.ContainerImageBuilder;
import io.fabric8.kubernetes.api.model.NodeAddress;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.NodeConditionBuilder;
import io.fabric8.kubernetes.api.model.NodeStatus;
import io.fabric8.kubernetes.api.model.NodeStatusBuilder;
import io.fabric8.kubernetes.api.model.NodeSystemInfoBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.mizzen.kubelet.cri.v1.Image;
import io.mizzen.kubelet.status.Times;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Composes the Node object and its status (API page "Nodes"). Pure. */
public final class NodeStatusComposer {
    /** Version that the node reports, as the API server does. */
    public static final String KUBELET_VERSION = "v1.35.6+mizzen";

    private static final int MAX_IMAGES = 50;
    private static final int MAX_NAMES = 5;

    private NodeStatusComposer() {}

    /** Labels that every node carries. */
    public static Map<String, String> labels(String nodeName, String architecture) {
        Map<String, String> labels = new TreeMap<>();
        labels.put("kubernetes.io/hostname", nodeName);
        labels.put("kubernetes.io/os", "linux");
        labels.put("kubernetes.io/arch", architecture);
        labels.put("beta.kubernetes.io/os", "linux");
        labels.put("beta.kubernetes.io/arch", architecture);
        return labels;
    }

    /** Resources of the whole machine. */
    public static Map<String, Quantity> capacity(MachineFacts machine, int maxPods) {
        Map<String, Quantity> out = new TreeMap<>();
        out.put("cpu", new Quantity(Integer.toString(machine.cpus())));
        out.put("memory", new Quantity(machine.memoryBytes() / 1024 + "Ki"));
        out.put("ephemeral-storage", new Quantity(machine.diskBytes() / 1024 + "Ki"));
        out.put("hugepages-1Gi", new Quantity("0"));
        out.put("hugepages-2Mi", new Quantity("0"));
        out.put("pods", new Quantity(Integer.toString(maxPods)));
        return out;
    }

    /** Resources for pods: the capacity less what is reserved and what hard eviction keeps free. */
    public static Map<String, Quantity> allocatable(MachineFacts machine, int maxPods, Reserved reserved) {
        Map<String, Quantity> out = new TreeMap<>(capacity(machine, maxPods));
        if (reserved.milliCpu() > 0) {
            out.put("cpu", new Quantity(Math.max(0, machine.cpus() * 1000L - reserved.milliCpu()) + "m"));
        }
        long memory = machine.memoryBytes() - reserved.memoryBytes() - reserved.unusedMemoryBytes();
        long disk = machine.diskBytes() - reserved.diskBytes() - reserved.unusedDiskBytes();
        out.put("memory", new Quantity(Math.max(0, memory) / 1024 + "Ki"));
        out.put("ephemeral-storage", new Quantity(Long.toString(Math.max(0, disk))));
        return out;
    }

    /** The status, conditions keeping their transition times where they did not change. */
    public static NodeStatus compose(NodeStatusInput in, @Nullable NodeStatus previous) {
        MachineFacts machine = in.machine();
        NodeStatusBuilder status = new NodeStatusBuilder()
                .withCapacity(capacity(machine, in.maxPods()))
                .withAllocatable(allocatable(machine, in.maxPods(), in.reserved()))
                .withAddresses(new NodeAddress(in.nodeIp(), "InternalIP"), new NodeAddress(in.nodeName(), "Hostname"))
                .withNodeInfo(new NodeSystemInfoBuilder()
                        .withMachineID(machine.machineId())
                        .withSystemUUID(machine.systemUuid())
                        .withBootID(machine.bootId())
                        .withKernelVersion(machine.kernelVersion())
                        .withOsImage(machine.osImage())
                        .withContainerRuntimeVersion(in.runtimeVersion())
                        .withKubeletVersion(KUBELET_VERSION)
                        .withKubeProxyVersion("")
                        .withOperatingSystem("linux")
                        .withArchitecture(machine.architecture())
                        .build())
                .withImages(images(in.images()))
                .withConditions(conditions(in, previous));
        if (in.kubeletPort() > 0) {
            status.withNewDaemonEndpoints()
                    .withNewKubeletEndpoint(in.kubeletPort())
                    .endDaemonEndpoints();
        }
        return status.build();
    }

    private static List<ContainerImage> images(List<Image> images) {
        return images.stream()
                .sorted(Comparator.comparingLong(Image::getSize).reversed())
                .limit(MAX_IMAGES)
                .map(i -> new ContainerImageBuilder()
                        .withNames(Stream.concat(i.getRepoDigestsList().stream(), i.getRepoTagsList().stream())
                                .limit(MAX_NAMES)
                                .toList())
                        .withSizeBytes(i.getSize())
                        .build())
                .toList();
    }

    private static List<NodeCondition> conditions(NodeStatusInput in, @Nullable NodeStatus previous) {
        List<NodeCondition> out = new ArrayList<>();
        out.add(pressure(
                in,
                previous,
                "MemoryPressure",
                "Memory",
                "KubeletHasSufficientMemory",
                "KubeletHasInsufficientMemory",
                "kubelet has sufficient memory available",
                "kubelet has insufficient memory available"));
        out.add(pressure(
                in,
                previous,
                "DiskPressure",
                "Disk",
                "KubeletHasNoDiskPressure",
                "KubeletHasDiskPressure",
                "kubelet has no disk pressure",
                "kubelet has disk pressure"));
        out.add(pressure(
                in,
                previous,
                "PIDPressure",
                "PID",
                "KubeletHasSufficientPID",
                "KubeletHasInsufficientPID",
                "kubelet has sufficient PID available",
                "kubelet has insufficient PID available"));
        boolean isReady = in.problems().isEmpty();
        out.add(condition(
                in,
                previous,
                "Ready",
                isReady,
                isReady ? "KubeletReady" : "KubeletNotReady",
                isReady ? "kubelet is posting ready status" : String.join(", ", in.problems())));
        return out;
    }

    private static NodeCondition pressure(
            NodeStatusInput in,
            @Nullable NodeStatus previous,
            String type,
            String what,
            String goodReason,
            String badReason,
            String goodText,
            String badText) {
        boolean isUnderPressure = in.pressures().contains(what + "Pressure");
        return condition(
                in,
                previous,
                type,
                isUnderPressure,
                isUnderPressure ? badReason : goodReason,
                isUnderPressure ? badText : goodText);
    }

    private static NodeCondition condition(
            NodeStatusInput in,
            @Nullable NodeStatus previous,
            String type,
            boolean isTrue,
            String reason,
            String text) {
        String status = isTrue ? "True" : "False";
        String now = Times.format(in.now());
        String since = previous == null
                ? now
                : previous.getConditions().stream()
                        .filter(c -> type.equals(c.getType()) && status.equals(c.getStatus()))
                        .map(NodeCondition::getLastTransitionTime)
                        .findFirst()
                        .orElse(now);
        return new NodeConditionBuilder()
                .withType(type)
                .withStatus(status)
                .withReason(reason)
                .withMessage(text)
                .withLastHeartbeatTime(now)
                .withLastTransitionTime(since)
                .build();
    }

    /** Whether two statuses differ in more than the time of the heartbeat. */
    public static boolean isChanged(@Nullable NodeStatus old, NodeStatus now) {
        return old == null || !withoutHeartbeat(old).equals(withoutHeartbeat(now));
    }

    private static NodeStatus withoutHeartbeat(NodeStatus status) {
        List<NodeCondition> conditions = status.getConditions().stream()
                .map(c ->
                        new NodeConditionBuilder(c).withLastHeartbeatTime(null).build())
                .toList();
        return new NodeStatusBuilder(status).withConditions(conditions).build();
    }
}
