/**
 * The program {@code mizzen}: reads the command line, makes keys, starts the components and ends them in reverse order.
 *
 * <p>The only place that wires components together. In come arguments and a settings file; out go running components,
 * a kubeconfig and one line for each thing that listens. The main thread waits for the signal to stop.
 */
@NullMarked
package io.mizzen.launcher;

import org.jspecify.annotations.NullMarked;
