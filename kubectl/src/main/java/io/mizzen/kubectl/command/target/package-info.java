/**
 * Which objects a command works on: manifests, names, selectors. In: the call's arguments and flags. Out:
 * {@link io.mizzen.kubectl.command.target.Target}s. Reads files and asks the server; one thread.
 */
@NullMarked
package io.mizzen.kubectl.command.target;

import org.jspecify.annotations.NullMarked;
