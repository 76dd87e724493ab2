// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.admission;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSecurityContext;
import io.fabric8.kubernetes.api.model.Sysctl;
import java.util.Optional;
import java.util.Set;

/**
 * Which kernel parameters a pod may set: upstream's safe ones, which a namespace of the pod's own keeps from others. Pure.
 */
final class SysctlRules {
    private static final Set<String> SAFE = Set.of(
            "kernel.shm_rmid_forced",
            "net.ipv4.ip_local_port_range",
            "net.ipv4.tcp_syncookies",
            "net.ipv4.ping_group_range",
            "net.ipv4.ip_unprivileged_port_start",
            "net.ipv4.ip_local_reserved_ports",
            "net.ipv4.tcp_keepalive_time",
            "net.ipv4.tcp_fin_timeout",
            "net.ipv4.tcp_keepalive_intvl",
            "net.ipv4.tcp_keepalive_probes",
            "net.ipv4.tcp_rmem",
            "net.ipv4.tcp_wmem");

    private SysctlRules() {}

    static Optional<Rejection> check(Pod pod) {
        PodSecurityContext context = pod.getSpec().getSecurityContext();
        if (context == null || context.getSysctls() == null) {
            return Optional.empty();
        }
        boolean hasHostNetwork = Boolean.TRUE.equals(pod.getSpec().getHostNetwork());
        boolean hasHostIpc = Boolean.TRUE.equals(pod.getSpec().getHostIPC());
        for (Sysctl sysctl : context.getSysctls()) {
            // Both spellings are allowed: net/ipv4/x and net.ipv4.x.
            String name = sysctl.getName().replace('/', '.');
            if (!SAFE.contains(name)) {
                return forbidden(name, "not allowlisted");
            }
            if (hasHostNetwork && name.startsWith("net.")) {
                return forbidden(name, "not allowed with host net enabled");
            }
            if (hasHostIpc && name.startsWith("kernel.")) {
                return forbidden(name, "not allowed with host ipc enabled");
            }
        }
        return Optional.empty();
    }

    private static Optional<Rejection> forbidden(String name, String why) {
        return Optional.of(new Rejection("SysctlForbidden", "forbidden sysctl: \"" + name + "\" " + why));
    }
}
