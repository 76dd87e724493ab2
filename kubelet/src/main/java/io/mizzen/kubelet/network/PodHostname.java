// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.network;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;

/**
 * Host name and domain of a pod.
 *
 * @param hostname what {@code hostname} answers, at most 63 characters
 * @param domain {@code <subdomain>.<namespace>.svc.<cluster domain>}, empty without a subdomain
 */
public record PodHostname(String hostname, String domain) {
    private static final int MAX_LENGTH = 63;

    /** Derives it from the spec: {@code spec.hostname} or the name, cut to what a host name may be. Pure. */
    public static PodHostname of(Pod pod, String clusterDomain) {
        PodSpec spec = pod.getSpec();
        String override = spec.getHostnameOverride();
        if (override != null && !override.isEmpty()) {
            return new PodHostname(override, "");
        }
        String hostname = spec.getHostname() == null || spec.getHostname().isEmpty()
                ? pod.getMetadata().getName()
                : spec.getHostname();
        if (hostname.length() > MAX_LENGTH) {
            hostname = hostname.substring(0, MAX_LENGTH).replaceAll("[-.]+$", "");
        }
        String domain = spec.getSubdomain() == null || spec.getSubdomain().isEmpty()
                ? ""
                : spec.getSubdomain() + "." + pod.getMetadata().getNamespace() + ".svc." + clusterDomain;
        return new PodHostname(hostname, domain);
    }
}
