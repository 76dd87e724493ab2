// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.job;

import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.PodFailurePolicyOnExitCodesRequirement;
import io.fabric8.kubernetes.api.model.batch.v1.PodFailurePolicyOnPodConditionsPattern;
import io.fabric8.kubernetes.api.model.batch.v1.PodFailurePolicyRule;
import io.mizzen.client.ObjectKey;
import io.mizzen.controller.pod.Pods;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What a failed pod means for its Job, by the Job's pod failure policy (KEP-3329). Pure. */
final class FailurePolicy {

    private FailurePolicy() {}

    /**
     * The outcome of the first rule that matches.
     *
     * @param counts whether the failure counts towards the back-off limit
     * @param failIndex whether the pod's index has failed with it
     * @param failJob why the whole Job fails, if it does
     */
    record Effect(boolean counts, boolean failIndex, Optional<String> failJob) {}

    private static final Effect COUNTED = new Effect(true, false, Optional.empty());

    static Effect of(Job job, Pod pod) {
        var policy = job.getSpec().getPodFailurePolicy();
        if (policy == null || policy.getRules() == null || !Pods.phase(pod).equals("Failed")) {
            return COUNTED;
        }
        for (int i = 0; i < policy.getRules().size(); i++) {
            PodFailurePolicyRule rule = policy.getRules().get(i);
            Optional<String> match = match(rule, pod);
            if (match.isPresent()) {
                return switch (String.valueOf(rule.getAction())) {
                    case "Ignore" -> new Effect(false, false, Optional.empty());
                    case "FailIndex" -> new Effect(true, IndexFailures.isCounted(job), Optional.empty());
                    case "FailJob" ->
                        new Effect(true, false, Optional.of(match.get() + " matching FailJob rule at index " + i));
                    default -> COUNTED;
                };
            }
        }
        return COUNTED;
    }

    private static Optional<String> match(PodFailurePolicyRule rule, Pod pod) {
        if (rule.getOnExitCodes() != null) {
            return exitCode(rule.getOnExitCodes(), pod);
        }
        if (rule.getOnPodConditions() != null) {
            for (PodFailurePolicyOnPodConditionsPattern pattern : rule.getOnPodConditions()) {
                String status = pattern.getStatus() == null ? "True" : pattern.getStatus();
                boolean matches = Pods.condition(pod, pattern.getType())
                        .map(c -> status.equals(c.getStatus()))
                        .orElse(false);
                if (matches) {
                    return Optional.of("Pod " + ObjectKey.of(pod) + " has condition " + pattern.getType());
                }
            }
        }
        return Optional.empty();
    }

    private static Optional<String> exitCode(PodFailurePolicyOnExitCodesRequirement wanted, Pod pod) {
        for (ContainerStatus status : containers(pod)) {
            boolean named = wanted.getContainerName() == null
                    || wanted.getContainerName().equals(status.getName());
            var terminated =
                    status.getState() == null ? null : status.getState().getTerminated();
            if (!named || terminated == null || terminated.getExitCode() == null || terminated.getExitCode() == 0) {
                continue;
            }
            int code = terminated.getExitCode();
            boolean listed = wanted.getValues().contains(code);
            if (listed == "In".equals(wanted.getOperator())) {
                return Optional.of("Container " + status.getName() + " for pod " + ObjectKey.of(pod)
                        + " failed with exit code " + code);
            }
        }
        return Optional.empty();
    }

    private static List<ContainerStatus> containers(Pod pod) {
        List<ContainerStatus> all = new ArrayList<>();
        if (pod.getStatus().getContainerStatuses() != null) {
            all.addAll(pod.getStatus().getContainerStatuses());
        }
        if (pod.getStatus().getInitContainerStatuses() != null) {
            all.addAll(pod.getStatus().getInitContainerStatuses());
        }
        return all;
    }
}
