// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.podautoscaler;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HPAScalingRules;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerBehavior;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricIdentifier;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricSpec;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricStatus;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricStatusBuilder;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricTarget;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricValueStatus;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricValueStatusBuilder;
import io.mizzen.client.ApiClient;
import io.mizzen.controller.podautoscaler.ReplicaRules.Observed;
import io.mizzen.controller.podautoscaler.ReplicaRules.Proposal;
import io.mizzen.controller.podautoscaler.ReplicaRules.Tolerance;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Asks every metric of an autoscaler what it wants, and puts the answers together: the largest wins, and one that cannot be
 * had forbids to shrink.
 */
final class MetricEvaluation {
    private static final double USUAL_TOLERANCE = 0.1;

    private final ApiClient api;

    MetricEvaluation(ApiClient api) {
        this.api = api;
    }

    /**
     * What is evaluated.
     *
     * @param selector of the pods, as text
     * @param pods that it finds
     */
    record Input(HorizontalPodAutoscaler autoscaler, int replicas, String selector, List<Pod> pods, Instant now) {
        Input {
            pods = List.copyOf(pods);
        }

        String namespace() {
            return autoscaler.getMetadata().getNamespace();
        }
    }

    /**
     * A metric that could not be had.
     *
     * @param reason of condition and event
     * @param message of the event
     * @param text in the list of errors
     */
    record Failure(String reason, String message, String text) {}

    /**
     * The answer of all.
     *
     * @param replicas wanted size; -1 when none can be told
     * @param metric which wants it
     * @param statuses of those that could be had
     * @param failures of the others
     * @param asked how many metrics there are
     */
    record Evaluated(int replicas, String metric, List<MetricStatus> statuses, List<Failure> failures, int asked) {
        /** The errors as one text; empty without any. */
        String error() {
            return failures.isEmpty()
                    ? ""
                    : "invalid metrics (" + failures.size() + " invalid out of " + asked + "), first error is: "
                            + failures.getFirst().text();
        }
    }

    private record Answer(int replicas, String metric, MetricStatus status) {}

    /** Carries a failure out of the evaluation of one metric. */
    private static final class Failed extends Exception {
        @java.io.Serial
        private static final long serialVersionUID = 1;

        private final transient Failure failure;

        Failed(Failure failure) {
            super(failure.text());
            this.failure = failure;
        }
    }

    Evaluated evaluate(Input input) {
        int replicas = 0;
        String metric = "";
        List<MetricStatus> statuses = new ArrayList<>();
        List<Failure> failures = new ArrayList<>();
        List<MetricSpec> metrics = input.autoscaler().getSpec().getMetrics();
        for (MetricSpec spec : metrics) {
            try {
                Answer answer = ask(input, spec);
                statuses.add(answer.status());
                if (replicas == 0 || answer.replicas() > replicas) {
                    replicas = answer.replicas();
                    metric = answer.metric();
                }
            } catch (Failed failed) {
                failures.add(failed.failure);
            }
        }
        boolean none = failures.size() >= metrics.size();
        boolean wouldShrink = !failures.isEmpty() && replicas < input.replicas();
        return none || wouldShrink
                ? new Evaluated(-1, "", statuses, failures, metrics.size())
                : new Evaluated(replicas, metric, statuses, failures, metrics.size());
    }

    private Answer ask(Input input, MetricSpec spec) throws Failed {
        switch (spec.getType()) {
            case "Resource" -> {
                var source = spec.getResource();
                String name = source.getName();
                Answer answer;
                try {
                    answer = resource(input, name, "", source.getTarget());
                } catch (MetricUnavailable missing) {
                    throw failed(
                            "FailedGetResourceMetric", missing, "failed to get " + name + " resource metric value");
                }
                return answer;
            }
            case "ContainerResource" -> {
                var source = spec.getContainerResource();
                try {
                    return resource(input, source.getName(), source.getContainer(), source.getTarget());
                } catch (MetricUnavailable missing) {
                    throw failed(
                            "FailedGetContainerResourceMetric",
                            missing,
                            "failed to get " + source.getContainer() + " container metric value");
                }
            }
            case "Pods" ->
                throw failed(
                        "FailedGetPodsMetric",
                        custom(spec.getPods().getMetric(), ""),
                        "failed to get pods metric value");
            case "Object" -> {
                var object = spec.getObject();
                String of = object.getDescribedObject().getKind() + " on " + input.namespace() + " "
                        + object.getDescribedObject().getName() + "/";
                throw failed(
                        "FailedGetObjectMetric", custom(object.getMetric(), of), "failed to get object metric value");
            }
            case "External" -> {
                MetricIdentifier metric = spec.getExternal().getMetric();
                throw failed(
                        "FailedGetExternalMetric",
                        new MetricUnavailable("unable to get external metric " + input.namespace() + "/"
                                + metric.getName() + "/" + selectorText(metric.getSelector())
                                + ": unable to fetch metrics from external metrics API: no external metrics API"
                                + " (external.metrics.k8s.io) registered"),
                        "failed to get " + metric.getName() + " external metric value");
            }
            default ->
                throw failed(
                        "InvalidMetricSourceType",
                        new MetricUnavailable("unknown metric source type \"" + spec.getType() + "\""),
                        "unknown metric source type \"" + spec.getType() + "\"");
        }
    }

