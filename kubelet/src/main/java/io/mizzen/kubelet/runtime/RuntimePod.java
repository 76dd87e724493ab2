// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.runtime;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * All that the runtime holds of one pod.
 *
 * @param uid of the pod
 * @param namespace of the pod
 * @param name of the pod
 * @param sandboxes newest first
 * @param containers newest first
 */
public record RuntimePod(
        String uid, String namespace, String name, List<RuntimeSandbox> sandboxes, List<RuntimeContainer> containers) {

    /** Sorts newest first and copies. */
    public RuntimePod {
        sandboxes = sandboxes.stream()
                .sorted(Comparator.comparing(RuntimeSandbox::created).reversed())
                .toList();
        containers = containers.stream()
                .sorted(Comparator.comparing(RuntimeContainer::created).reversed())
                .toList();
    }

    /** A pod of which the runtime knows nothing. */
    public static RuntimePod none(String uid, String namespace, String name) {
        return new RuntimePod(uid, namespace, name, List.of(), List.of());
    }

    /** The newest container of a name, in whichever sandbox. */
    public Optional<RuntimeContainer> latest(String container) {
        return containers.stream().filter(c -> c.name().equals(container)).findFirst();
    }

    /** The newest container of a name in one sandbox. */
    public Optional<RuntimeContainer> latestIn(String sandboxId, String container) {
        return containers.stream()
                .filter(c -> c.name().equals(container) && c.sandboxId().equals(sandboxId))
                .findFirst();
    }

    /** All containers of a name, newest first. */
    public List<RuntimeContainer> all(String container) {
        return containers.stream().filter(c -> c.name().equals(container)).toList();
    }

    /** The newest sandbox, ready or not. */
    public Optional<RuntimeSandbox> latestSandbox() {
        return sandboxes.stream().findFirst();
    }

    /** The newest sandbox if it is ready. */
    public Optional<RuntimeSandbox> readySandbox() {
        return latestSandbox().filter(RuntimeSandbox::isReady);
    }

    /** Whether any container runs. */
    public boolean isAnyRunning() {
        return containers.stream().anyMatch(RuntimeContainer::isRunning);
    }

    /** Whether there is anything at all. */
    public boolean isEmpty() {
        return sandboxes.isEmpty() && containers.isEmpty();
    }
}
