/**
 * Commands that talk to running containers: logs, exec, attach, cp, port-forward, run. In: an
 * {@link io.mizzen.kubectl.command.Invocation}. Out: bytes both ways over WebSockets and chunked answers. Each stream has one reader
 * thread and at most one named writer thread, which end with the command.
 */
@NullMarked
package io.mizzen.kubectl.command.stream;

import org.jspecify.annotations.NullMarked;
