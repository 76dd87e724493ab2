// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.runtime;

import io.mizzen.kubelet.cri.CriClient;
import io.mizzen.kubelet.cri.CriException;
import io.mizzen.kubelet.cri.v1.Container;
import io.mizzen.kubelet.cri.v1.ContainerStatus;
import io.mizzen.kubelet.cri.v1.NamespaceMode;
import io.mizzen.kubelet.cri.v1.PodSandbox;
import io.mizzen.kubelet.cri.v1.PodSandboxState;
import io.mizzen.kubelet.cri.v1.PodSandboxStatus;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads what the runtime holds of a pod. Stateless; blocks on the runtime. */
public final class RuntimeReader {
    private final CriClient cri;

    /** Reads through the given client. */
    public RuntimeReader(CriClient cri) {
        this.cri = cri;
    }

    /**
     * The current state of one pod.
     *
     * @throws CriException when the runtime cannot be asked; what vanishes between two calls is left out
     */
    public RuntimePod read(String uid, String namespace, String name) throws CriException {
        Map<String, String> selector = Map.of(PodLabels.POD_UID, uid);
        List<RuntimeSandbox> sandboxes = new ArrayList<>();
        for (PodSandbox sandbox : cri.listPodSandboxes(selector)) {
            try {
                sandboxes.add(sandbox(cri.podSandboxStatus(sandbox.getId())));
            } catch (CriException e) {
                if (!e.isNotFound()) {
                    throw e;
                }
            }
        }
        List<RuntimeContainer> containers = new ArrayList<>();
        for (Container container : cri.listContainers(selector)) {
            try {
                containers.add(container(container, cri.containerStatus(container.getId())));
            } catch (CriException e) {
                if (!e.isNotFound()) {
                    throw e;
                }
            }
        }
        return new RuntimePod(uid, namespace, name, sandboxes, containers);
    }

    private static RuntimeSandbox sandbox(PodSandboxStatus status) {
        List<String> ips = new ArrayList<>();
        if (!status.getNetwork().getIp().isEmpty()) {
            ips.add(status.getNetwork().getIp());
        }
        status.getNetwork().getAdditionalIpsList().forEach(ip -> ips.add(ip.getIp()));
        boolean host = status.getLinux().getNamespaces().getOptions().getNetwork() == NamespaceMode.NODE;
        return new RuntimeSandbox(
                status.getId(),
                status.getMetadata().getAttempt(),
                status.getState() == PodSandboxState.SANDBOX_READY,
                instant(status.getCreatedAt()),
                ips,
                host);
    }

    private static RuntimeContainer container(Container listed, ContainerStatus status) {
        RuntimeContainer.State state = switch (status.getState()) {
            case CONTAINER_CREATED -> RuntimeContainer.State.CREATED;
            case CONTAINER_RUNNING -> RuntimeContainer.State.RUNNING;
            case CONTAINER_EXITED -> RuntimeContainer.State.EXITED;
            case CONTAINER_UNKNOWN, UNRECOGNIZED -> RuntimeContainer.State.UNKNOWN;
        };
        String image = status.getImage().getImage();
        return new RuntimeContainer(
                status.getId(),
                status.getMetadata().getName(),
                listed.getPodSandboxId(),
                status.getMetadata().getAttempt(),
                state,
                instant(status.getCreatedAt()),
                status.getStartedAt() > 0 ? Optional.of(instant(status.getStartedAt())) : Optional.empty(),
                status.getFinishedAt() > 0 ? Optional.of(instant(status.getFinishedAt())) : Optional.empty(),
                status.getExitCode(),
                status.getReason(),
                status.getMessage(),
                image.isEmpty() ? listed.getImage().getImage() : image,
                status.getImageRef(),
                status.getLogPath(),
                status.getAnnotationsMap());
    }

    private static Instant instant(long nanos) {
        return Instant.ofEpochSecond(0, nanos);
    }
}
