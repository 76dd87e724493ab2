/**
 * Names and addresses of pods: resolv.conf, hosts file, the node bridge for the runtime, masquerading.
 *
 * <p>In come pod specs and the address range of the node; out go file contents (pure) and, from {@link
 * io.mizzen.kubelet.network.PodNetwork}, the configuration that the runtime reads. No threads of its own.
 */
@NullMarked
package io.mizzen.kubelet.network;

import org.jspecify.annotations.NullMarked;
