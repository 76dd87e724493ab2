// SPDX-License-Identifier: Apache-2.0
package io.mizzen.controller.podautoscaler;

import java.time.Duration;
import java.time.Instant;

/**
 * What a pod, or one of its containers, uses of a resource.
 *
 * @param time end of the window
 * @param window over which it was measured
 * @param milli thousandths
 */
public record PodMetric(Instant time, Duration window, long milli) {}
