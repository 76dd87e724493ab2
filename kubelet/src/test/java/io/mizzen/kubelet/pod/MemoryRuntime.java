// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.pod;

import io.fabric8.kubernetes.api.model.Container;
import io.mizzen.kubelet.runtime.ContainerConfigs;
import io.mizzen.kubelet.runtime.PodLabels;
import io.mizzen.kubelet.runtime.RuntimeContainer;
import io.mizzen.kubelet.runtime.RuntimeContainer.State;
import io.mizzen.kubelet.runtime.RuntimePod;
import io.mizzen.kubelet.runtime.RuntimeSandbox;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** What a container runtime holds of one pod, in memory. One thread. */
final class MemoryRuntime {
    private final InstantSource clock;
    private final List<RuntimeSandbox> sandboxes = new ArrayList<>();
    private final List<RuntimeContainer> containers = new ArrayList<>();
    private int made;

    MemoryRuntime(InstantSource clock) {
        this.clock = clock;
    }

    RuntimePod observe() {
        return new RuntimePod("u", "ns", "p", sandboxes, containers);
    }

    /** A moment of its own for each thing that is made, as the runtime has nanoseconds. */
    private Instant moment() {
        return clock.instant().plusNanos(++made);
    }

    String createSandbox(int attempt) {
        String id = "s" + made;
        sandboxes.add(new RuntimeSandbox(id, attempt, true, moment(), List.of("10.0.0.1"), false));
        return id;
    }

    /** Makes a container and starts it, unless it stays made. */
    void create(Container spec, String sandbox, int attempt, boolean isStarted) {
        Instant created = moment();
        containers.add(new RuntimeContainer(
                "c" + made,
                spec.getName(),
                sandbox,
                attempt,
                isStarted ? State.RUNNING : State.CREATED,
                created,
                isStarted ? Optional.of(created) : Optional.empty(),
                Optional.empty(),
                0,
                "",
                "",
                spec.getImage(),
                "sha",
                "/log",
                Map.of(PodLabels.CONTAINER_HASH, ContainerConfigs.hash(spec))));
    }

    void exit(String id, int code) {
        containers.replaceAll(container -> container.id().equals(id) && container.isRunning()
                ? new RuntimeContainer(
                        id,
                        container.name(),
                        container.sandboxId(),
                        container.attempt(),
                        State.EXITED,
                        container.created(),
                        container.started(),
                        Optional.of(clock.instant()),
                        code,
                        code == 0 ? "Completed" : "Error",
                        "",
                        container.image(),
                        container.imageId(),
                        container.logPath(),
                        container.annotations())
                : container);
    }

    /** The sandbox is ready no more; its containers may live on for a while. */
    void loseSandbox(String id) {
        change(
                id,
                sandbox -> new RuntimeSandbox(
                        id, sandbox.attempt(), false, sandbox.created(), sandbox.ips(), sandbox.usesHostNetwork()));
    }

    private void change(String id, UnaryOperator<RuntimeSandbox> change) {
        sandboxes.replaceAll(sandbox -> sandbox.id().equals(id) ? change.apply(sandbox) : sandbox);
    }

    void stopSandbox(String id) {
        observe().containers().stream()
                .filter(container -> container.sandboxId().equals(id))
                .forEach(container -> exit(container.id(), 137));
        loseSandbox(id);
    }

    void removeContainer(String id) {
        containers.removeIf(container -> container.id().equals(id));
    }

    void removeSandbox(String id) {
        sandboxes.removeIf(sandbox -> sandbox.id().equals(id));
    }
}
