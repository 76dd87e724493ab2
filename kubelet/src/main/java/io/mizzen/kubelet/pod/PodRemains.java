// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.pod;

import io.mizzen.kubelet.cri.CriException;
import io.mizzen.kubelet.runtime.RuntimeContainer;
import io.mizzen.kubelet.runtime.RuntimePod;
import io.mizzen.kubelet.runtime.RuntimeSandbox;
import io.mizzen.kubelet.volume.Trees;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Removes everything that is left of a pod on the node. May be repeated. */
final class PodRemains {
    private PodRemains() {}

    /**
     * Removes containers, sandboxes, volumes, cgroup, logs and links.
     *
     * @throws CriException when the runtime refuses; what was removed stays removed
     * @throws IOException when files or mounts cannot be removed
     */
    static void remove(PodServices services, RuntimePod seen) throws CriException, IOException {
        for (RuntimeContainer container : seen.containers()) {
            services.cri().removeContainer(container.id());
        }
        for (RuntimeSandbox sandbox : seen.sandboxes()) {
            services.cri().stopPodSandbox(sandbox.id());
            services.cri().removePodSandbox(sandbox.id());
        }
        services.volumes().tearDown(seen.uid());
        services.cgroups().remove(seen.uid());
        removeLogs(services, seen.uid());
    }

    private static void removeLogs(PodServices services, String uid) throws IOException {
        Path logs = services.node().podLogsDir();
        if (!Files.isDirectory(logs)) {
            return;
        }
        try (DirectoryStream<Path> own =
                Files.newDirectoryStream(logs, p -> p.getFileName().toString().endsWith("_" + uid))) {
            for (Path dir : own) {
                Trees.delete(dir);
            }
        }
        Path links = services.node().containerLogsDir();
        if (!Files.isDirectory(links)) {
            return;
        }
        try (DirectoryStream<Path> all = Files.newDirectoryStream(links, Files::isSymbolicLink)) {
            for (Path link : all) {
                if (Files.readSymbolicLink(link).startsWith(logs) && !Files.exists(link)) {
                    Files.deleteIfExists(link);
                }
            }
        }
    }
}
