/**
 * Commands about the cluster itself: nodes, what is served, who may do what, usage, certificates. In: an
 * {@link io.mizzen.kubectl.command.Invocation}. Out: lines and requests. One thread.
 */
@NullMarked
package io.mizzen.kubectl.command.cluster;

import org.jspecify.annotations.NullMarked;
