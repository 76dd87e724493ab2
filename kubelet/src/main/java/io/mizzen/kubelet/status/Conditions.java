// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.status;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import io.fabric8.kubernetes.api.model.PodReadinessGate;
import io.fabric8.kubernetes.api.model.PodStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The conditions of a pod. Pure. */
final class Conditions {
    private final StatusInput in;
    private final String phase;
    private final List<ContainerStatus> init;
    private final List<ContainerStatus> normal;

    Conditions(StatusInput in, String phase, List<ContainerStatus> init, List<ContainerStatus> normal) {
        this.in = in;
        this.phase = phase;
        this.init = init;
        this.normal = normal;
    }

    /** All that the kubelet owns, in upstream's order. */
    List<PodCondition> all() {
        Verdict ready = containersReady();
        List<PodCondition> out = new ArrayList<>();
        out.add(condition("PodReadyToStartContainers", sandbox()));
        out.add(condition("Initialized", initialized()));
        out.add(condition("Ready", ready(ready)));
        out.add(condition("ContainersReady", ready));
        out.add(condition("PodScheduled", Verdict.yes()));
        in.verdict()
                .filter(v -> v.kind() == StatusInput.Verdict.Kind.DISRUPTED)
                .ifPresent(v ->
                        out.add(condition("DisruptionTarget", new Verdict(true, "TerminationByKubelet", v.message()))));
        return out;
    }

    private record Verdict(
            boolean isTrue,
            @Nullable String reason,
            @Nullable String message) {
        static Verdict yes() {
            return new Verdict(true, null, null);
        }

        static Verdict no(String reason, @Nullable String message) {
            return new Verdict(false, reason, message);
        }
    }

    private Verdict sandbox() {
        boolean isReady = in.observed()
                .readySandbox()
                .filter(s -> s.usesHostNetwork() || !s.ips().isEmpty())
                .isPresent();
        return new Verdict(isReady, null, null);
    }

    private Verdict initialized() {
        List<Container> specs = in.pod().getSpec().getInitContainers();
        if (specs.isEmpty()) {
            return Verdict.yes();
        }
        if (phase.equals("Succeeded")) {
            return new Verdict(true, "PodCompleted", null);
        }
        boolean hasEverRun = normal.stream()
                .anyMatch(s -> s.getState().getRunning() != null
                        || s.getState().getTerminated() != null
                        || (s.getLastState() != null && s.getLastState().getTerminated() != null));
        if (hasEverRun) {
            return Verdict.yes();
        }
        List<String> incomplete = new ArrayList<>();
        for (int i = 0; i < specs.size(); i++) {
            ContainerStatus status = init.get(i);
            boolean isDone = RestartPolicy.isSidecar(specs.get(i))
                    ? Boolean.TRUE.equals(status.getStarted())
                    : Boolean.TRUE.equals(status.getReady());
            if (!isDone) {
                incomplete.add(status.getName());
            }
        }
        return incomplete.isEmpty()
                ? Verdict.yes()
                : Verdict.no("ContainersNotInitialized", "containers with incomplete status: " + list(incomplete));
    }

    private Verdict containersReady() {
        if (phase.equals("Succeeded")) {
            return Verdict.no("PodCompleted", null);
        }
        if (phase.equals("Failed")) {
            return Verdict.no("PodFailed", null);
        }
        List<String> unready = new ArrayList<>();
        List<Container> specs = in.pod().getSpec().getInitContainers();
        for (int i = 0; i < specs.size(); i++) {
            if (RestartPolicy.isSidecar(specs.get(i))
                    && !Boolean.TRUE.equals(init.get(i).getReady())) {
                unready.add(specs.get(i).getName());
            }
        }
        normal.stream().filter(s -> !Boolean.TRUE.equals(s.getReady())).forEach(s -> unready.add(s.getName()));
        return unready.isEmpty()
                ? Verdict.yes()
                : Verdict.no("ContainersNotReady", "containers with unready status: " + list(unready));
    }

    private Verdict ready(Verdict containers) {
        if (!containers.isTrue()) {
            return containers;
        }
        List<String> problems = new ArrayList<>();
        for (PodReadinessGate gate : in.pod().getSpec().getReadinessGates()) {
            String type = gate.getConditionType();
            Optional<PodCondition> condition = find(in.pod().getStatus(), type);
            if (condition.isEmpty()) {
                problems.add("corresponding condition of pod readiness gate \"" + type + "\" does not exist.");
            } else if (!"True".equals(condition.get().getStatus())) {
                problems.add("the status of pod readiness gate \"" + type + "\" is not \"True\", but "
                        + condition.get().getStatus());
            }
        }
        return problems.isEmpty() ? Verdict.yes() : Verdict.no("ReadinessGatesNotReady", String.join(", ", problems));
    }

    private PodCondition condition(String type, Verdict verdict) {
        String status = verdict.isTrue() ? "True" : "False";
        String since = find(in.previous(), type)
                .filter(old -> status.equals(old.getStatus()))
                .map(PodCondition::getLastTransitionTime)
                .orElse(Times.format(in.now()));
        return new PodConditionBuilder()
                .withType(type)
                .withStatus(status)
                .withReason(verdict.reason())
                .withMessage(verdict.message())
                .withLastTransitionTime(since)
                .withObservedGeneration(in.pod().getMetadata().getGeneration())
                .build();
    }

    private static Optional<PodCondition> find(@Nullable PodStatus status, String type) {
        return status == null
                ? Optional.empty()
                : status.getConditions().stream()
                        .filter(c -> type.equals(c.getType()))
                        .findFirst();
    }

    private static String list(List<String> names) {
        return "[" + String.join(" ", names) + "]";
    }
}
