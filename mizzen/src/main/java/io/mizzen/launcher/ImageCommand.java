// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher;

import io.mizzen.launcher.containerd.ImageStore;
import io.mizzen.launcher.flag.Flag;
import io.mizzen.launcher.flag.FlagSet;
import io.mizzen.launcher.flag.FlagValues;
import io.mizzen.launcher.image.LocalImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** {@code mizzen image}: makes the local images and imports those that the runtime does not have yet. */
final class ImageCommand {
    private ImageCommand() {}

    static FlagSet flags() {
        return new FlagSet(List.of(
                Flag.value("data-dir", "DIR", "/var/lib/mizzen", "The server's data folder"),
                Flag.value("container-runtime-endpoint", "SOCKET", "", "containerd's socket; empty: the data folder's"),
                Flag.value("log-file", "FILE", "", "Log there instead of to standard error")));
    }

    static void run(FlagValues flags) throws IOException, InterruptedException {
        String endpoint = flags.text("container-runtime-endpoint");
        Path socket = endpoint.isEmpty()
                ? flags.path("data-dir").resolve("containerd/containerd.sock")
                : Path.of(endpoint.startsWith("unix://") ? endpoint.substring("unix://".length()) : endpoint);
        for (LocalImage image : LocalImage.values()) {
            System.out.println(image.fullName() + (ensure(image, socket) ? " made" : " is there"));
        }
    }

    /** Makes an image and imports it, unless it is there; true when it was made. */
    static boolean ensure(LocalImage image, Path socket) throws IOException, InterruptedException {
        ImageStore store = new ImageStore(socket);
        if (store.contains(image.fullName())) {
            return false;
        }
        Path archive = Files.createTempFile("mizzen-image-", ".tar");
        try {
            image.writeArchive(archive);
            store.importArchive(archive);
        } finally {
            Files.deleteIfExists(archive);
        }
        return true;
    }
}
