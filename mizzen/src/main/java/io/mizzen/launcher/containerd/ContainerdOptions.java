// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.containerd;

import java.nio.file.Path;
import java.time.Duration;

/**
 * An own containerd.
 *
 * @param folder everything it keeps; must belong to it alone
 * @param sandboxImage image of the sandbox container, imported before the first pod
 * @param cniConfDir where it looks for the pod network's configuration
 * @param cniBinDir where the CNI plugins lie
 * @param startTimeout longest time from start of the process to a socket that answers
 */
public record ContainerdOptions(
        Path folder, String sandboxImage, Path cniConfDir, Path cniBinDir, Duration startTimeout) {
    /** The kernel's limit for the path of a unix socket, less its closing zero. */
    private static final int LONGEST_SOCKET_PATH = 107;

    /** Makes the folder absolute and checks its length. */
    public ContainerdOptions {
        folder = folder.toAbsolutePath().normalize();
        int length = folder.resolve("containerd.sock.ttrpc").toString().length();
        if (length > LONGEST_SOCKET_PATH) {
            throw new ContainerdException("the data folder's path is too long for a unix socket by "
                    + (length - LONGEST_SOCKET_PATH) + " characters: choose a shorter --data-dir");
        }
    }

    /** The CRI socket. */
    public Path socket() {
        return folder.resolve("containerd.sock");
    }

    Path config() {
        return folder.resolve("config.toml");
    }

    Path log() {
        return folder.resolve("containerd.log");
    }

    Path pidFile() {
        return folder.resolve("containerd.pid");
    }

    /** Settings of registries, a folder a host ({@code hosts.toml}). */
    public Path registryConfig() {
        return folder.resolve("certs.d");
    }
}
