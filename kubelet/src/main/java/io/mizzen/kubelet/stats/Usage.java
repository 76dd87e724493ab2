// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.stats;

import java.time.Duration;
import java.time.Instant;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Cumulative CPU and present memory of something.
 *
 * @param time when it was read
 * @param cpuNanos CPU time since it began
 * @param memoryBytes all memory charged to it
 * @param workingSetBytes memory that cannot be given back easily
 */
public record Usage(Instant time, long cpuNanos, long memoryBytes, long workingSetBytes) {
    /** Thousand-millionths of a core used between an older reading and this one; empty if that says nothing. */
    public OptionalLong nanoCoresSince(@Nullable Usage older) {
        if (older == null || older.cpuNanos() > cpuNanos) {
            return OptionalLong.empty();
        }
        long elapsed = Duration.between(older.time(), time).toNanos();
        return elapsed <= 0
                ? OptionalLong.empty()
                : OptionalLong.of((long) ((double) (cpuNanos - older.cpuNanos()) * 1e9 / elapsed));
    }
}
