// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.runtime;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.mizzen.kubelet.cri.v1.ContainerConfig;
import io.mizzen.kubelet.cri.v1.ContainerMetadata;
import io.mizzen.kubelet.cri.v1.ImageSpec;
import io.mizzen.kubelet.cri.v1.KeyValue;
import io.mizzen.kubelet.cri.v1.LinuxContainerConfig;
import io.mizzen.kubelet.cri.v1.LinuxContainerResources;
import io.mizzen.kubelet.cri.v1.Mount;
import io.mizzen.kubelet.cri.v1.MountPropagation;
import io.mizzen.kubelet.resource.ResourceFigures;
import io.mizzen.kubelet.volume.PodUsers;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** What a container is made from. Pure. */
public final class ContainerConfigs {
    /** Below it lie the annotations that say how a container was made. */
    private static final String DEFAULT_TERMINATION_PATH = "/dev/termination-log";

    private ContainerConfigs() {}

    /**
     * A path of the host in a container.
     *
     * @param hostPath where it is
     * @param containerPath where it shows
     * @param isReadOnly whether writes are refused
     * @param propagation {@code None}, {@code HostToContainer} or {@code Bidirectional}
     */
    public record HostMount(Path hostPath, String containerPath, boolean isReadOnly, String propagation) {}

    /**
     * All that a container's configuration depends on besides its specification.
     *
     * @param attempt how many containers of that name came before
     * @param imageRef what to run
     * @param environment in order
     * @param mounts volumes and managed files
     * @param terminationFile host path of the file behind terminationMessagePath
     * @param nodeMemoryBytes for the OOM score
     * @param targetId container whose process namespace is shared; null for none
     */
    public record Inputs(
            int attempt,
            String imageRef,
            Map<String, String> environment,
            List<HostMount> mounts,
            Path terminationFile,
            long nodeMemoryBytes,
            @Nullable String targetId) {
        /** Copies. */
        public Inputs {
            environment = new LinkedHashMap<>(environment);
            mounts = List.copyOf(mounts);
        }
    }

    /** The configuration of a container. */
    public static ContainerConfig of(Pod pod, Container container, Inputs inputs) {
        ObjectMeta meta = pod.getMetadata();
        ContainerConfig.Builder config = ContainerConfig.newBuilder()
                .setMetadata(ContainerMetadata.newBuilder()
                        .setName(container.getName())
                        .setAttempt(inputs.attempt()))
                .setImage(
                        ImageSpec.newBuilder().setImage(inputs.imageRef()).setUserSpecifiedImage(container.getImage()))
                .addAllCommand(expanded(container.getCommand(), inputs.environment()))
                .addAllArgs(expanded(container.getArgs(), inputs.environment()))
                .setWorkingDir(container.getWorkingDir() == null ? "" : container.getWorkingDir())
                .setLogPath(logPath(container.getName(), inputs.attempt()))
                .setStdin(Boolean.TRUE.equals(container.getStdin()))
                .setStdinOnce(Boolean.TRUE.equals(container.getStdinOnce()))
                .setTty(Boolean.TRUE.equals(container.getTty()))
                .putLabels(PodLabels.POD_NAME, meta.getName())
                .putLabels(PodLabels.POD_NAMESPACE, meta.getNamespace())
                .putLabels(PodLabels.POD_UID, meta.getUid())
                .putLabels(PodLabels.CONTAINER_NAME, container.getName())
                .putAnnotations(PodLabels.CONTAINER_HASH, hash(container))
                .putAnnotations(PodLabels.RESTART_COUNT, Integer.toString(inputs.attempt()))
                .putAnnotations(PodLabels.TERMINATION_MESSAGE_PATH, terminationPath(container))
                .putAnnotations(PodLabels.TERMINATION_MESSAGE_POLICY, terminationPolicy(container))
                .putAnnotations(
                        PodLabels.TERMINATION_MESSAGE_HOST_PATH,
                        inputs.terminationFile().toString())
                .putAnnotations(PodLabels.TERMINATION_GRACE, Long.toString(SandboxConfigs.graceSeconds(pod)));
        inputs.environment()
                .forEach(
                        (k, v) -> config.addEnvs(KeyValue.newBuilder().setKey(k).setValue(v)));
        inputs.mounts().forEach(m -> config.addMounts(mount(m)));
        config.addMounts(mount(new HostMount(inputs.terminationFile(), terminationPath(container), false, "None")));
        config.setLinux(LinuxContainerConfig.newBuilder()
                .setResources(resources(pod, container, inputs.nodeMemoryBytes()))
                .setSecurityContext(SecurityContexts.container(pod, container, inputs.targetId())));
        return config.build();
    }

