// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.runtime;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSecurityContext;
import io.mizzen.kubelet.cri.v1.DNSConfig;
import io.mizzen.kubelet.cri.v1.LinuxPodSandboxConfig;
import io.mizzen.kubelet.cri.v1.PodSandboxConfig;
import io.mizzen.kubelet.cri.v1.PodSandboxMetadata;
import io.mizzen.kubelet.cri.v1.PortMapping;
import io.mizzen.kubelet.cri.v1.Protocol;
import io.mizzen.kubelet.network.PodHostname;
import io.mizzen.kubelet.network.ResolvConf;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What a pod's sandbox is made from. Pure. */
public final class SandboxConfigs {
    private SandboxConfigs() {}

    /**
     * The configuration of a sandbox.
     *
     * @param pod the pod
     * @param attempt how many sandboxes came before
     * @param hostname host name and domain
     * @param dns name resolution
     * @param logDirectory where container logs go
     * @param cgroupParent the pod's cgroup
     */
    public static PodSandboxConfig of(
            Pod pod, int attempt, PodHostname hostname, ResolvConf dns, Path logDirectory, String cgroupParent) {
        ObjectMeta meta = pod.getMetadata();
        boolean isHostNetwork = Boolean.TRUE.equals(pod.getSpec().getHostNetwork());
        PodSandboxConfig.Builder config = PodSandboxConfig.newBuilder()
                .setMetadata(PodSandboxMetadata.newBuilder()
                        .setName(meta.getName())
                        .setNamespace(meta.getNamespace())
                        .setUid(meta.getUid())
                        .setAttempt(attempt))
                .setLogDirectory(logDirectory.toString())
                .setDnsConfig(DNSConfig.newBuilder()
                        .addAllServers(dns.servers())
                        .addAllSearches(dns.searches())
                        .addAllOptions(dns.options()))
                .putAllLabels(meta.getLabels() == null ? Map.of() : meta.getLabels())
                .putLabels(PodLabels.POD_NAME, meta.getName())
                .putLabels(PodLabels.POD_NAMESPACE, meta.getNamespace())
                .putLabels(PodLabels.POD_UID, meta.getUid())
                .putAllAnnotations(meta.getAnnotations() == null ? Map.of() : meta.getAnnotations())
                .putAnnotations(PodLabels.TERMINATION_GRACE, Long.toString(graceSeconds(pod)))
                .setLinux(linux(pod, cgroupParent));
        if (!isHostNetwork) {
            boolean isFqdn = Boolean.TRUE.equals(pod.getSpec().getSetHostnameAsFQDN())
                    && !hostname.domain().isEmpty();
            config.setHostname(isFqdn ? hostname.hostname() + "." + hostname.domain() : hostname.hostname());
            config.addAllPortMappings(portMappings(pod));
        }
        return config.build();
    }

    /** The termination grace of a pod's spec. */
    public static long graceSeconds(Pod pod) {
        Long grace = pod.getSpec().getTerminationGracePeriodSeconds();
        return grace == null ? 30 : grace;
    }

    private static LinuxPodSandboxConfig linux(Pod pod, String cgroupParent) {
        LinuxPodSandboxConfig.Builder linux = LinuxPodSandboxConfig.newBuilder()
                .setCgroupParent(cgroupParent)
                .setSecurityContext(SecurityContexts.sandbox(pod));
        PodSecurityContext context = pod.getSpec().getSecurityContext();
        if (context != null) {
            context.getSysctls().forEach(s -> linux.putSysctls(s.getName(), s.getValue()));
        }
        return linux.build();
    }

    private static List<PortMapping> portMappings(Pod pod) {
        List<PortMapping> out = new ArrayList<>();
        Stream<Container> sidecars =
                pod.getSpec().getInitContainers().stream().filter(c -> "Always".equals(c.getRestartPolicy()));
        Stream.concat(pod.getSpec().getContainers().stream(), sidecars)
                .flatMap(c -> c.getPorts().stream())
                .filter(p -> p.getHostPort() != null && p.getHostPort() > 0)
                .forEach(p -> out.add(PortMapping.newBuilder()
                        .setContainerPort(p.getContainerPort())
                        .setHostPort(p.getHostPort())
                        .setHostIp(p.getHostIP() == null ? "" : p.getHostIP())
                        .setProtocol(protocol(p.getProtocol()))
                        .build()));
        return out;
    }

    private static Protocol protocol(@Nullable String name) {
        return name == null ? Protocol.TCP : Protocol.valueOf(name.toUpperCase(Locale.ROOT));
    }
}
