// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.server;

import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStateWaiting;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.mizzen.kubelet.cri.CriClient;
import io.mizzen.kubelet.cri.CriException;
import io.mizzen.kubelet.cri.v1.ContainerState;
import io.mizzen.kubelet.log.LogRequest;
import io.mizzen.kubelet.runtime.RuntimeContainer;
import io.mizzen.kubelet.runtime.RuntimePod;
import io.mizzen.kubelet.runtime.RuntimeReader;
import io.mizzen.kubelet.status.Times;
import io.vertx.core.MultiMap;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Finds and reads the log that a request asks for. Runs on the request's thread. */
final class LogsEndpoint {
    private final CriClient cri;
    private final RuntimeReader reader;
    private final BiFunction<String, String, Optional<Pod>> pods;
    private final InstantSource clock;

    LogsEndpoint(
            CriClient cri, RuntimeReader reader, BiFunction<String, String, Optional<Pod>> pods, InstantSource clock) {
        this.cri = cri;
        this.reader = reader;
        this.pods = pods;
        this.clock = clock;
    }

    /** A log that can be read. */
    record Source(Path file, LogRequest request, BooleanSupplier isRunning) {}

    /** Finds it. */
    Source find(KubeletRoute.Logs route, MultiMap query) throws ServerException, CriException {
        Pod pod = pods.apply(route.namespace(), route.pod())
                .orElseThrow(() -> new ServerException(404, "pod \"" + route.pod() + "\" does not exist\n"));
        if (!hasContainer(pod, route.container())) {
            throw new ServerException(
                    404, "container \"" + route.container() + "\" not found in pod \"" + route.pod() + "\"\n");
        }
        LogRequest request = request(query, clock.instant());
        RuntimePod seen = reader.read(pod.getMetadata().getUid(), route.namespace(), route.pod());
        List<RuntimeContainer> runs = seen.all(route.container()).stream()
                .filter(r -> r.state() != RuntimeContainer.State.CREATED)
                .toList();
        boolean wantsPrevious = isTrue(query.get("previous"));
        if (wantsPrevious) {
            String id = lastTerminated(pod, route.container());
            RuntimeContainer previous = runs.stream()
                    .filter(run -> id.endsWith("://" + run.id()))
                    .findFirst()
                    .orElseThrow(() -> new ServerException(
                            400,
                            "previous terminated container \"" + route.container() + "\" in pod \"" + route.pod()
                                    + "\" not found"));
            return new Source(Path.of(previous.logPath()), request, () -> false);
        }
        if (runs.isEmpty()) {
            throw new ServerException(
                    400,
                    "container \"" + route.container() + "\" in pod \"" + route.pod() + "\" is waiting to start: "
                            + waitingReason(pod, route.container()));
        }
        RuntimeContainer run = runs.getFirst();
        return new Source(Path.of(run.logPath()), request, new RunningCheck(cri, run.id(), run.isRunning()));
    }

    private static boolean hasContainer(Pod pod, String name) {
        return Stream.concat(pod.getSpec().getContainers().stream(), pod.getSpec().getInitContainers().stream())
                        .anyMatch(c -> c.getName().equals(name))
                || pod.getSpec().getEphemeralContainers().stream()
                        .anyMatch(c -> c.getName().equals(name));
    }

    /** The container that the status names as the one before; empty when there was none. */
    private static String lastTerminated(Pod pod, String container) {
        return statusOf(pod, container)
                .map(ContainerStatus::getLastState)
                .map(io.fabric8.kubernetes.api.model.ContainerState::getTerminated)
                .map(ContainerStateTerminated::getContainerID)
                .orElse("");
    }

    private static Optional<ContainerStatus> statusOf(Pod pod, String container) {
        if (pod.getStatus() == null) {
            return Optional.empty();
        }
        return Stream.of(
                        pod.getStatus().getContainerStatuses(),
                        pod.getStatus().getInitContainerStatuses(),
                        pod.getStatus().getEphemeralContainerStatuses())
                .flatMap(List::stream)
                .filter(status -> status.getName().equals(container))
                .findFirst();
    }

    private static String waitingReason(Pod pod, String container) {
        ContainerStateWaiting waiting = statusOf(pod, container)
                .map(ContainerStatus::getState)
                .map(io.fabric8.kubernetes.api.model.ContainerState::getWaiting)
                .orElse(null);
        if (waiting == null) {
            return "ContainerCreating";
        }
        boolean isPull = List.of("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull")
                .contains(waiting.getReason());
        return isPull ? "trying and failing to pull image" : String.valueOf(waiting.getReason());
    }

    /** Reads the options of the request. Pure. */
    static LogRequest request(MultiMap query, Instant now) throws ServerException {
        OptionalLong tail = number(query, "tailLines", 0);
        OptionalLong limit = number(query, "limitBytes", 1);
        OptionalLong sinceSeconds = number(query, "sinceSeconds", 1);
        Optional<Instant> since =
                sinceSeconds.isPresent() ? Optional.of(now.minusSeconds(sinceSeconds.getAsLong())) : Optional.empty();
        String sinceTime = query.get("sinceTime");
        if (sinceTime != null && !sinceTime.isEmpty()) {
            since = Times.parse(sinceTime);
            if (since.isEmpty()) {
                throw new ServerException(400, "sinceTime is not a time: " + sinceTime);
            }
        }
        return new LogRequest(isTrue(query.get("follow")), isTrue(query.get("timestamps")), tail, since, limit);
    }

    private static OptionalLong number(MultiMap query, String name, long atLeast) throws ServerException {
        String text = query.get(name);
        if (text == null || text.isEmpty()) {
            return OptionalLong.empty();
        }
        try {
            long value = Long.parseLong(text);
            if (value >= atLeast) {
                return OptionalLong.of(value);
            }
        } catch (NumberFormatException e) {
            throw new ServerException(400, name + " is not a number: " + text);
        }
        throw new ServerException(422, name + " must be at least " + atLeast);
    }

    static boolean isTrue(@Nullable String value) {
        return value != null && (value.equals("1") || value.equalsIgnoreCase("true"));
    }

    /** Asks the runtime at most once a second whether a container still runs. Confined to one reader. */
    private static final class RunningCheck implements BooleanSupplier {
        private final CriClient cri;
        private final String id;
        private boolean isRunning;
        private long nextAsk;

        RunningCheck(CriClient cri, String id, boolean isRunning) {
            this.cri = cri;
            this.id = id;
            this.isRunning = isRunning;
            this.nextAsk = System.nanoTime() + TimeUnit.SECONDS.toNanos(1);
        }

        @Override
        public boolean getAsBoolean() {
            if (isRunning && System.nanoTime() - nextAsk >= 0) {
                nextAsk = System.nanoTime() + TimeUnit.SECONDS.toNanos(1);
                try {
                    isRunning = cri.containerStatus(id).getState() == ContainerState.CONTAINER_RUNNING;
                } catch (CriException e) {
                    // An unreachable runtime says nothing about the container; an unknown container has ended.
                    isRunning = !e.isNotFound();
                }
            }
            return isRunning;
        }
    }
}
