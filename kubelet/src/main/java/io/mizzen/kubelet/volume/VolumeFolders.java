// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.volume;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Where the state of pods lies below the kubelet's root folder; the layout is upstream's.
 *
 * @param root the root folder
 */
public record VolumeFolders(Path root) {
    /** The folder of all pods. */
    public Path pods() {
        return root.resolve("pods");
    }

    /** The folder of one pod. */
    public Path pod(String uid) {
        return pods().resolve(uid);
    }

    /** A volume of a pod. */
    public Path volume(String uid, String plugin, String volume) {
        return pod(uid).resolve("volumes").resolve("kubernetes.io~" + plugin).resolve(volume);
    }

    /** Where a part of a volume is shown to a container. */
    public Path subPath(String uid, String volume, String container, int index) {
        return pod(uid).resolve("volume-subpaths")
                .resolve(volume)
                .resolve(container)
                .resolve(Integer.toString(index));
    }

    /** The managed hosts file of a pod. */
    public Path hosts(String uid) {
        return pod(uid).resolve("etc-hosts");
    }

    /** Where a container's own files lie. */
    public Path container(String uid, String container) {
        return pod(uid).resolve("containers").resolve(container);
    }

    /** Uids of the pods that have a folder. */
    public Set<String> podUids() {
        try (Stream<Path> children = Files.list(pods())) {
            return children.map(p -> p.getFileName().toString()).collect(Collectors.toSet());
        } catch (IOException e) {
            return Set.of();
        }
    }
}
