// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.image;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;

/**
 * The files of an image by their paths, without a slash in front. What is added later replaces what was there; folders on
 * the way are made. Not thread-safe.
 */
final class Layer {
    private static final int FOLDER_MODE = 0755;

    /** A path before those below it. */
    private final TreeMap<String, Node> nodes = new TreeMap<>();

    private sealed interface Node {
        record Folder(int mode) implements Node {}

        record Content(int mode, byte[] bytes) implements Node {}

        record Copy(int mode, Path source) implements Node {}

        record Link(String target) implements Node {}
    }

    Layer folder(String path, int mode) {
        return put(path, new Node.Folder(mode));
    }

    Layer file(String path, int mode, byte[] content) {
        return put(path, new Node.Content(mode, content));
    }

    Layer file(String path, int mode, String content) {
        return file(path, mode, content.getBytes(StandardCharsets.UTF_8));
    }

    /** The bytes that a file has when the layer is written. */
    Layer file(String path, int mode, Path source) {
        return put(path, new Node.Copy(mode, source));
    }

    Layer link(String path, String target) {
        return put(path, new Node.Link(target));
    }

    Set<String> paths() {
        return Set.copyOf(nodes.keySet());
    }

    private Layer put(String path, Node node) {
        for (int slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
            nodes.putIfAbsent(path.substring(0, slash), new Node.Folder(FOLDER_MODE));
        }
        nodes.put(path, node);
        return this;
    }

    void writeTo(OutputStream out) throws IOException {
        TarWriter tar = new TarWriter(out);
        for (var entry : nodes.entrySet()) {
            String path = entry.getKey();
            switch (entry.getValue()) {
                case Node.Folder folder -> tar.folder(path, folder.mode());
                case Node.Content content -> tar.file(path, content.mode(), content.bytes());
                case Node.Copy copy -> tar.file(path, copy.mode(), copy.source());
                case Node.Link link -> tar.link(path, link.target());
            }
        }
        tar.finish();
    }

    /** Writes the archive of an image for this machine's architecture that has this layer alone. */
    void writeImage(Path archive, String name, List<String> command) throws IOException {
        Path tar = Files.createTempFile("mizzen-layer-", ".tar");
        try {
            try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(tar))) {
                writeTo(out);
            }
            String architecture = LocalImage.architecture(System.getProperty("os.arch", ""));
            new ImageArchive(name, architecture, command, tar).writeTo(archive);
        } finally {
            Files.deleteIfExists(tar);
        }
    }
}
