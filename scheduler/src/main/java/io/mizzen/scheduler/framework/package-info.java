/**
 * The scheduling framework: extension points, cycle state, statuses, and the immutable views of pods and nodes that plugins see.
 *
 * <p>In: a pod and a snapshot. Out: statuses and scores. Nothing here does I/O, reads a clock or starts a thread; all types are
 * either immutable or owned by the thread that runs the scheduling cycle.
 */
@NullMarked
package io.mizzen.scheduler.framework;

import org.jspecify.annotations.NullMarked;
