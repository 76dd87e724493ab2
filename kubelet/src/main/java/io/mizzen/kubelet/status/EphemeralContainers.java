// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.status;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.EphemeralContainer;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Ephemeral containers in the shape of normal ones, which they share all fields with that the kubelet reads. Pure. */
public final class EphemeralContainers {
    private EphemeralContainers() {}

    /** The ephemeral containers of a pod; they never restart. */
    public static List<Container> of(Pod pod) {
        List<Container> out = new ArrayList<>();
        for (EphemeralContainer each : pod.getSpec().getEphemeralContainers()) {
            out.add(new ContainerBuilder()
                    .withName(each.getName())
                    .withImage(each.getImage())
                    .withImagePullPolicy(each.getImagePullPolicy())
                    .withCommand(each.getCommand())
                    .withArgs(each.getArgs())
                    .withWorkingDir(each.getWorkingDir())
                    .withEnv(each.getEnv())
                    .withEnvFrom(each.getEnvFrom())
                    .withVolumeMounts(each.getVolumeMounts())
                    .withSecurityContext(each.getSecurityContext())
                    .withResources(each.getResources())
                    .withStdin(each.getStdin())
                    .withStdinOnce(each.getStdinOnce())
                    .withTty(each.getTty())
                    .withTerminationMessagePath(each.getTerminationMessagePath())
                    .withTerminationMessagePolicy(each.getTerminationMessagePolicy())
                    .withRestartPolicy("Never")
                    .build());
        }
        return out;
    }

    /** The container whose processes an ephemeral one is to see; null for none. */
    public static @Nullable String targetOf(Pod pod, String name) {
        return pod.getSpec().getEphemeralContainers().stream()
                .filter(c -> c.getName().equals(name))
                .map(EphemeralContainer::getTargetContainerName)
                .filter(t -> t != null && !t.isEmpty())
                .findFirst()
                .orElse(null);
    }
}
