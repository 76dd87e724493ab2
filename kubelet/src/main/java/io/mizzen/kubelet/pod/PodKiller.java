// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.pod;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Lifecycle;
import io.fabric8.kubernetes.api.model.Pod;
import io.mizzen.kubelet.control.EventSink;
import io.mizzen.kubelet.cri.CriException;
import io.mizzen.kubelet.runtime.RuntimeContainer;
import io.mizzen.kubelet.runtime.RuntimePod;
import io.mizzen.kubelet.runtime.RuntimeSandbox;
import io.mizzen.kubelet.status.EphemeralContainers;
import io.mizzen.kubelet.status.RestartPolicy;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends the containers of a pod within its grace: the normal ones together, then sidecars in reverse order, each after its preStop
 * hook; at last the sandboxes. May run twice at once for the same pod: a second call with a shorter grace hastens the first.
 */
final class PodKiller {
    private static final Logger LOG = LoggerFactory.getLogger(PodKiller.class);
    private static final Duration MINIMUM_GRACE = Duration.ofSeconds(2);

    private final PodServices services;
    private final Hooks hooks;

    PodKiller(PodServices services, Hooks hooks) {
        this.services = services;
        this.hooks = hooks;
    }

    /** Ends everything. Blocks until nothing runs. */
    void kill(Pod pod, RuntimePod seen, Duration grace) throws CriException, InterruptedException {
        long deadline = System.nanoTime() + grace.toNanos();
        List<String> sidecars = pod.getSpec().getInitContainers().stream()
                .filter(RestartPolicy::isSidecar)
                .map(Container::getName)
                .toList();
        List<RuntimeContainer> together = seen.containers().stream()
                .filter(c -> c.isRunning() && !sidecars.contains(c.name()))
                .toList();
        String podIp = seen.readySandbox()
                .flatMap(s -> s.ips().stream().findFirst())
                .orElse(services.node().ip());
        List<Thread> threads = new ArrayList<>();
        List<CriException> failures = new CopyOnWriteArrayList<>();
        for (RuntimeContainer container : together) {
            threads.add(Thread.ofVirtual()
                    .name("kill-" + pod.getMetadata().getName() + "-" + container.name())
                    .start(() -> {
                        try {
                            stop(pod, container, podIp, "Stopping container " + container.name(), deadline);
                        } catch (CriException e) {
                            failures.add(e);
                        }
                    }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        for (String sidecar : sidecars.reversed()) {
            for (RuntimeContainer container : seen.all(sidecar)) {
                if (container.isRunning()) {
                    stop(pod, container, podIp, "Stopping container " + sidecar, deadline);
                }
            }
        }
        if (!failures.isEmpty()) {
            throw failures.getFirst();
        }
        for (RuntimeSandbox sandbox : seen.sandboxes()) {
            services.cri().stopPodSandbox(sandbox.id());
        }
    }

    /** Stops one container: event, preStop, stop signal, and SIGKILL when the deadline (nanoTime) is over. */
    void stop(Pod pod, RuntimeContainer container, String podIp, String message, long deadlineNanos)
            throws CriException {
        Optional<Container> spec = specOf(pod, container.name());
        String path = spec.map(c -> EventSink.fieldPath(pod, c)).orElse("");
        services.events().podEvent(pod, path, false, "Killing", message);
        if (spec.isPresent() && left(deadlineNanos).isPositive()) {
            preStop(pod, spec.get(), container, podIp, left(deadlineNanos));
        }
        Duration grace = left(deadlineNanos);
        services.cri().stopContainer(container.id(), grace.compareTo(MINIMUM_GRACE) < 0 ? MINIMUM_GRACE : grace);
    }

    private void preStop(Pod pod, Container spec, RuntimeContainer container, String podIp, Duration limit) {
        Lifecycle lifecycle = spec.getLifecycle();
        if (lifecycle == null || lifecycle.getPreStop() == null) {
            return;
        }
        try {
            // A whole second is the finest the runtime takes; zero would mean no limit.
            Duration whole = limit.toSeconds() == 0 ? Duration.ofSeconds(1) : Duration.ofSeconds(limit.toSeconds());
            hooks.run(lifecycle.getPreStop(), spec, container.id(), podIp, whole);
        } catch (IOException e) {
            LOG.info(
                    "preStop hook of container {} in pod {}/{} failed: {}",
                    spec.getName(),
                    pod.getMetadata().getNamespace(),
                    pod.getMetadata().getName(),
                    e.getMessage());
            services.events()
                    .podEvent(pod, EventSink.fieldPath(pod, spec), true, "FailedPreStopHook", "PreStopHook failed");
        }
    }

    static Optional<Container> specOf(Pod pod, String name) {
        return Stream.concat(
                        Stream.concat(
                                pod.getSpec().getContainers().stream(), pod.getSpec().getInitContainers().stream()),
                        EphemeralContainers.of(pod).stream())
                .filter(c -> c.getName().equals(name))
                .findFirst();
    }

    private static Duration left(long deadlineNanos) {
        return Duration.ofNanos(deadlineNanos - System.nanoTime());
    }
}