    private static MetricUnavailable custom(MetricIdentifier metric, String of) {
        return new MetricUnavailable("unable to get metric " + metric.getName() + ": " + of
                + "unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io)"
                + " registered");
    }

    private static Failed failed(String reason, MetricUnavailable missing, String what) {
        String message = String.valueOf(missing.getMessage());
        return new Failed(new Failure(reason, message, what + ": " + message));
    }

    /** A selector as Go prints it, which is how it stands in upstream's text. */
    private static String selectorText(@Nullable LabelSelector selector) {
        if (selector == null) {
            return "nil";
        }
        Map<String, String> labels = selector.getMatchLabels() == null ? Map.of() : selector.getMatchLabels();
        StringBuilder map = new StringBuilder();
        labels.forEach(
                (key, value) -> map.append(key).append(": ").append(value).append(','));
        return "&LabelSelector{MatchLabels:map[string]string{" + map
                + "},MatchExpressions:[]LabelSelectorRequirement{},}";
    }

    private Answer resource(Input input, String name, String container, MetricTarget target) throws MetricUnavailable {
        boolean byValue = target.getAverageValue() != null;
        if (!byValue && target.getAverageUtilization() == null) {
            throw new MetricUnavailable("invalid resource metric source: neither an average utilization target nor an"
                    + " average value (usage) target was set");
        }
        Proposal proposal;
        try {
            Map<String, PodMetric> usage =
                    ResourceMetrics.read(api, input.namespace(), input.selector(), name, container);
            Observed observed = new Observed(
                    input.replicas(), input.pods(), usage, name, container, tolerance(input.autoscaler()), input.now());
            proposal = byValue
                    ? ReplicaRules.byAverageValue(observed, milli(target.getAverageValue()))
                    : ReplicaRules.byUtilization(observed, target.getAverageUtilization());
        } catch (MetricUnavailable missing) {
            throw new MetricUnavailable(
                    "failed to get " + name + (byValue ? " usage: " : " utilization: ") + missing.getMessage());
        }
        MetricValueStatus current = new MetricValueStatusBuilder()
                .withAverageValue(new Quantity(io.mizzen.api.quantity.Quantity.ofMilli(proposal.averageMilli())
                        .toString()))
                .withAverageUtilization(byValue ? null : Integer.valueOf(proposal.utilization()))
                .build();
        return new Answer(proposal.replicas(), described(name, container, byValue), status(name, container, current));
    }

    private static String described(String name, String container, boolean byValue) {
        if (byValue) {
            return name + " resource";
        }
        return name + (container.isEmpty() ? "" : " container") + " resource utilization (percentage of request)";
    }

    private static MetricStatus status(String name, String container, MetricValueStatus current) {
        return container.isEmpty()
                ? new MetricStatusBuilder()
                        .withType("Resource")
                        .withNewResource()
                        .withName(name)
                        .withCurrent(current)
                        .endResource()
                        .build()
                : new MetricStatusBuilder()
                        .withType("ContainerResource")
                        .withNewContainerResource()
                        .withName(name)
                        .withContainer(container)
                        .withCurrent(current)
                        .endContainerResource()
                        .build();
    }

    private static long milli(Quantity quantity) {
        return io.mizzen.api.quantity.Quantity.parse(quantity.toString()).toMilli();
    }

    private static Tolerance tolerance(HorizontalPodAutoscaler autoscaler) {
        HorizontalPodAutoscalerBehavior behavior = autoscaler.getSpec().getBehavior();
        return behavior == null
                ? new Tolerance(USUAL_TOLERANCE, USUAL_TOLERANCE)
                : new Tolerance(tolerance(behavior.getScaleDown()), tolerance(behavior.getScaleUp()));
    }

    private static double tolerance(@Nullable HPAScalingRules rules) {
        return rules == null || rules.getTolerance() == null ? USUAL_TOLERANCE : milli(rules.getTolerance()) / 1000.0;
    }
}
