// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler;

/**
 * How a scheduler runs.
 *
 * @param schedulerName the profile; pods choose it by {@code spec.schedulerName}
 * @param isLeaderElected whether only the holder of lease {@code kube-system/kube-scheduler} schedules
 * @param identity the name of this instance in the lease, unique among instances
 * @param percentageOfNodesToScore how many feasible nodes are enough, 1 to 100; 0 adapts to the size of the cluster
 */
public record SchedulerOptions(
        String schedulerName, boolean isLeaderElected, String identity, int percentageOfNodesToScore) {
    /** The name pods have when they name no scheduler. */
    public static final String DEFAULT_SCHEDULER_NAME = "default-scheduler";

    /** Refuses percentages out of range. */
    public SchedulerOptions {
        if (percentageOfNodesToScore < 0 || percentageOfNodesToScore > 100) {
            throw new IllegalArgumentException(
                    "percentageOfNodesToScore: " + percentageOfNodesToScore + " is not in the range of 0 to 100");
        }
    }

    /** The default profile without leader election, for a single instance. */
    public static SchedulerOptions single(String identity) {
        return new SchedulerOptions(DEFAULT_SCHEDULER_NAME, false, identity, 0);
    }

    /** The default profile with leader election. */
    public static SchedulerOptions elected(String identity) {
        return new SchedulerOptions(DEFAULT_SCHEDULER_NAME, true, identity, 0);
    }
}
