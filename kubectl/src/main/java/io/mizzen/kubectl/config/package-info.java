/**
 * Which server, as whom, in which namespace: kubeconfig files, environment, flags and the pod's own account put together. In: flags
 * and environment. Out: {@link io.mizzen.kubectl.config.Settings}. Reads files, keeps nothing.
 */
@NullMarked
package io.mizzen.kubectl.config;

import org.jspecify.annotations.NullMarked;
