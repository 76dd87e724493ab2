/**
 * What is told of a pod: phase, conditions, container states.
 *
 * <p>In come the pod, what the runtime holds of it and the results of probes; out comes {@code status} as upstream writes it.
 * All of it is pure.
 */
@NullMarked
package io.mizzen.kubelet.status;

import org.jspecify.annotations.NullMarked;
