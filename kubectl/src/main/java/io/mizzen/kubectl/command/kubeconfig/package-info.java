/**
 * {@code kubectl config}: look at and change kubeconfig files. In: an {@link io.mizzen.kubectl.command.Invocation}. Out: files written
 * whole, lines. One thread.
 */
@NullMarked
package io.mizzen.kubectl.command.kubeconfig;

import org.jspecify.annotations.NullMarked;
