/**
 * {@code kubectl debug}: debugging containers in a pod, in a copy of one, or on a node. {@link io.mizzen.kubectl.command.debug.DebugPods}
 * and {@link io.mizzen.kubectl.command.debug.Profile} decide what is made and are pure; {@link io.mizzen.kubectl.command.debug.Debug} asks the
 * server for it and attaches. One thread.
 */
@NullMarked
package io.mizzen.kubectl.command.debug;

import org.jspecify.annotations.NullMarked;
