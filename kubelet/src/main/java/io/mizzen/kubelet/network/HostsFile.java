// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.network;

import io.fabric8.kubernetes.api.model.HostAlias;
import java.util.List;

/** Content of a pod's {@code /etc/hosts}. Pure. */
public final class HostsFile {
    private HostsFile() {}

    /**
     * The file of a pod with a network of its own.
     *
     * @param ips addresses of the pod
     * @param hostName its host name
     * @param domainName its domain; empty without a subdomain
     * @param aliases {@code spec.hostAliases}
     */
    public static String ofPod(List<String> ips, String hostName, String domainName, List<HostAlias> aliases) {
        StringBuilder out = new StringBuilder("""
                # Kubernetes-managed hosts file.
                127.0.0.1\tlocalhost
                ::1\tlocalhost ip6-localhost ip6-loopback
                fe00::0\tip6-localnet
                fe00::0\tip6-mcastprefix
                fe00::1\tip6-allnodes
                fe00::2\tip6-allrouters
                """);
        for (String ip : ips) {
            out.append(ip).append('\t');
            if (!domainName.isEmpty()) {
                out.append(hostName).append('.').append(domainName).append('\t');
            }
            out.append(hostName).append('\n');
        }
        return out.append(aliases(aliases)).toString();
    }

    /** The file of a pod in the host's network. */
    public static String ofHost(String hostContent, List<HostAlias> aliases) {
        return "# Kubernetes-managed hosts file (host network).\n" + hostContent + aliases(aliases);
    }

    private static String aliases(List<HostAlias> aliases) {
        if (aliases.isEmpty()) {
            return "";
        }
        StringBuilder out = new StringBuilder("\n# Entries added by HostAliases.\n");
        for (HostAlias alias : aliases) {
            out.append(alias.getIp())
                    .append('\t')
                    .append(String.join("\t", alias.getHostnames()))
                    .append('\n');
        }
        return out.toString();
    }
}
