/**
 * What the runtime holds, and what it is asked for.
 *
 * <p>In come CRI lists and pod objects; out go {@link io.mizzen.kubelet.runtime.RuntimePod} (observed) and CRI
 * configurations of sandboxes and containers (wanted). All but the reader and the event relay is pure: no I/O, no clock.
 */
@NullMarked
package io.mizzen.kubelet.runtime;

import org.jspecify.annotations.NullMarked;
