/**
 * The life of a pod on its node.
 *
 * <p>In come pods and what the runtime holds of them; {@link io.mizzen.kubelet.pod.PodDecision} (pure) says what to do; {@link
 * io.mizzen.kubelet.pod.PodSync} does it; out go containers and status. Begin reading at {@link
 * io.mizzen.kubelet.pod.PodWorker}. One virtual thread a pod owns all of that pod's state; others only leave it messages.
 */
@NullMarked
package io.mizzen.kubelet.pod;

import org.jspecify.annotations.NullMarked;
