// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.status;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateBuilder;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.ResourceRequirementsBuilder;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.VolumeMountStatusBuilder;
import io.mizzen.kubelet.runtime.RuntimeContainer;
import io.mizzen.kubelet.runtime.StartFailure;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The status of each container of a pod. Pure. */
final class ContainerStatuses {
    private static final int KILLED = 137;

    private final StatusInput in;

    ContainerStatuses(StatusInput in) {
        this.in = in;
    }

    List<ContainerStatus> of(List<Container> containers, boolean isInit, List<ContainerStatus> previous) {
        Map<String, ContainerStatus> old = new HashMap<>();
        previous.forEach(s -> old.put(s.getName(), s));
        List<ContainerStatus> out = new ArrayList<>();
        for (Container container : containers) {
            out.add(one(container, isInit, old.get(container.getName())));
        }
        return out;
    }

    private ContainerStatus one(Container container, boolean isInit, @Nullable ContainerStatus old) {
        List<RuntimeContainer> runs = in.observed().all(container.getName());
        if (runs.isEmpty()) {
            return withoutRun(container, isInit, old);
        }
        RuntimeContainer newest = runs.getFirst();
        ContainerStatusBuilder status = base(container)
                .withImage(newest.image())
                .withImageID(newest.imageId())
                .withContainerID(newest.containerId())
                .withRestartCount(Math.max(newest.attempt(), restartsBefore(old, newest)))
                .withState(stateOf(newest))
                .withLastState(lastState(runs, old));
        boolean isRunning = newest.isRunning();
        status.withStarted(isRunning && in.probes().isStarted(container, newest.id()));
        boolean isReady = isRunning && in.probes().isReady(container, newest.id());
        if (isInit && !RestartPolicy.isSidecar(container)) {
            isReady = newest.isExited() && newest.exitCode() == 0;
        }
        status.withReady(isReady);
        resources(status, container);
        return waitingIfDue(status.build(), container, isInit, newest);
    }

    /** A restart count known to the API must never shrink, even if dead containers were removed. */
    private static int restartsBefore(@Nullable ContainerStatus old, RuntimeContainer newest) {
        return old != null && newest.containerId().equals(old.getContainerID()) && old.getRestartCount() != null
                ? old.getRestartCount()
                : 0;
    }

    private ContainerStatus withoutRun(Container container, boolean isInit, @Nullable ContainerStatus old) {
        ContainerStatusBuilder status = base(container)
                .withImage(container.getImage())
                .withImageID("")
                .withRestartCount(0)
                .withReady(false)
                .withStarted(false)
                .withLastState(new ContainerState())
                .withState(waiting(defaultReason(), null));
        if (old == null) {
            return waitingIfDue(status.build(), container, isInit, null);
        }
        ContainerState state = old.getState() == null ? new ContainerState() : old.getState();
        status.withRestartCount(old.getRestartCount()).withLastState(old.getLastState());
        if (state.getTerminated() != null) {
            boolean isDone = !RestartPolicy.mayRestart(
                    in.pod(), container, isInit, state.getTerminated().getExitCode());
            if (isDone || in.isTerminating()) {
                return old;
            }
            status.withLastState(state);
        } else if (state.getRunning() != null) {
            ContainerState gone = unknown(old.getContainerID());
            if (in.isTerminating() || !RestartPolicy.mayRestart(in.pod(), container, isInit, KILLED)) {
                return status.withState(gone)
                        .withContainerID(old.getContainerID())
                        .withImageID(old.getImageID())
                        .build();
            }
            status.withLastState(gone).withRestartCount(old.getRestartCount() + 1);
        }
        return waitingIfDue(status.build(), container, isInit, null);
    }

    private ContainerStatus waitingIfDue(
            ContainerStatus status, Container container, boolean isInit, @Nullable RuntimeContainer newest) {
        StartFailure failure = in.failures().get(container.getName());
        boolean wantsStart = !in.isTerminating()
                && RestartPolicy.wantsStart(in.pod(), container, isInit, Optional.ofNullable(newest));
        if (failure == null || !wantsStart) {
            return status;
        }
        ContainerStatusBuilder out = new ContainerStatusBuilder(status);
        if (status.getState().getTerminated() != null) {
            out.withLastState(status.getState());
        }
        return out.withState(waiting(failure.reason(), failure.text()))
                .withReady(false)
                .build();
    }

    private ContainerStatusBuilder base(Container container) {
        ContainerStatusBuilder status = new ContainerStatusBuilder().withName(container.getName());
        for (VolumeMount mount : container.getVolumeMounts()) {
            boolean isReadOnly = Boolean.TRUE.equals(mount.getReadOnly());
            VolumeMountStatusBuilder each =
                    new VolumeMountStatusBuilder().withName(mount.getName()).withMountPath(mount.getMountPath());
            if (isReadOnly) {
                each.withReadOnly(true).withRecursiveReadOnly("Disabled");
            }
            status.addToVolumeMounts(each.build());
        }
        return status;
    }

    private static void resources(ContainerStatusBuilder status, Container container) {
        ResourceRequirements resources = container.getResources();
        if (resources == null) {
            status.withResources(new ResourceRequirements());
            return;
        }
        if (resources.getRequests() != null && !resources.getRequests().isEmpty()) {
            status.withAllocatedResources(resources.getRequests());
        }
        status.withResources(new ResourceRequirementsBuilder()
                .withLimits(resources.getLimits())
                .withRequests(resources.getRequests())
                .build());
    }

    private ContainerState stateOf(RuntimeContainer run) {
        return switch (run.state()) {
            case RUNNING ->
                new ContainerStateBuilder()
                        .withNewRunning(Times.format(run.started().orElse(run.created())))
                        .build();
            case EXITED -> terminated(run);
            case CREATED -> waiting(defaultReason(), null);
            case UNKNOWN -> unknown(run.containerId());
        };
    }

    private ContainerState lastState(List<RuntimeContainer> runs, @Nullable ContainerStatus old) {
        Optional<RuntimeContainer> before =
                runs.stream().skip(1).filter(RuntimeContainer::isExited).findFirst();
        if (before.isPresent()) {
            return terminated(before.get());
        }
        return old == null || old.getLastState() == null ? new ContainerState() : old.getLastState();
    }

    private ContainerState terminated(RuntimeContainer run) {
        String reason = run.reason();
        if (reason.isEmpty()) {
            reason = run.exitCode() == 0 ? "Completed" : "Error";
        }
        String text = in.terminationMessages().getOrDefault(run.id(), run.message());
        return new ContainerStateBuilder()
                .withNewTerminated()
                .withExitCode(run.exitCode())
                .withReason(reason)
                .withMessage(text.isEmpty() ? null : text)
                .withStartedAt(Times.format(run.started().orElse(Instant.EPOCH)))
                .withFinishedAt(Times.format(run.finished().orElse(Instant.EPOCH)))
                .withContainerID(run.containerId())
                .endTerminated()
                .build();
    }

    private static ContainerState unknown(@Nullable String containerId) {
        return new ContainerStateBuilder()
                .withNewTerminated()
                .withExitCode(KILLED)
                .withReason("ContainerStatusUnknown")
                .withMessage("The container could not be located when the pod was terminated")
                .withContainerID(containerId)
                .endTerminated()
                .build();
    }

    private static ContainerState waiting(String reason, @Nullable String message) {
        return new ContainerStateBuilder().withNewWaiting(message, reason).build();
    }

    private String defaultReason() {
        return in.pod().getSpec().getInitContainers().isEmpty() ? "ContainerCreating" : "PodInitializing";
    }
}
