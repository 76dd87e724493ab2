/**
 * The scheduling queue: active, back-off, unschedulable and gated pods, and the events that wake them.
 *
 * <p>In: pods, cluster events, the outcome of each attempt. Out: the next pod to try. The clock is an argument; one lock guards
 * everything, so any thread may call.
 */
@NullMarked
package io.mizzen.scheduler.queue;

import org.jspecify.annotations.NullMarked;
