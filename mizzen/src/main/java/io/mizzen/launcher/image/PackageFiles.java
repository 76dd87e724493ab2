// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.image;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Gathers into a layer what packages need to run: their files but no documentation, the files that their links lead to,
 * and the shared libraries of all programs among them. Everything comes to belong to root. Not thread-safe.
 */
final class PackageFiles {
    private static final List<Path> LEFT_OUT = List.of(
            Path.of("/usr/share/doc"),
            Path.of("/usr/share/doc-base"),
            Path.of("/usr/share/info"),
            Path.of("/usr/share/lintian"),
            Path.of("/usr/share/locale"),
            Path.of("/usr/share/man"));
    private static final byte[] ELF = {0x7f, 'E', 'L', 'F'};

    private final PackageSource source;
    private final Layer layer;
    private final Set<Path> seen = new HashSet<>();

    PackageFiles(PackageSource source, Layer layer) {
        this.source = source;
        this.layer = layer;
    }

    Layer layer() {
        return layer;
    }

    void add(String packageName) throws IOException, InterruptedException {
        List<Path> paths = source.paths(packageName);
        Set<Path> parents = new HashSet<>();
        paths.forEach(path -> parents.add(path.getParent()));
        for (Path path : paths) {
            if (LEFT_OUT.stream().anyMatch(path::startsWith)) {
                continue;
            }
            // On a merged /usr the package's folder /lib is a link on the machine; it becomes a folder here.
            if (parents.contains(path) && Files.isDirectory(path)) {
                layer.folder(inside(path), mode(path));
            } else {
                take(path);
            }
        }
    }

    private void take(Path path) throws IOException, InterruptedException {
        if (!seen.add(path)) {
            return;
        }
        if (Files.isSymbolicLink(path)) {
            Path target = Files.readSymbolicLink(path);
            layer.link(inside(path), target.toString());
            Path next = path.resolveSibling(target).normalize();
            if (Files.isSymbolicLink(next) || Files.isRegularFile(next)) {
                take(next);
            }
        } else if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            layer.folder(inside(path), mode(path));
        } else if (Files.isRegularFile(path)) {
            layer.file(inside(path), mode(path), path);
            if (isElf(path)) {
                takeLibraries(path);
            }
        }
        // What the machine's owner has removed, such as settings, is not missed.
    }

    /** Under the names that the loader asks for, which are links on the machine. */
    private void takeLibraries(Path program) throws IOException, InterruptedException {
        for (Path library : source.libraries(program)) {
            if (seen.add(library)) {
                layer.file(inside(library), mode(library), library.toRealPath());
            }
        }
    }

    private static String inside(Path path) {
        return path.toString().substring(1);
    }

    private static int mode(Path path) throws IOException {
        return (int) Files.getAttribute(path, "unix:mode") & 07777;
    }

    private static boolean isElf(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return Arrays.equals(in.readNBytes(ELF.length), ELF);
        }
    }
}
