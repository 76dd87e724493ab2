/**
 * Rolls Deployments out by growing and shrinking ReplicaSets.
 *
 * <p>In: Deployments, their ReplicaSets, the pods of those. Out: ReplicaSets created, scaled, deleted; revisions; the
 * Deployment's status. {@link io.mizzen.controller.deployment.Rollout} decides, purely, one step at a time; every step is
 * safe whatever happens after it, so a crash between two writes only delays. Several workers, one Deployment on one at a
 * time.
 */
@NullMarked
package io.mizzen.controller.deployment;

import org.jspecify.annotations.NullMarked;
