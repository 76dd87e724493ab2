// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.podautoscaler;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.mizzen.api.selector.LabelSelector;
import io.mizzen.client.ChangeHandler;
import io.mizzen.client.ControllerLoop;
import io.mizzen.client.EventSink;
import io.mizzen.client.Informer;
import io.mizzen.client.ObjectKey;
import io.mizzen.client.Result;
import io.mizzen.client.WorkQueue;
import io.mizzen.controller.Controller;
import io.mizzen.controller.ControllerContext;
import io.mizzen.controller.podautoscaler.MetricEvaluation.Evaluated;
import io.mizzen.controller.podautoscaler.MetricEvaluation.Failure;
import io.mizzen.controller.podautoscaler.ScaleTargets.Scale;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The shell of the autoscaler: reads a target's scale and its pods' usage, asks {@link ReplicaRules} and {@link RateRules},
 * writes the scale and the status. Histories are kept by autoscaler; the loop never works one on two threads.
 */
public final class HorizontalController implements Controller {
    private static final Logger log = LoggerFactory.getLogger(HorizontalController.class);
    private static final String NAME = "horizontal-pod-autoscaler-controller";
    private static final Duration PERIOD = Duration.ofSeconds(15);
    private static final int WORKERS = 5;

    private final ControllerContext context;
    private final Informer<HorizontalPodAutoscaler> autoscalers;
    private final Informer<Pod> pods;
    private final EventSink events;
    private final ScaleTargets targets;
    private final MetricEvaluation metrics;
    private final WorkQueue<ObjectKey> queue;
    private final ControllerLoop<ObjectKey> loop;
    private final Map<ObjectKey, ScalingHistory> histories = new ConcurrentHashMap<>();
    private final Map<ObjectKey, LabelSelector> selectors = new ConcurrentHashMap<>();

    /** Asks for its informers and waits to be started. */
    public HorizontalController(ControllerContext context) {
        this.context = context;
        this.autoscalers = context.informers().of(HorizontalPodAutoscaler.class);
        this.pods = context.informers().of(Pod.class);
        this.events = context.events().apply("horizontal-pod-autoscaler");
        this.targets = new ScaleTargets(context.api());
        this.metrics = new MetricEvaluation(context.api());
        this.queue = context.queue(NAME);
        this.loop = context.loop(queue, NAME, WORKERS, this::reconcile);
        // A change of the status is this controller's own and must not make it look again at once.
        autoscalers.onChange(new ChangeHandler<>() {
            @Override
            public void added(HorizontalPodAutoscaler autoscaler) {
                queue.add(ObjectKey.of(autoscaler));
            }

            @Override
            public void updated(HorizontalPodAutoscaler before, HorizontalPodAutoscaler autoscaler) {
                if (!autoscaler.getSpec().equals(before.getSpec())) {
                    queue.add(ObjectKey.of(autoscaler));
                }
            }

            @Override
            public void deleted(HorizontalPodAutoscaler autoscaler) {
                queue.add(ObjectKey.of(autoscaler));
            }
        });
    }

    @Override
    public List<ControllerLoop<?>> loops() {
        return List.of(loop);
    }

    private Result reconcile(ObjectKey key) {
        Optional<HorizontalPodAutoscaler> found = autoscalers.find(key);
        if (found.isEmpty()) {
            histories.remove(key);
            selectors.remove(key);
            return Result.done();
        }
        HorizontalPodAutoscaler autoscaler = found.get();
        AutoscalerStatus status =
                new AutoscalerStatus(autoscaler, context.clock().instant());
        try {
            scale(key, autoscaler, status);
        } catch (MetricUnavailable missing) {
            log.debug("Autoscaler {}: {}", key, missing.getMessage());
        } finally {
            status.changed().ifPresent(this::writeStatus);
        }
        return Result.after(PERIOD);
    }

    /** Whoever changed the autoscaler meanwhile is heard in the next round. */
    private void writeStatus(HorizontalPodAutoscaler autoscaler) {
        try {
            HorizontalPodAutoscaler written = context.api().updateStatus(autoscaler);
            log.debug("Autoscaler {} is at {}", ObjectKey.of(written), written.getStatus());
        } catch (KubernetesClientException refused) {
            log.debug("Status of autoscaler {}: {}", ObjectKey.of(autoscaler), refused.getMessage());
        }
    }

