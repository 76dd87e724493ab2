/**
 * A running cluster for a test: network namespace, server process, kubectl programs, cleaning up.
 *
 * <p>In comes the packaged program; out come a cluster that meets nobody else's ports, rules or pods, and the means to hurt
 * it. Needs root.
 */
@NullMarked
package io.mizzen.e2e.cluster;

import org.jspecify.annotations.NullMarked;
