// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.runtime;

import io.fabric8.kubernetes.api.model.Capabilities;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSecurityContext;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.SeccompProfile;
import io.fabric8.kubernetes.api.model.SecurityContext;
import io.mizzen.kubelet.cri.v1.Capability;
import io.mizzen.kubelet.cri.v1.Int64Value;
import io.mizzen.kubelet.cri.v1.LinuxContainerSecurityContext;
import io.mizzen.kubelet.cri.v1.LinuxSandboxSecurityContext;
import io.mizzen.kubelet.cri.v1.NamespaceMode;
import io.mizzen.kubelet.cri.v1.NamespaceOption;
import io.mizzen.kubelet.cri.v1.SecurityProfile;
import io.mizzen.kubelet.volume.PodUsers;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Security contexts of pods and containers in the runtime's terms; a container's own setting wins. Pure. */
final class SecurityContexts {
    private static final List<String> MASKED = List.of(
            "/proc/asound",
            "/proc/acpi",
            "/proc/interrupts",
            "/proc/kcore",
            "/proc/keys",
            "/proc/latency_stats",
            "/proc/timer_list",
            "/proc/timer_stats",
            "/proc/sched_debug",
            "/proc/scsi",
            "/sys/firmware",
            "/sys/devices/virtual/powercap");
    private static final List<String> READ_ONLY =
            List.of("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger");

    private SecurityContexts() {}

    /** Which namespaces the pod shares with the host or among its containers. */
    static NamespaceOption namespaces(Pod pod) {
        PodSpec spec = pod.getSpec();
        NamespaceOption.Builder options = NamespaceOption.newBuilder();
        options.setNetwork(isTrue(spec.getHostNetwork()) ? NamespaceMode.NODE : NamespaceMode.POD);
        options.setIpc(isTrue(spec.getHostIPC()) ? NamespaceMode.NODE : NamespaceMode.POD);
        if (isTrue(spec.getHostPID())) {
            options.setPid(NamespaceMode.NODE);
        } else if (isTrue(spec.getShareProcessNamespace())) {
            options.setPid(NamespaceMode.POD);
        } else {
            options.setPid(NamespaceMode.CONTAINER);
        }
        return options.build();
    }

    /** The sandbox's: privileged as soon as one container is. */
    static LinuxSandboxSecurityContext sandbox(Pod pod) {
        LinuxSandboxSecurityContext.Builder out = LinuxSandboxSecurityContext.newBuilder()
                .setNamespaceOptions(namespaces(pod))
                .setPrivileged(Stream.concat(
                                pod.getSpec().getContainers().stream(), pod.getSpec().getInitContainers().stream())
                        .anyMatch(c -> c.getSecurityContext() != null
                                && isTrue(c.getSecurityContext().getPrivileged())))
                .setSeccomp(SecurityProfile.newBuilder().setProfileType(SecurityProfile.ProfileType.RuntimeDefault));
        PodSecurityContext context = pod.getSpec().getSecurityContext();
        if (context != null) {
            if (context.getRunAsUser() != null) {
                out.setRunAsUser(int64(context.getRunAsUser()));
            }
            if (context.getRunAsUser() != null && context.getRunAsGroup() != null) {
                out.setRunAsGroup(int64(context.getRunAsGroup()));
            }
            out.addAllSupplementalGroups(groups(context));
        }
        return out.build();
    }

    /** A container's. */
    static LinuxContainerSecurityContext container(Pod pod, Container container, @Nullable String targetId) {
        SecurityContext own =
                container.getSecurityContext() == null ? new SecurityContext() : container.getSecurityContext();
        PodSecurityContext whole = pod.getSpec().getSecurityContext() == null
                ? new PodSecurityContext()
                : pod.getSpec().getSecurityContext();
        boolean isPrivileged = isTrue(own.getPrivileged());
        NamespaceOption namespaces = namespaces(pod);
        if (targetId != null) {
            namespaces = namespaces.toBuilder()
                    .setPid(NamespaceMode.TARGET)
                    .setTargetId(targetId)
                    .build();
        }
        LinuxContainerSecurityContext.Builder out = LinuxContainerSecurityContext.newBuilder()
                .setNamespaceOptions(namespaces)
                .setPrivileged(isPrivileged)
                .setReadonlyRootfs(isTrue(own.getReadOnlyRootFilesystem()))
                .setNoNewPrivs(Boolean.FALSE.equals(own.getAllowPrivilegeEscalation()))
                .addAllSupplementalGroups(groups(whole))
                .setSeccomp(
                        seccomp(own.getSeccompProfile() != null ? own.getSeccompProfile() : whole.getSeccompProfile()));
        Long user = PodUsers.of(pod, container);
        Long group = own.getRunAsGroup() != null ? own.getRunAsGroup() : whole.getRunAsGroup();
        if (user != null) {
            out.setRunAsUser(int64(user));
        }
        if (group != null) {
            out.setRunAsGroup(int64(group));
        }
        Capabilities capabilities = own.getCapabilities();
        if (capabilities != null) {
            out.setCapabilities(Capability.newBuilder()
                    .addAllAddCapabilities(capabilities.getAdd())
                    .addAllDropCapabilities(capabilities.getDrop()));
        }
        if (!isPrivileged && !"Unmasked".equals(own.getProcMount())) {
            out.addAllMaskedPaths(MASKED).addAllReadonlyPaths(READ_ONLY);
        }
        return out.build();
    }

    /** Whether the container must not run as root. */
    static boolean mustBeNonRoot(Pod pod, Container container) {
        SecurityContext own = container.getSecurityContext();
        if (own != null && own.getRunAsNonRoot() != null) {
            return own.getRunAsNonRoot();
        }
        PodSecurityContext whole = pod.getSpec().getSecurityContext();
        return whole != null && isTrue(whole.getRunAsNonRoot());
    }

    private static SecurityProfile seccomp(@Nullable SeccompProfile profile) {
        SecurityProfile.Builder out = SecurityProfile.newBuilder();
        String type = profile == null ? "Unconfined" : profile.getType();
        return switch (type) {
            case "RuntimeDefault" ->
                out.setProfileType(SecurityProfile.ProfileType.RuntimeDefault).build();
            case "Localhost" ->
                out.setProfileType(SecurityProfile.ProfileType.Localhost)
                        .setLocalhostRef(
                                "/var/lib/kubelet/seccomp/" + (profile == null ? "" : profile.getLocalhostProfile()))
                        .build();
            default ->
                out.setProfileType(SecurityProfile.ProfileType.Unconfined).build();
        };
    }

    private static List<Long> groups(PodSecurityContext context) {
        List<Long> groups = new ArrayList<>(context.getSupplementalGroups());
        if (context.getFsGroup() != null) {
            groups.add(context.getFsGroup());
        }
        return groups;
    }

    private static Int64Value int64(long value) {
        return Int64Value.newBuilder().setValue(value).build();
    }

    private static boolean isTrue(@Nullable Boolean value) {
        return Boolean.TRUE.equals(value);
    }
}
