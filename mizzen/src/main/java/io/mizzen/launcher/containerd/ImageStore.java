// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.containerd;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Images in a containerd, seen and imported through {@code ctr}, which comes with it. Stateless; each call is one process.
 *
 * @param socket containerd's socket
 */
public record ImageStore(Path socket) {
    private static final Duration LIST_TIMEOUT = Duration.ofSeconds(20);
    private static final Duration IMPORT_TIMEOUT = Duration.ofMinutes(2);

    /** Whether the node's pods can already use an image of this full name. */
    public boolean contains(String name) throws InterruptedException {
        return ctr(LIST_TIMEOUT, "images", "ls", "-q").lines().anyMatch(name::equals);
    }

    /**
     * Imports an OCI archive.
     *
     * @throws ContainerdException when it is refused
     */
    public void importArchive(Path archive) throws InterruptedException {
        List<String> arguments = new ArrayList<>(List.of("images", "import"));
        String snapshotter = configuredSnapshotter();
        if (snapshotter != null) {
            arguments.addAll(List.of("--snapshotter", snapshotter));
        }
        arguments.add(archive.toString());
        ctr(IMPORT_TIMEOUT, arguments.toArray(String[]::new));
    }

    /** What our configuration beside the socket says; none for a containerd that is not ours. */
    private @Nullable String configuredSnapshotter() {
        Path config = socket.resolveSibling("config.toml");
        try {
            return !Files.isReadable(config)
                    ? null
                    : Files.readAllLines(config).stream()
                            .map(String::strip)
                            .filter(line -> line.startsWith("snapshotter = \""))
                            .map(line -> line.substring(line.indexOf('"') + 1, line.lastIndexOf('"')))
                            .findFirst()
                            .orElse(null);
        } catch (IOException e) {
            return null;
        }
    }

    private String ctr(Duration timeout, String... arguments) throws InterruptedException {
        Path ctr = CommandLine.find("ctr")
                .orElseThrow(() -> new ContainerdException("ctr is not installed: install the package containerd"));
        List<String> command =
                new ArrayList<>(List.of(ctr.toString(), "--address", socket.toString(), "--namespace", "k8s.io"));
        command.addAll(List.of(arguments));
        try {
            CommandLine done = CommandLine.run(timeout, command);
            if (done.exitCode() != 0) {
                throw new ContainerdException("ctr " + String.join(" ", arguments) + ": " + done.output());
            }
            return done.output();
        } catch (IOException e) {
            throw new ContainerdException("ctr cannot be run: " + e.getMessage(), e);
        }
    }
}
