// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.pod;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.HostAlias;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.mizzen.kubelet.network.HostsFile;
import io.mizzen.kubelet.network.PodHostname;
import io.mizzen.kubelet.runtime.ContainerConfigs;
import io.mizzen.kubelet.runtime.Expansion;
import io.mizzen.kubelet.runtime.StartFailure;
import io.mizzen.kubelet.volume.Trees;
import io.mizzen.kubelet.volume.Volumes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The mounts of a container: its volumes, their parts, and the hosts file. Touches the disk for subPath alone. */
final class ContainerMounts {
    private final PodServices services;

    ContainerMounts(PodServices services) {
        this.services = services;
    }

    /**
     * @param volumes host path of each volume by name
     * @param environment for subPathExpr
     * @throws StartFailure with CreateContainerConfigError when a mount cannot be made
     */
    List<ContainerConfigs.HostMount> of(
            Pod pod, Container container, Map<String, Path> volumes, Map<String, String> environment)
            throws StartFailure {
        List<ContainerConfigs.HostMount> out = new ArrayList<>();
        boolean hasHosts = false;
        int index = 0;
        for (VolumeMount mount : container.getVolumeMounts()) {
            Path base = volumes.get(mount.getName());
            if (base == null) {
                throw new StartFailure(
                        "CreateContainerConfigError",
                        "cannot find volume \"" + mount.getName() + "\" to mount into container \""
                                + container.getName() + "\"");
            }
            Path source = partOf(pod, container, mount, base, environment, index++);
            String propagation = mount.getMountPropagation() == null ? "None" : mount.getMountPropagation();
            boolean isReadOnly = Boolean.TRUE.equals(mount.getReadOnly()) || Volumes.isReadOnly(pod, mount.getName());
            out.add(new ContainerConfigs.HostMount(source, mount.getMountPath(), isReadOnly, propagation));
            hasHosts |= mount.getMountPath().equals("/etc/hosts");
        }
        if (!hasHosts) {
            Path hosts = services.folders().hosts(pod.getMetadata().getUid());
            out.add(new ContainerConfigs.HostMount(hosts, "/etc/hosts", false, "None"));
        }
        return out;
    }

    private Path partOf(
            Pod pod, Container container, VolumeMount mount, Path base, Map<String, String> environment, int index)
            throws StartFailure {
        String part = mount.getSubPath();
        if (mount.getSubPathExpr() != null && !mount.getSubPathExpr().isEmpty()) {
            part = Expansion.expand(mount.getSubPathExpr(), environment);
            if (part.contains("$(")) {
                throw new StartFailure(
                        "CreateContainerConfigError", "missing value for \"" + mount.getSubPathExpr() + "\"");
            }
        }
        if (part == null || part.isEmpty()) {
            return base;
        }
        try {
            return services.subPaths()
                    .bind(pod.getMetadata().getUid(), mount.getName(), base, part, container.getName(), index);
        } catch (IOException e) {
            throw new StartFailure(
                    "CreateContainerConfigError",
                    "failed to prepare subPath for volumeMount \"" + mount.getName() + "\" of container \""
                            + container.getName() + "\": " + e.getMessage());
        }
    }

    /** Writes the managed hosts file of the pod in place, so that running containers see it. */
    void writeHosts(Pod pod, List<String> ips) throws IOException {
        List<HostAlias> aliases = pod.getSpec().getHostAliases();
        String content;
        if (Boolean.TRUE.equals(pod.getSpec().getHostNetwork())) {
            Path host = Path.of("/etc/hosts");
            content = HostsFile.ofHost(Files.exists(host) ? Files.readString(host) : "", aliases);
        } else {
            PodHostname name = PodHostname.of(pod, services.node().clusterDomain());
            content = HostsFile.ofPod(ips, name.hostname(), name.domain(), aliases);
        }
        Path file = services.folders().hosts(pod.getMetadata().getUid());
        if (!Files.exists(file) || !Files.readString(file).equals(content)) {
            Files.createDirectories(file.getParent());
            Files.writeString(file, content);
            Trees.chmod(file, 0644);
        }
    }
}
