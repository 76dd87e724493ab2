/**
 * The commands, one class each, and what they share: the {@link io.mizzen.kubectl.command.Invocation}, printing of results, collecting
 * of failures. In: flags and arguments. Out: lines on the streams, changes on the server, an exit code. One call runs in one thread;
 * streaming commands start named threads of their own and end them.
 */
@NullMarked
package io.mizzen.kubectl.command;

import org.jspecify.annotations.NullMarked;
