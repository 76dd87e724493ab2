/**
 * {@code kubectl create KIND}, {@code run}, {@code expose}, {@code autoscale}: objects made from flags. In: an
 * {@link io.mizzen.kubectl.command.Invocation}. Out: one object, shown or created. One thread.
 */
@NullMarked
package io.mizzen.kubectl.command.create;

import org.jspecify.annotations.NullMarked;
