// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.status;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;

/** The phase of a pod from the states of its containers. Pure. */
final class PodPhase {
    private PodPhase() {}

    static String of(Pod pod, List<ContainerStatus> init, List<ContainerStatus> normal, boolean isTerminal) {
        boolean isPending = false;
        boolean hasFailedInit = false;
        List<Container> specs = pod.getSpec().getInitContainers();
        boolean hasEverRun = normal.stream().anyMatch(s -> s.getState().getRunning() != null || isEnded(s));
        for (int i = 0; i < specs.size() && !hasEverRun; i++) {
            ContainerStatus status = init.get(i);
            ContainerState state = status.getState();
            if (RestartPolicy.isSidecar(specs.get(i))) {
                isPending |= !Boolean.TRUE.equals(status.getStarted());
            } else if (state.getTerminated() != null) {
                int code = state.getTerminated().getExitCode();
                boolean isFinal = !RestartPolicy.mayRestart(pod, specs.get(i), true, code);
                hasFailedInit |= code != 0 && isFinal;
                isPending |= code != 0;
            } else {
                isPending = true;
            }
        }
        int waiting = 0;
        int running = 0;
        int ended = 0;
        boolean isAllGood = true;
        boolean mayAnyRestart = false;
        for (int i = 0; i < normal.size(); i++) {
            ContainerStatus status = normal.get(i);
            if (status.getState().getRunning() != null) {
                running++;
            } else if (isEnded(status)) {
                ended++;
                int code = exitCode(status);
                isAllGood &= code == 0;
                mayAnyRestart |= RestartPolicy.mayRestart(
                        pod, pod.getSpec().getContainers().get(i), false, code);
            } else {
                waiting++;
            }
        }
        if (hasFailedInit) {
            return "Failed";
        }
        if (isPending && !isTerminal) {
            return "Pending";
        }
        if (waiting > 0 && !isTerminal) {
            return "Pending";
        }
        if (running > 0) {
            return "Running";
        }
        if (isTerminal) {
            return ended > 0 && isAllGood && waiting == 0 && !isPending ? "Succeeded" : "Failed";
        }
        if (ended > 0) {
            return mayAnyRestart ? "Running" : isAllGood ? "Succeeded" : "Failed";
        }
        return "Pending";
    }

    /** Terminated, or waiting to run again. */
    private static boolean isEnded(ContainerStatus status) {
        if (status.getState().getTerminated() != null) {
            return true;
        }
        return status.getState().getWaiting() != null
                && status.getLastState() != null
                && status.getLastState().getTerminated() != null;
    }

    private static int exitCode(ContainerStatus status) {
        ContainerStateTerminated terminated = status.getState().getTerminated() != null
                ? status.getState().getTerminated()
                : status.getLastState().getTerminated();
        return terminated.getExitCode();
    }
}
