// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher;

import io.mizzen.launcher.containerd.ImageStore;
import io.mizzen.launcher.flag.Flag;
import io.mizzen.launcher.flag.FlagException;
import io.mizzen.launcher.flag.FlagSet;
import io.mizzen.launcher.flag.FlagValues;
import io.mizzen.launcher.image.LocalImage;
import io.mizzen.launcher.image.PackageImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * {@code mizzen image}: makes the local images and imports those that the runtime does not have yet, or makes one of the
 * packages that are named, anew each time.
 */
final class ImageCommand {
    private ImageCommand() {}

    static FlagSet flags() {
        return new FlagSet(List.of(
                Flag.value("data-dir", "DIR", "/var/lib/mizzen", "The server's data folder"),
                Flag.value(
                        "package",
                        "NAME,…",
                        "",
                        "Make an image of busybox and these installed Debian packages instead"),
                Flag.value("name", "IMAGE", "", "Its full name; empty: localhost/mizzen/PACKAGE:1"),
                Flag.value("container-runtime-endpoint", "SOCKET", "", "containerd's socket; empty: the data folder's"),
                Flag.value("log-file", "FILE", "", "Log there instead of to standard error")));
    }

    static void run(FlagValues flags) throws IOException, InterruptedException {
        String endpoint = flags.text("container-runtime-endpoint");
        Path socket = endpoint.isEmpty()
                ? flags.path("data-dir").resolve("containerd/containerd.sock")
                : Path.of(endpoint.startsWith("unix://") ? endpoint.substring("unix://".length()) : endpoint);
        List<String> packages = flags.list("package");
        if (!packages.isEmpty()) {
            String name = flags.isGiven("name") ? flags.text("name") : PackageImage.nameAfter(packages.getFirst());
            bring(new PackageImage(name, packages)::writeArchive, socket);
            System.out.println(name + " made");
            return;
        }
        if (flags.isGiven("name")) {
            throw new FlagException("flag --name goes with --package");
        }
        for (LocalImage image : LocalImage.values()) {
            System.out.println(image.fullName() + (ensure(image, socket) ? " made" : " is there"));
        }
    }

    /** Makes an image and imports it, unless it is there; true when it was made. */
    static boolean ensure(LocalImage image, Path socket) throws IOException, InterruptedException {
        if (new ImageStore(socket).contains(image.fullName())) {
            return false;
        }
        bring(image::writeArchive, socket);
        return true;
    }

    @FunctionalInterface
    private interface Maker {
        void writeArchive(Path archive) throws IOException, InterruptedException;
    }

    private static void bring(Maker image, Path socket) throws IOException, InterruptedException {
        Path archive = Files.createTempFile("mizzen-image-", ".tar");
        try {
            image.writeArchive(archive);
            new ImageStore(socket).importArchive(archive);
        } finally {
            Files.deleteIfExists(archive);
        }
    }
}
