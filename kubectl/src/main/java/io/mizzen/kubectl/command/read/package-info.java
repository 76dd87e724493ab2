/**
 * Commands that only look: get, describe, explain, events, what the server serves. In: an
 * {@link io.mizzen.kubectl.command.Invocation}. Out: text. One thread.
 */
@NullMarked
package io.mizzen.kubectl.command.read;

import org.jspecify.annotations.NullMarked;
