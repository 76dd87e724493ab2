// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.metrics;

import java.time.Instant;

/**
 * One reading of a node or a container.
 *
 * @param time when it was read on its node
 * @param cpuNanos CPU time used since it began
 * @param memoryBytes working set
 */
record Sample(Instant time, long cpuNanos, long memoryBytes) {}
