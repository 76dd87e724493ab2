// SPDX-License-Identifier: Apache-2.0
/**
 * Schedules of CronJobs: read by the API server to refuse what is none, and by the controller to find the next time.
 * In come texts and instants, out go instants. Pure.
 */
@NullMarked
package io.mizzen.api.schedule;

import org.jspecify.annotations.NullMarked;
