/**
 * What the scheduler believes about the cluster: nodes with their pods, the assumed ones included.
 *
 * <p>In: informer events and assumptions of the scheduling cycle. Out: an incrementally renewed snapshot. One lock guards the
 * cache, so any thread may call; a snapshot belongs to the scheduling thread.
 */
@NullMarked
package io.mizzen.scheduler.cache;

import org.jspecify.annotations.NullMarked;
