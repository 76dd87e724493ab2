/**
 * Runs Jobs to their end, and deletes finished ones when their time to live is over.
 *
 * <p>In: Jobs and their pods. Out: pods created, deleted, released; the Jobs' status. Every pod carries a finalizer until
 * its end is in the status, so that each end counts exactly once (KEP-2307). {@link io.mizzen.controller.job.JobCore}
 * decides, purely. Several workers, one Job on one at a time.
 */
@NullMarked
package io.mizzen.controller.job;

import org.jspecify.annotations.NullMarked;