    /** Name of a run's log file below the pod's log directory. */
    public static String logPath(String container, int attempt) {
        return container + "/" + attempt + ".log";
    }

    /** Changes when a running container must be replaced: with its image. */
    public static String hash(Container container) {
        return Integer.toHexString(Objects.hash(container.getName(), container.getImage()));
    }

    /** Whether the specification forbids root while the image or the specification runs as it; the text of the refusal. */
    public static Optional<String> rootRefusal(
            Pod pod, Container container, OptionalLong imageUser, String imageUserName) {
        if (!SecurityContexts.mustBeNonRoot(pod, container)) {
            return Optional.empty();
        }
        String where = " (pod: \"" + pod.getMetadata().getName() + "_"
                + pod.getMetadata().getNamespace() + "(" + pod.getMetadata().getUid() + ")\", container: "
                + container.getName() + ")";
        Long user = PodUsers.of(pod, container);
        if (user != null) {
            return user == 0 ? Optional.of("container's runAsUser breaks non-root policy" + where) : Optional.empty();
        }
        if (imageUser.isPresent()) {
            return imageUser.getAsLong() == 0
                    ? Optional.of("container has runAsNonRoot and image will run as root" + where)
                    : Optional.empty();
        }
        return imageUserName.isEmpty()
                ? Optional.of("container has runAsNonRoot and image will run as root" + where)
                : Optional.of("container has runAsNonRoot and image has non-numeric user (" + imageUserName
                        + "), cannot verify user is non-root" + where);
    }

    /** Cgroup figures of a container. */
    public static LinuxContainerResources resources(Pod pod, Container container, long nodeMemoryBytes) {
        ResourceRequirements requirements =
                container.getResources() == null ? new ResourceRequirements() : container.getResources();
        long limitCpu = ResourceFigures.milliCpu(requirements.getLimits());
        long requestCpu = ResourceFigures.milliCpu(requirements.getRequests());
        boolean hasRequest =
                requirements.getRequests() != null && requirements.getRequests().containsKey("cpu");
        long shares = ResourceFigures.sharesOf(hasRequest ? requestCpu : limitCpu);
        return LinuxContainerResources.newBuilder()
                .setCpuShares(shares)
                .setCpuPeriod(ResourceFigures.CPU_PERIOD_MICROS)
                .setCpuQuota(ResourceFigures.quotaOf(limitCpu))
                .setMemoryLimitInBytes(ResourceFigures.bytes(requirements.getLimits(), "memory"))
                .setOomScoreAdj(ResourceFigures.oomScoreAdj(pod, container, nodeMemoryBytes))
                .build();
    }

    private static List<String> expanded(List<String> words, Map<String, String> environment) {
        return words.stream().map(w -> Expansion.expand(w, environment)).toList();
    }

    private static Mount mount(HostMount mount) {
        MountPropagation propagation = switch (mount.propagation()) {
            case "HostToContainer" -> MountPropagation.PROPAGATION_HOST_TO_CONTAINER;
            case "Bidirectional" -> MountPropagation.PROPAGATION_BIDIRECTIONAL;
            default -> MountPropagation.PROPAGATION_PRIVATE;
        };
        return Mount.newBuilder()
                .setHostPath(mount.hostPath().toString())
                .setContainerPath(mount.containerPath())
                .setReadonly(mount.isReadOnly())
                .setPropagation(propagation)
                .build();
    }

    private static String terminationPath(Container container) {
        String path = container.getTerminationMessagePath();
        return path == null || path.isEmpty() ? DEFAULT_TERMINATION_PATH : path;
    }

    private static String terminationPolicy(Container container) {
        String policy = container.getTerminationMessagePolicy();
        return policy == null ? "File" : policy;
    }
}
