// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.volume;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSecurityContext;
import io.fabric8.kubernetes.api.model.SecurityContext;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** As whom the containers of a pod run, as far as its specification says. Pure. */
public final class PodUsers {
    private PodUsers() {}

    /** The user that the specification names; null when the image decides. */
    public static @Nullable Long of(Pod pod, Container container) {
        SecurityContext own = container.getSecurityContext();
        if (own != null && own.getRunAsUser() != null) {
            return own.getRunAsUser();
        }
        PodSecurityContext whole = pod.getSpec().getSecurityContext();
        return whole == null ? null : whole.getRunAsUser();
    }

    /** The user of all init and other containers; empty when they differ or one is not named (KEP-1205: who reads a token). */
    static OptionalLong ofAll(Pod pod) {
        Set<OptionalLong> users = Stream.concat(
                        pod.getSpec().getInitContainers().stream(), pod.getSpec().getContainers().stream())
                .map(container -> of(pod, container))
                .map(user -> user == null ? OptionalLong.empty() : OptionalLong.of(user))
                .collect(Collectors.toSet());
        return users.size() == 1 ? users.iterator().next() : OptionalLong.empty();
    }
}
