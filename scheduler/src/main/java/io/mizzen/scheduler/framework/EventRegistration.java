// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.framework;

import org.jspecify.annotations.Nullable;

/**
 * A plugin's wish to be asked when an event happens (KEP-4247).
 *
 * @param event the pattern
 * @param hint whether a given occurrence can help a given pod
 */
public record EventRegistration(ClusterEvent event, Hint hint) {
    /** Judges whether an occurrence may make a pod schedulable that the plugin refused. */
    @FunctionalInterface
    public interface Hint {
        /** True wakes the pod. {@code before} is null on Add, {@code after} is null on Delete. */
        boolean mayHelp(PodInfo pod, @Nullable Object before, @Nullable Object after);
    }

    /** A registration that always wakes. */
    public static EventRegistration always(ClusterEvent event) {
        return new EventRegistration(event, (pod, before, after) -> true);
    }
}
