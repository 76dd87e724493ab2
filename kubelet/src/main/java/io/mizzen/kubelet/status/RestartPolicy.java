// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.status;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerRestartRule;
import io.fabric8.kubernetes.api.model.ContainerRestartRuleOnExitCodes;
import io.fabric8.kubernetes.api.model.Pod;
import io.mizzen.kubelet.runtime.RuntimeContainer;
import java.util.Optional;

/** Whether a container that is not running is to run again. Pure. */
public final class RestartPolicy {
    private RestartPolicy() {}

    /** The policy that holds for a container: its own, or for init containers a milder form of the pod's, or the pod's. */
    public static String of(Pod pod, Container container, boolean isInit) {
        String own = container.getRestartPolicy();
        if (own != null && !own.isEmpty()) {
            return own;
        }
        String policy = pod.getSpec().getRestartPolicy() == null
                ? "Always"
                : pod.getSpec().getRestartPolicy();
        // An init container that has ended well has done its work, whatever the pod's policy.
        return isInit && policy.equals("Always") ? "OnFailure" : policy;
    }

    /** Whether a container of which this is the newest run (or none) is to be started. */
    public static boolean wantsStart(Pod pod, Container container, boolean isInit, Optional<RuntimeContainer> newest) {
        if (newest.isEmpty()) {
            return true;
        }
        return switch (newest.get().state()) {
            case RUNNING -> false;
            case CREATED, UNKNOWN -> true;
            case EXITED -> mayRestart(pod, container, isInit, newest.get().exitCode());
        };
    }

    /** Whether a container that ended with the exit code is to run again. */
    public static boolean mayRestart(Pod pod, Container container, boolean isInit, int exitCode) {
        for (ContainerRestartRule rule : container.getRestartPolicyRules()) {
            ContainerRestartRuleOnExitCodes codes = rule.getExitCodes();
            if (codes == null || exitCode == 0) {
                continue;
            }
            boolean isIn = codes.getValues().contains(exitCode);
            if ("In".equals(codes.getOperator()) == isIn) {
                return "Restart".equals(rule.getAction());
            }
        }
        return switch (of(pod, container, isInit)) {
            case "Always" -> true;
            case "OnFailure" -> exitCode != 0;
            default -> false;
        };
    }

    /** Whether it is an init container that runs beside the normal ones. */
    public static boolean isSidecar(Container initContainer) {
        return "Always".equals(initContainer.getRestartPolicy());
    }
}
