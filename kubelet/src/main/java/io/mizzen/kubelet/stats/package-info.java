/**
 * Usage of the node, its pods and containers: the summary and the resource metrics.
 *
 * <p>In come CRI statistics, cgroup files and {@code /proc}; out go the JSON of {@code /stats/summary} and the text of {@code
 * /metrics/resource}. Composition is pure; one sample is kept for rates, guarded by a lock.
 */
@NullMarked
package io.mizzen.kubelet.stats;

import org.jspecify.annotations.NullMarked;
