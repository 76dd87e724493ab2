// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubelet.volume;

import io.fabric8.kubernetes.api.model.PersistentVolume;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folders of the volumes of {@code mizzen.io/local-path} on this node: one a volume, directly below one root, named after
 * the volume. Nothing outside the root is ever made or removed, whatever a volume says. May be used from many threads.
 *
 * @param nodeName this node
 * @param root the folder of all such volumes
 */
public record LocalPathVolumes(String nodeName, Path root) {
    /** The finalizer that holds such a volume until its data has gone. */
    public static final String FINALIZER = "mizzen.io/local-path";

    private static final Logger LOG = LoggerFactory.getLogger(LocalPathVolumes.class);
    private static final String PROVISIONER = "mizzen.io/local-path";

    /** Makes the root absolute. */
    public LocalPathVolumes {
        root = root.toAbsolutePath().normalize();
    }

    /** Whether this node has, or is to have, the data of a volume. */
    public boolean isKept(PersistentVolume volume) {
        Map<String, String> annotations = volume.getMetadata().getAnnotations();
        return annotations != null
                && PROVISIONER.equals(annotations.get("pv.kubernetes.io/provisioned-by"))
                && nodeName.equals(annotations.get("mizzen.io/local-path-node"));
    }

    /** Whether a volume waits for this node to be let go: nobody is bound to it, and only its finalizer holds it. */
    public boolean isLeaving(PersistentVolume volume) {
        String phase = volume.getStatus() == null
                ? ""
                : String.valueOf(volume.getStatus().getPhase());
        return isKept(volume)
                && volume.getMetadata().getDeletionTimestamp() != null
                && volume.getMetadata().getFinalizers().contains(FINALIZER)
                && !phase.equals("Bound");
    }

    /** Makes the folder of a volume where it is missing; any user of the pod may write into it. */
    void prepare(PersistentVolume volume) throws IOException {
        Path folder = folder(volume);
        if (!Files.exists(root)) {
            Files.createDirectories(root);
            Trees.chmod(root, 0711);
        }
        try {
            Files.createDirectory(folder);
            LOG.info(
                    "Folder {} of volume {} is made",
                    folder,
                    volume.getMetadata().getName());
        } catch (FileAlreadyExistsException made) {
            if (!isHalfMade(folder)) {
                return;
            }
        }
        Trees.chmod(folder, 0777);
    }

    /** Whether a folder is as a crash before its mode was set leaves it; one that a pod has used looks otherwise. */
    private static boolean isHalfMade(Path folder) throws IOException {
        try (Stream<Path> content = Files.list(folder)) {
            return (int) Files.getAttribute(folder, "unix:uid", LinkOption.NOFOLLOW_LINKS) == 0
                    && ((int) Files.getAttribute(folder, "unix:mode", LinkOption.NOFOLLOW_LINKS) & 0777) != 0777
                    && content.findAny().isEmpty();
        }
    }

    /** Removes the data of a volume if its reclaim policy says so. */
    void reclaim(PersistentVolume volume) throws IOException {
        if (!"Delete".equals(volume.getSpec().getPersistentVolumeReclaimPolicy())) {
            return;
        }
        Path folder = folder(volume);
        if (!Mounts.below(folder).isEmpty()) {
            throw new IOException("something is still mounted in " + folder);
        }
        Trees.delete(folder);
        LOG.info(
                "Folder {} of volume {} is removed",
                folder,
                volume.getMetadata().getName());
    }

    private Path folder(PersistentVolume volume) throws IOException {
        String path = volume.getSpec().getLocal() == null
                ? ""
                : String.valueOf(volume.getSpec().getLocal().getPath());
        Path folder = Path.of(path);
        Path name = folder.getFileName();
        boolean isOurs = name != null
                && name.toString().startsWith(volume.getMetadata().getName() + "_")
                && root.resolve(name).equals(folder);
        if (!isOurs) {
            throw new IOException("path \"" + path + "\" of volume "
                    + volume.getMetadata().getName() + " is not a folder of " + root);
        }
        return folder;
    }
}
