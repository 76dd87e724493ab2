// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.image;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The images that are made on the spot. Their names carry no registry, so nothing ever pulls them. */
public enum LocalImage {
    /** The sandbox of every pod. */
    PAUSE("localhost/mizzen/pause:3.10"),
    /** A small system with a shell and a web server, from the machine's static busybox. */
    BUSYBOX("localhost/mizzen/busybox:1");

    private static final List<Path> BUSYBOX_PLACES =
            List.of(Path.of("/bin/busybox"), Path.of("/usr/bin/busybox"), Path.of("/usr/local/bin/busybox"));
    private static final long LIST_SECONDS = 10;

    private final String fullName;

    LocalImage(String fullName) {
        this.fullName = fullName;
    }

    /** The name pods refer to it by. */
    public String fullName() {
        return fullName;
    }

    /**
     * Makes the image for this machine's architecture and writes its archive.
     *
     * @throws IOException when the archive cannot be written
     * @throws ImageException when a static busybox is needed and absent
     */
    public void writeArchive(Path archive) throws IOException, InterruptedException {
        if (this == BUSYBOX) {
            busybox().writeImage(archive, fullName, List.of("sh"));
        } else if (architecture(System.getProperty("os.arch", "")).equals("amd64")) {
            new Layer().file("pause", 0755, PauseProgram.x8664()).writeImage(archive, fullName, List.of("/pause"));
        } else {
            busybox().file("pause", 0755, PauseProgram.script()).writeImage(archive, fullName, List.of("/pause"));
        }
    }

    static String architecture(String javaName) {
        return switch (javaName) {
            case "aarch64" -> "arm64";
            case "x86_64" -> "amd64";
            default -> javaName;
        };
    }

    /** A small system: a shell, its tools, and the folders that programs expect. */
    static Layer busybox() throws IOException, InterruptedException {
        Path busybox = BUSYBOX_PLACES.stream()
                .filter(Files::isExecutable)
                .filter(LocalImage::isStatic)
                .findFirst()
                .orElseThrow(() -> new ImageException("no static busybox here: install the package busybox-static"));
        Layer layer = new Layer();
        for (String folder : List.of("bin", "etc", "root", "usr", "usr/bin", "var", "var/log", "www")) {
            layer.folder(folder, 0755);
        }
        layer.folder("tmp", 01777);
        layer.file("etc/passwd", 0644, "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n");
        layer.file("etc/group", 0644, "root:x:0:\nnogroup:x:65534:\n");
        layer.file("bin/busybox", 0755, busybox);
        for (String applet : applets(busybox)) {
            if (!applet.equals("busybox")) {
                layer.link("bin/" + applet, "busybox");
            }
        }
        layer.link("usr/bin/env", "../../bin/busybox");
        return layer;
    }

    /** A dynamically linked program names its loader near its start. */
    private static boolean isStatic(Path program) {
        try (var in = Files.newInputStream(program)) {
            return !new String(in.readNBytes(4096), StandardCharsets.ISO_8859_1).contains("/ld-");
        } catch (IOException e) {
            return false;
        }
    }

    private static List<String> applets(Path busybox) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(busybox.toString(), "--list").start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(LIST_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new IOException(busybox + " --list failed");
        }
        return output.lines()
                .filter(line -> line.matches("[A-Za-z0-9_.+\\[-]+"))
                .toList();
    }
}
