/**
 * Sizes workloads by what their pods use (autoscaling/v2). In: HorizontalPodAutoscalers, pods, the resource metrics API, the
 * {@code scale} subresource of any kind. Out: new sizes, the autoscalers' status, events. {@link
 * io.mizzen.controller.podautoscaler.ReplicaRules} says how many replicas a metric asks for and {@link
 * io.mizzen.controller.podautoscaler.RateRules} how fast that may happen; both are pure. Five workers; each autoscaler is
 * looked at every 15 seconds.
 */
@NullMarked
package io.mizzen.controller.podautoscaler;

import org.jspecify.annotations.NullMarked;
