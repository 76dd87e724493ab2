/**
 * {@code kubectl set}: images, environment, resources, service account, selector, subjects. In: an
 * {@link io.mizzen.kubectl.command.Invocation}. Out: patches and lines. One thread.
 */
@NullMarked
package io.mizzen.kubectl.command.set;

import org.jspecify.annotations.NullMarked;
