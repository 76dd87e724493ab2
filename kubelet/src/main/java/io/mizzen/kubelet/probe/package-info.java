/**
 * Startup, liveness and readiness probes.
 *
 * <p>In come running containers with probes; out go their results, read as an immutable {@link
 * io.mizzen.kubelet.probe.ProbeView}, and a call whenever one changes. Counting is pure; one virtual thread a probe, named
 * {@code probe-<kind>-<pod>-<container>}, ends with its container.
 */
@NullMarked
package io.mizzen.kubelet.probe;

import org.jspecify.annotations.NullMarked;
