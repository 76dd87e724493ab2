/**
 * Commands that change objects. In: an {@link io.mizzen.kubectl.command.Invocation}. Out: requests and a line for each change. One
 * thread.
 */
@NullMarked
package io.mizzen.kubectl.command.write;

import org.jspecify.annotations.NullMarked;
