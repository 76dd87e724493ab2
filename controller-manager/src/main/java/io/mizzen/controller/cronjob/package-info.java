/**
 * Starts Jobs by the clock. In: CronJobs and their Jobs. Out: Jobs created and deleted, status.
 * {@link io.mizzen.api.schedule.CronSchedule} knows the times, {@link io.mizzen.controller.cronjob.CronPlan} decides;
 * both are pure. Several workers, one CronJob on one at a time.
 */
@NullMarked
package io.mizzen.controller.cronjob;

import org.jspecify.annotations.NullMarked;
