/**
 * The node's own container runtime: configuration, start, adoption and restart of a containerd under the data folder.
 *
 * <p>In come folders and the name of the sandbox image; out comes a unix socket that answers. One thread watches the
 * process. Neither our death nor containerd's touches a container: their shims live on, and the next start adopts both.
 */
@NullMarked
package io.mizzen.launcher.containerd;

import org.jspecify.annotations.NullMarked;
