/**
 * The controller manager: starts the controllers, alone or behind leader election, and ends them.
 *
 * <p>In: a connection, options. Out: objects brought nearer to their specs. Each controller is a package below this one:
 * a pure core that turns what is observed into actions, and a shell that reads caches and performs them. All work is done
 * by {@link io.mizzen.client.ControllerLoop}s, also what is periodic: a loop over one key that asks to be called again.
 */
@NullMarked
package io.mizzen.controller;

import org.jspecify.annotations.NullMarked;