    private void scale(ObjectKey key, HorizontalPodAutoscaler autoscaler, AutoscalerStatus status)
            throws MetricUnavailable {
        Instant now = context.clock().instant();
        Scale scale = read(key, autoscaler, status);
        int current = scale.replicas();
        ScalingHistory history =
                histories.getOrDefault(key, ScalingHistory.EMPTY).begun(current, now);
        histories.put(key, history);
        Integer minimum = autoscaler.getSpec().getMinReplicas();
        int min = minimum == null ? 1 : minimum;
        int max = autoscaler.getSpec().getMaxReplicas();
        if (current == 0 && min != 0) {
            status.condition(
                    "ScalingActive",
                    false,
                    "ScalingDisabled",
                    "scaling is disabled since the replica count of the target is zero");
            status.sizes(current, 0).metrics(List.of());
        } else if (current > max) {
            status.metrics(List.of());
            resize(autoscaler, status, scale, max, "Current number of replicas above Spec.MaxReplicas");
        } else if (current < min) {
            status.metrics(List.of());
            resize(autoscaler, status, scale, min, "Current number of replicas below Spec.MinReplicas");
        } else {
            byMetrics(autoscaler, status, scale, new Bounds(min, max), now);
        }
    }

    private record Bounds(int min, int max) {}

    private Scale read(ObjectKey key, HorizontalPodAutoscaler autoscaler, AutoscalerStatus status)
            throws MetricUnavailable {
        try {
            Scale scale = targets.read(key.namespace(), autoscaler.getSpec().getScaleTargetRef());
            status.condition(
                    "AbleToScale",
                    true,
                    "SucceededGetScale",
                    "the HPA controller was able to get the target's current scale");
            return scale;
        } catch (KubernetesClientException refused) {
            throw noScale(autoscaler, status, message(refused));
        } catch (MetricUnavailable unknown) {
            throw noScale(autoscaler, status, String.valueOf(unknown.getMessage()));
        }
    }

    private MetricUnavailable noScale(HorizontalPodAutoscaler autoscaler, AutoscalerStatus status, String why) {
        events.warning(autoscaler, "FailedGetScale", why);
        status.condition(
                "AbleToScale",
                false,
                "FailedGetScale",
                "the HPA controller was unable to get the target's current scale: " + why);
        return new MetricUnavailable(why);
    }

    /** What the server said, without what the client adds to it. */
    private static String message(KubernetesClientException refused) {
        return refused.getStatus() != null && refused.getStatus().getMessage() != null
                ? refused.getStatus().getMessage()
                : String.valueOf(refused.getMessage());
    }

    private void byMetrics(
            HorizontalPodAutoscaler autoscaler, AutoscalerStatus status, Scale scale, Bounds bounds, Instant now)
            throws MetricUnavailable {
        ObjectKey key = ObjectKey.of(autoscaler);
        int current = scale.replicas();
        Evaluated wanted;
        try {
            List<Pod> selected = selected(key, autoscaler, status, scale.selector());
            wanted = metrics.evaluate(new MetricEvaluation.Input(autoscaler, current, scale.selector(), selected, now));
        } catch (MetricUnavailable unusable) {
            status.sizes(current, status.desired()).metrics(List.of());
            events.warning(autoscaler, "FailedComputeMetricsReplicas", String.valueOf(unusable.getMessage()));
            throw unusable;
        }
        for (Failure failure : wanted.failures()) {
            events.warning(autoscaler, failure.reason(), failure.message());
        }
        if (wanted.replicas() < 0) {
            Failure first = wanted.failures().getFirst();
            status.condition(
                    "ScalingActive",
                    false,
                    first.reason(),
                    "the HPA was unable to compute the replica count: " + first.message());
            status.sizes(current, status.desired()).metrics(wanted.statuses());
            events.warning(autoscaler, "FailedComputeMetricsReplicas", wanted.error());
            throw new MetricUnavailable(wanted.error());
        }
        status.condition(
                "ScalingActive",
                true,
                "ValidMetricFound",
                "the HPA was able to successfully calculate a replica count from " + wanted.metric());
        status.metrics(wanted.statuses());
        RateRules.Verdict verdict = RateRules.bound(
                new RateRules.Wish(
                        current,
                        wanted.replicas(),
                        bounds.min(),
                        bounds.max(),
                        autoscaler.getSpec().getBehavior()),
                histories.getOrDefault(key, ScalingHistory.EMPTY),
                now);
        histories.put(key, verdict.history());
        status.condition(
                "AbleToScale", true, verdict.able().reason(), verdict.able().message());
        status.condition(
                "ScalingLimited",
                verdict.limited(),
                verdict.limit().reason(),
                verdict.limit().message());
        if (verdict.replicas() == current) {
            status.sizes(current, current);
            return;
        }
        String reason = wanted.replicas() > current ? wanted.metric() + " above target" : "All metrics below target";
        resize(autoscaler, status, scale, verdict.replicas(), reason);
    }

