// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher;

import io.mizzen.launcher.containerd.Containerd;
import io.mizzen.launcher.containerd.ContainerdOptions;
import io.mizzen.launcher.image.LocalImage;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A node's container runtime: the one it was given, or a containerd of its own. Its socket is known once it was started. */
final class NodeRuntime {
    private static final Logger LOG = LoggerFactory.getLogger(NodeRuntime.class);
    private static final Duration TIMEOUT = Duration.ofSeconds(20);

    private volatile Path socket = Path.of("/");

    AutoCloseable start(Path dataDir, ServerSettings.Node node) throws IOException, InterruptedException {
        Optional<Path> given = node.runtimeEndpoint();
        if (given.isPresent()) {
            socket = given.get();
            Containerd.awaitSocket(socket, TIMEOUT);
            LOG.info("Container runtime answers at {}", socket);
            return () -> {};
        }
        Containerd containerd = Containerd.start(new ContainerdOptions(
                dataDir.resolve("containerd"),
                LocalImage.PAUSE.fullName(),
                Components.cniConfDir(dataDir),
                node.cniBinDir(),
                TIMEOUT));
        socket = containerd.socket();
        if (ImageCommand.ensure(LocalImage.PAUSE, socket)) {
            LOG.info("Made the sandbox image {}", LocalImage.PAUSE.fullName());
        }
        return containerd;
    }

    Path socket() {
        return socket;
    }
}
