/**
 * {@code kubectl rollout}: following, listing, undoing, restarting, pausing rollouts of Deployments, DaemonSets and StatefulSets. In: an
 * {@link io.mizzen.kubectl.command.Invocation}. Out: lines and patches. One thread.
 */
@NullMarked
package io.mizzen.kubectl.command.rollout;

import org.jspecify.annotations.NullMarked;