    /** The pods of the target; an autoscaler must have them for itself. */
    private List<Pod> selected(ObjectKey key, HorizontalPodAutoscaler autoscaler, AutoscalerStatus status, String text)
            throws MetricUnavailable {
        if (text.isEmpty()) {
            throw unusable(
                    autoscaler,
                    status,
                    "SelectorRequired",
                    "InvalidSelector",
                    "selector is required",
                    "the HPA target's scale is missing a selector");
        }
        LabelSelector selector;
        try {
            selector = LabelSelector.parse(text);
        } catch (IllegalArgumentException malformed) {
            String why = "couldn't convert selector into a corresponding internal selector object: "
                    + malformed.getMessage();
            throw unusable(autoscaler, status, "InvalidSelector", "InvalidSelector", why, why);
        }
        selectors.put(key, selector);
        List<Pod> selected = pods.inNamespace(key.namespace()).stream()
                .filter(pod -> selector.matches(labels(pod)))
                .toList();
        TreeSet<ObjectKey> claimants = new TreeSet<>();
        for (Pod pod : selected) {
            selectors.forEach((other, otherSelector) -> {
                if (other.namespace().equals(key.namespace()) && otherSelector.matches(labels(pod))) {
                    claimants.add(other);
                }
            });
        }
        claimants.add(key);
        if (claimants.size() > 1) {
            String names =
                    String.join(" ", claimants.stream().map(ObjectKey::toString).toList());
            String why = "pods by selector " + text + " are controlled by multiple HPAs: [" + names + "]";
            throw unusable(autoscaler, status, "AmbiguousSelector", "AmbiguousSelector", why, why);
        }
        return selected;
    }

    private MetricUnavailable unusable(
            HorizontalPodAutoscaler autoscaler,
            AutoscalerStatus status,
            String event,
            String reason,
            String why,
            String message) {
        events.warning(autoscaler, event, why);
        status.condition("ScalingActive", false, reason, message);
        return new MetricUnavailable(why);
    }

    private static Map<String, String> labels(Pod pod) {
        @Nullable Map<String, String> labels = pod.getMetadata().getLabels();
        return labels == null ? Map.of() : labels;
    }

    private void resize(
            HorizontalPodAutoscaler autoscaler, AutoscalerStatus status, Scale scale, int wanted, String reason)
            throws MetricUnavailable {
        ObjectKey key = ObjectKey.of(autoscaler);
        int current = scale.replicas();
        try {
            targets.write(scale, wanted);
        } catch (KubernetesClientException refused) {
            String why = message(refused);
            events.warning(
                    autoscaler, "FailedRescale", "New size: " + wanted + "; reason: " + reason + "; error: " + why);
            status.condition(
                    "AbleToScale",
                    false,
                    "FailedUpdateScale",
                    "the HPA controller was unable to update the target scale: " + why);
            status.sizes(current, status.desired());
            throw new MetricUnavailable(why);
        }
        status.condition(
                "AbleToScale",
                true,
                "SucceededRescale",
                "the HPA controller was able to update the target scale to " + wanted);
        events.normal(autoscaler, "SuccessfulRescale", "New size: " + wanted + "; reason: " + reason);
        status.sizes(current, wanted).rescaled();
        if (autoscaler.getSpec().getBehavior() != null) {
            Instant now = context.clock().instant();
            Duration keep = RateRules.longestPeriod(autoscaler.getSpec().getBehavior());
            histories.computeIfPresent(key, (same, history) -> history.resized(current, wanted, now, keep));
        }
    }
}
