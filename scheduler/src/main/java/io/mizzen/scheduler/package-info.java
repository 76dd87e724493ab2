/**
 * Finds a node for every pod that has none and binds it there.
 *
 * <p>In: pods, nodes and volumes from informers. Out: bindings, {@code PodScheduled} conditions and events. One thread runs the
 * scheduling cycle, a virtual thread a pod runs the binding cycle; both are methods of {@link io.mizzen.scheduler.PodScheduler}.
 */
@NullMarked
package io.mizzen.scheduler;

import org.jspecify.annotations.NullMarked;
