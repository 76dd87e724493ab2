/**
 * The command line itself: how flags are declared and parsed, what a command is, how one ends. In: the words of a call. Out:
 * parsed {@link io.mizzen.kubectl.cli.Flags} and a {@link io.mizzen.kubectl.cli.CommandFailure} with upstream's text. One call, one
 * thread.
 */
@NullMarked
package io.mizzen.kubectl.cli;

import org.jspecify.annotations.NullMarked;
